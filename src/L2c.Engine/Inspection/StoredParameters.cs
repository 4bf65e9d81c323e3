using System.Text.Json;
using L2c.Weights;

namespace L2c;

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
            RequireText(document.RootElement);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new MalformedFileException(
                    path, $"has sampling parameters ({SampleDescription.Key}) that are not a JSON object; they cannot be shown");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new MalformedFileException(
                path, $"has sampling parameters ({SampleDescription.Key}) that are not valid JSON; they cannot be shown", e);
        }
    }

    /// <summary>Reads every string once: an escaped half of a surrogate pair parses, but is no text.</summary>
    /// <exception cref="InvalidOperationException">There is such a half.</exception>
    internal static void RequireText(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                _ = value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray())
                {
                    RequireText(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    _ = member.Name;
                    RequireText(member.Value);
                }

                break;
        }
    }
}
