using System.Text.Json;

namespace L2c;

/// <summary>What a PNG says about itself.</summary>
/// <param name="File">Path as given.</param>
/// <param name="Format">"png".</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Width">Pixels per row.</param>
/// <param name="Height">Rows.</param>
/// <param name="BitDepth">Bits per sample.</param>
/// <param name="Colour">Kind of the pixels.</param>
/// <param name="Parameters">The sampling parameters, or null when l2c did not write the file.</param>
public sealed record PngReport(string File, string Format, long Bytes, int Width, int Height, int BitDepth, string Colour, JsonElement? Parameters)
{
    /// <summary>Collects the facts.</summary>
    /// <exception cref="L2c.Weights.MalformedFileException">The parameters are no JSON object.</exception>
    public static PngReport Of(string path, long bytes, PngFile png) => new(
        path,
        "png",
        bytes,
        png.Width,
        png.Height,
        png.BitDepth,
        png.ColourType switch
        {
            0 => "grey",
            2 => "RGB",
            3 => "palette",
            4 => "grey with alpha",
            6 => "RGB with alpha",
            _ => $"unknown ({png.ColourType})",
        },
        png.Text.TryGetValue(SampleDescription.Key, out string? text) ? StoredParameters.Parse(path, text) : null);
}
