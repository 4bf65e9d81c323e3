using System.Text.Json;
using L2c.Weights;

namespace L2c;

/// <summary>The report of what any other command printed with <c>--json</c>, metrics for instance: its figures, tables of its lists.</summary>
internal static class ResultPage
{
    private static readonly string[] _tiles =
        ["fid", "sfid", "inceptionScore", "precision", "recall", "medianMs", "gflops", "peakShare", "timeRatio", "macRatio", "floor"];

    private static readonly string[] _about = ["model", "samples", "reference", "device"];

    /// <summary>Of a saved result.</summary>
    /// <exception cref="MalformedFileException">It holds nothing to show.</exception>
    public static ReportPage Of(SavedResult result)
    {
        JsonProperty[] members = [.. result.Root.EnumerateObject()];
        if (members.Length == 0)
        {
            throw new MalformedFileException(result.Path, "is an empty object; give what a command printed with --json");
        }

        return new ReportPage(
            members.Any(member => member.Name == "fid") ? "metrics" : "result",
            Path.GetFileName(result.Path),
            string.Join(", ", _about.Select(result.Text).OfType<string>()),
            [.. _tiles.Where(key => result.Number(key) is not null)
                .Select(key => new ReportTile(ReportWords.Value(key, result.Root.GetProperty(key)), ReportWords.Name(key)))],
            [
                new ReportSection("Figures", Facts(result.Root)),
                .. members.Where(member => member.Name != ResultKeys.Arguments).Select(Section).OfType<ReportSection>(),
                new ReportSection("How to repeat", result.Command is { } command ? new ReportCommand(command) : null),
            ]);
    }

    /// <summary>A section for an object or for a list of objects; null for members that <see cref="Facts"/> shows.</summary>
    private static ReportSection? Section(JsonProperty member) => member.Value.ValueKind switch
    {
        JsonValueKind.Object => new ReportSection(Title(member.Name), [Facts(member.Value), .. Nested(member.Value)]),
        JsonValueKind.Array when IsTable(member.Value) => new ReportSection(Title(member.Name), Table(member.Value)),
        _ => null,
    };

    private static IEnumerable<ReportPart?> Nested(JsonElement value) => value.EnumerateObject().SelectMany(member => member.Value.ValueKind switch
    {
        JsonValueKind.Object => new ReportPart?[] { new ReportText(Title(member.Name)), Facts(member.Value) },
        JsonValueKind.Array when IsTable(member.Value) => [new ReportText(Title(member.Name)), Table(member.Value)],
        _ => [],
    });

    private static ReportFacts? Facts(JsonElement value) => ReportFacts.Of(value.EnumerateObject().Where(IsFact)
        .Select(member => (ReportWords.Name(member.Name), (string?)ReportWords.Value(member.Name, member.Value))));

    private static bool IsFact(JsonProperty member) => member.Name != ResultKeys.Arguments
        && member.Value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null)
        && !(member.Value.ValueKind == JsonValueKind.Array && IsTable(member.Value));

    private static bool IsTable(JsonElement list) =>
        list.GetArrayLength() > 0 && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object);

    private static ReportTable Table(JsonElement list)
    {
        string[] keys = [.. list.EnumerateArray().SelectMany(item => item.EnumerateObject())
            .Where(member => member.Value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array)).Select(member => member.Name).Distinct()];
        return new ReportTable(
            [.. keys.Select(ReportWords.Name)],
            [.. list.EnumerateArray().Select(item => keys.Select(key => Cell(item, key)).ToArray())]);
    }

    private static string Cell(JsonElement item, string key) => item.TryGetProperty(key, out JsonElement value) ? ReportWords.Value(key, value) : "";

    private static string Title(string key) => ReportWords.Name(key) is { Length: > 0 } name ? $"{char.ToUpperInvariant(name[0])}{name[1..]}" : "-";
}
