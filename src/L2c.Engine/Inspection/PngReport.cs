using System.Text.Json;
using L2c.Cli.Images;
using L2c.Cli.Sampling;

namespace L2c.Cli.Inspection;

/// <summary>What <c>l2c inspect</c> tells about a PNG.</summary>
/// <param name="File">Path as given.</param>
/// <param name="Format">"png".</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Width">Pixels per row.</param>
/// <param name="Height">Rows.</param>
/// <param name="BitDepth">Bits per sample.</param>
/// <param name="Colour">Kind of the pixels.</param>
/// <param name="Parameters">The sampling parameters, or null when l2c did not write the file.</param>
internal sealed record PngReport(string File, string Format, long Bytes, int Width, int Height, int BitDepth, string Colour, JsonElement? Parameters)
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
        png.Text.TryGetValue(SampleParameters.Key, out string? text) ? StoredParameters.Parse(path, text) : null);

    /// <summary>Prints it for a person.</summary>
    public void Print(TextWriter o)
    {
        o.WriteLine($"{File}: PNG, {Width} x {Height}, {BitDepth}-bit {Colour}, {Units.Bytes(Bytes)}");
        if (Parameters is { } parameters)
        {
            StoredParameters.Print(o, parameters);
        }
        else
        {
            o.WriteLine("no sampling parameters: not written by l2c, or written again by another program");
        }
    }
}
