using System.Text.Json;
using L2c.Cli.Sampling;
using L2c.Weights;

namespace L2c.Cli.Inspection;

/// <summary>Sampling parameters as found in a file. They may come from a stranger or from another version: any flat JSON object is shown.</summary>
internal static class StoredParameters
{
    private static readonly JsonDocumentOptions _strict = new() { MaxDepth = 4, AllowDuplicateProperties = false };

    /// <summary>Parses the text.</summary>
    /// <exception cref="MalformedFileException">It is no JSON object.</exception>
    public static JsonElement Parse(string path, string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, _strict);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new MalformedFileException(path, $"has sampling parameters ({SampleParameters.Key}) that are no JSON object; they cannot be shown");
        }
        catch (JsonException e)
        {
            throw new MalformedFileException(path, $"has sampling parameters ({SampleParameters.Key}) that are no valid JSON; they cannot be shown", e);
        }
    }

    /// <summary>Prints one line per member.</summary>
    public static void Print(TextWriter o, JsonElement parameters)
    {
        foreach (JsonProperty member in parameters.EnumerateObject())
        {
            string value = member.Value.ValueKind == JsonValueKind.Array
                ? string.Join(", ", member.Value.EnumerateArray().Select(Text))
                : Text(member.Value);
            Units.PrintFact(o, Units.Printable(member.Name), value.Length == 0 ? "-" : Units.Printable(value));
        }
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
