using System.Text.Json;
using L2c.Weights;

namespace L2c;

/// <summary>What a command printed with <c>--json</c>, or left with <c>--save-result</c>: one object in a file, of any version.</summary>
internal sealed class SavedResult
{
    private static readonly JsonDocumentOptions _strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    private SavedResult(string path, JsonElement root) => (Path, Root) = (path, root);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The object.</summary>
    public JsonElement Root { get; }

    /// <summary>The command line, quoted for a shell; null where the file does not have it.</summary>
    public string? Command => Member(ResultKeys.Arguments, JsonValueKind.Array) is { } list
        && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
        ? CommandWords.Line([.. list.EnumerateArray().Select(item => item.GetString()!)])
        : null;

    /// <summary>Reads an object. The source stays open.</summary>
    /// <exception cref="MalformedFileException">It is no JSON object.</exception>
    public static SavedResult Read(ByteSource source)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(source.ReadAll(ReadLimits.ScheduleBytes), _strict);
            StoredParameters.RequireText(document.RootElement);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new SavedResult(source.Path, document.RootElement.Clone())
                : throw new MalformedFileException(source.Path, "is not a JSON object; give what a command printed with --json");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new MalformedFileException(source.Path, "is not valid JSON; give what a command printed with --json", e);
        }
    }

    /// <summary>A member of a kind, or null.</summary>
    public JsonElement? Member(string key, JsonValueKind kind) =>
        Root.TryGetProperty(key, out JsonElement value) && value.ValueKind == kind ? value : null;

    /// <summary>A text, or null.</summary>
    public string? Text(string key) => Member(key, JsonValueKind.String)?.GetString();

    /// <summary>A number, or null.</summary>
    public double? Number(string key) => Member(key, JsonValueKind.Number) is { } value && value.TryGetDouble(out double number) ? number : null;

    /// <summary>Whether the file tells of a sampling run.</summary>
    public bool IsSample => Member("sampler", JsonValueKind.String) is not null && Member("files", JsonValueKind.Array) is not null;

    /// <summary>Whether the file tells of a training run.</summary>
    public bool IsOfTraining => Number("stepsDone") is not null && Member(ResultKeys.Arguments, JsonValueKind.Array) is not null;

    /// <summary>The members of these names that there are, in this order, as facts.</summary>
    public ReportFacts? Facts(params IEnumerable<string> keys) => ReportFacts.Of(keys
        .Where(key => Root.TryGetProperty(key, out JsonElement value) && value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
        .Select(key => (ReportWords.Name(key), (string?)ReportWords.Value(key, Root.GetProperty(key)))));
}
