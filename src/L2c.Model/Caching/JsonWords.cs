using System.Text.Json;
using L2c.Weights;

namespace L2c.Model.Caching;

/// <summary>Reads JSON of a known form; what does not fit is told in the words of the file, not of the parser.</summary>
/// <param name="path">For messages.</param>
/// <param name="claim">What every message begins with after the path; may be empty.</param>
/// <param name="wanted">What to give where the file is not JSON.</param>
internal sealed class JsonWords(string path, string claim = "", string wanted = "a schedule of l2c or SmoothCache")
{
    /// <summary>A document's root.</summary>
    /// <param name="text">UTF-8 without a byte order mark.</param>
    /// <exception cref="MalformedFileException">It is not JSON.</exception>
    public JsonElement Root(ReadOnlyMemory<byte> text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 8 });
            RequireUnicode(document.RootElement);
            return document.RootElement.Clone();
        }
        catch (InvalidOperationException e)
        {
            throw Fault("has a text that is not Unicode; write it again", e);
        }
        catch (JsonException e)
        {
            throw Fault($"is not valid JSON (line {e.LineNumber + 1}); give {wanted}", e);
        }
    }

    /// <summary>An object's members, each named once.</summary>
    /// <param name="value">The object.</param>
    /// <param name="what">What it is, for messages.</param>
    public Dictionary<string, JsonElement> Members(JsonElement value, string what)
    {
        Require(value, JsonValueKind.Object, what, "an object");
        Dictionary<string, JsonElement> members = [];
        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (!members.TryAdd(member.Name, member.Value))
            {
                throw Fault($"{what} has \"{FileText.Printable(member.Name)}\" twice; omit one of them");
            }
        }

        return members;
    }

    /// <summary>An object's members, all of them known and none of the required ones missing.</summary>
    public Dictionary<string, JsonElement> Members(JsonElement value, string what, string[] required, params string[] optional)
    {
        Dictionary<string, JsonElement> members = Members(value, what);
        if (Array.Find(required, name => !members.ContainsKey(name)) is { } missing)
        {
            throw Fault($"{what} has no \"{missing}\"; add it");
        }

        return members.Keys.FirstOrDefault(name => !required.Contains(name) && !optional.Contains(name)) is { } unknown
            ? throw Fault(
                $"{what} has \"{FileText.Printable(unknown)}\", which means nothing here; "
                + $"its keys are {string.Join(", ", [.. required, .. optional])}")
            : members;
    }

    /// <summary>An array's elements.</summary>
    public IReadOnlyList<JsonElement> List(JsonElement value, string what)
    {
        Require(value, JsonValueKind.Array, what, "a list");
        return [.. value.EnumerateArray()];
    }

    /// <summary>A list of evaluations: no longer than <see cref="ReadLimits.ScheduleEvaluations"/>.</summary>
    public IReadOnlyList<JsonElement> EvaluationList(JsonElement value, string what)
    {
        Require(value, JsonValueKind.Array, what, "a list");
        int length = value.GetArrayLength();
        return length <= ReadLimits.ScheduleEvaluations
            ? List(value, what)
            : throw Fault($"{what} is of {length} evaluations, and at most {ReadLimits.ScheduleEvaluations} are read; it is refused");
    }

    /// <summary>Fails where a schedule has more evaluations times branches and segments than <see cref="ReadLimits.ScheduleBranches"/>.</summary>
    public void RequireSize(int evaluations, int branches, int segments = 0)
    {
        if (evaluations * ((long)branches + segments) > ReadLimits.ScheduleBranches)
        {
            string units = segments > 0 ? $"{branches} branches and {segments} segments" : $"{branches} branches";
            throw Fault($"{evaluations} evaluations of {units} are more than the {ReadLimits.ScheduleBranches} that are read; it is refused");
        }
    }

    /// <summary>A text.</summary>
    public string Text(JsonElement value, string what)
    {
        Require(value, JsonValueKind.String, what, "a text");
        return value.GetString()!;
    }

    /// <summary>A whole number.</summary>
    public int Whole(JsonElement value, string what) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number)
        ? number
        : throw Fault($"{what} is {Shown(value)}; write a whole number");

    /// <summary>A number that fp32 holds.</summary>
    public float Number(JsonElement value, string what) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number) && float.IsFinite(number)
            ? number
            : throw Fault($"{what} is {Shown(value)}; write a number");

    /// <summary>The fault of a file that holds something else.</summary>
    public MalformedFileException Fault(string problem, Exception? inner = null) => new(path, claim + problem, inner);

    private void Require(JsonElement value, JsonValueKind kind, string what, string wanted)
    {
        if (value.ValueKind != kind)
        {
            throw Fault($"{what} is {Shown(value)}; write {wanted}");
        }
    }

    // The parser finds out only when a text is asked for.
    private static void RequireUnicode(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    _ = member.Name;
                    RequireUnicode(member.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement element in value.EnumerateArray())
                {
                    RequireUnicode(element);
                }

                break;
            case JsonValueKind.String:
                _ = value.GetString();
                break;
        }
    }

    private static string Shown(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => FileText.Printable(value.GetRawText()),
    };
}
