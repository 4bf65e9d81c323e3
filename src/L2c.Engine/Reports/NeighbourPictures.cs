using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using L2c.Weights;

namespace L2c;

/// <summary>Pictures beside one that a report is about: what they say about themselves, not their names alone, tells whether they belong to it.</summary>
internal static class NeighbourPictures
{
    private static readonly string[] _ofOneImage = ["image", "class", "className"];

    /// <summary>The separate images of a run, by name.</summary>
    /// <param name="picture">One of them.</param>
    /// <param name="stem">Its path without number and extension.</param>
    /// <param name="parameters">What it says.</param>
    /// <param name="warnings">Told of damaged pictures that may be of the run.</param>
    public static string[] OfRun(string picture, string stem, JsonElement parameters, ICollection<ReportPart> warnings)
    {
        Regex name = new($"^{Regex.Escape(Path.GetFileName(stem))}-[0-9]+\\.png$");
        if (!name.IsMatch(Path.GetFileName(picture)))
        {
            return [picture];
        }

        JsonObject run = WithoutImage(parameters);
        string folder = Path.GetDirectoryName(picture) is { Length: > 0 } named ? named : ".";
        return [.. Directory.EnumerateFiles(folder, "*.png")
            .Where(path => name.IsMatch(Path.GetFileName(path)) && Parameters(path, warnings) is { } its && JsonNode.DeepEquals(WithoutImage(its), run))
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>The parameters in a picture; null where it has none, or is damaged, which a warning then says.</summary>
    public static JsonElement? Parameters(string path, ICollection<ReportPart> warnings)
    {
        try
        {
            using ByteSource source = ByteSource.OpenFile(path);
            return PngReport.Of(path, source.Length, PngFile.Read(source)).Parameters;
        }
        catch (IOException e)
        {
            warnings.Add(new ReportWarning($"{e.Message}; it is left out."));
            return null;
        }
    }

    /// <summary>Whether a picture's parameters are those of a comparison.</summary>
    public static bool IsComparison(JsonElement parameters) =>
        parameters.TryGetProperty("comparison", out JsonElement comparison) && comparison.ValueKind == JsonValueKind.True;

    private static JsonObject WithoutImage(JsonElement parameters)
    {
        JsonObject run = JsonObject.Create(parameters)!;
        foreach (string key in _ofOneImage)
        {
            run.Remove(key);
        }

        return run;
    }
}
