using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using L2c.Weights;

namespace L2c.Bench.Gpu;

/// <summary>One step of a run on a GPU machine.</summary>
/// <param name="Name">Name of run.sh: <c>kernels</c>, <c>bench.forward.256.8</c>.</param>
/// <param name="Status"><c>ok</c>, <c>failed</c>, <c>cut</c> (no time left, or stopped) or <c>skipped</c>.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Note">Why it is not ok; may be empty.</param>
internal sealed record GpuStage(string Name, string Status, int Seconds, string Note)
{
    /// <summary>Whether L2c is to blame when it fails: the peer is not ours.</summary>
    public bool OfPeer => Name.StartsWith("peer", StringComparison.Ordinal);

    /// <summary>Whether it is a program of tests.</summary>
    public bool HasTests => Name is "kernels" or "model" or Recorded;

    /// <summary>
    /// Whether it proves something, so that a cut leaves the proof open; a measurement that is cut is only missing. <c>run</c> is the whole, stopped.
    /// </summary>
    public bool Proves => HasTests || Name is "memcheck" or "racecheck" or "run";

    /// <summary>Whether it came to its end; otherwise another call may have made up for it.</summary>
    public bool Ended => Status is "ok" or "failed";

    /// <summary>The stage of the recorded cases.</summary>
    public const string Recorded = "goldens";
}

/// <summary>What dev/gpu/run.sh left in one raw folder: every file as its program wrote it.</summary>
/// <param name="Facts">run.txt: names and values about machine, archive and date.</param>
/// <param name="Devices">devices.json, of <c>l2c devices --json</c>; null where the program did not get that far.</param>
/// <param name="Stages">stages.tsv.</param>
/// <param name="Tests">Every test by stage, from tests/STAGE.json (CTRF, as xunit writes it).</param>
/// <param name="Goldens">goldens/report.jsonl: a line per recorded case and precision.</param>
/// <param name="Sanitizer">Tool and the summary line of its log.</param>
/// <param name="Benchmarks">bench/*.json and peer/*.jsonl, each with <c>engine</c>, <c>what</c>, <c>imageSize</c>, <c>images</c>.</param>
internal sealed record GpuRun(
    IReadOnlyDictionary<string, string> Facts,
    JsonNode? Devices,
    IReadOnlyList<GpuStage> Stages,
    IReadOnlyDictionary<string, JsonObject[]> Tests,
    IReadOnlyList<JsonObject> Goldens,
    IReadOnlyDictionary<string, string> Sanitizer,
    IReadOnlyList<JsonObject> Benchmarks)
{
    /// <summary>Reads a folder; what a stage did not leave is missing here too.</summary>
    /// <exception cref="FileNotFoundException">It has no run.txt or stages.tsv.</exception>
    /// <exception cref="MalformedFileException">A file is not what its program writes.</exception>
    public static GpuRun Read(string folder) => new(
        File.ReadLines(Path.Combine(folder, "run.txt")).Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .GroupBy(pair => pair[0]).ToDictionary(g => g.Key, g => g.Last()[1]),
        Files(folder, ".", "devices.json").Select(Parse).FirstOrDefault(),
        [.. File.ReadLines(Path.Combine(folder, "stages.tsv")).Select(line => Stage(folder, line.Split('\t')))],
        Files(folder, "tests", "*.json").ToDictionary(file => Path.GetFileNameWithoutExtension(file), TestsOf),
        [.. Files(folder, "goldens", "*.jsonl").SelectMany(Lines)],
        Files(folder, "sanitizer", "*.log").ToDictionary(file => Path.GetFileNameWithoutExtension(file), Summary),
        [.. Files(folder, "bench", "*.json").Select(Ours).OfType<JsonObject>(), .. Files(folder, "peer", "*.jsonl").SelectMany(Peer)]);

    private static string[] Files(string folder, string sub, string pattern)
    {
        string path = Path.Combine(folder, sub);
        return Directory.Exists(path) ? [.. Directory.GetFiles(path, pattern).Order(StringComparer.Ordinal)] : [];
    }

    private static GpuStage Stage(string folder, string[] cells) =>
        cells is [var name, "ok" or "failed" or "cut" or "skipped", var seconds, var note] && int.TryParse(seconds, out int whole)
            ? new GpuStage(name, cells[1], whole, note)
            : throw new MalformedFileException(Path.Combine(folder, "stages.tsv"), $"'{string.Join(' ', cells)}' is no stage; run run.sh again");

    private static JsonObject[] TestsOf(string file) =>
        Parse(file) is JsonObject report && report["results"]?["tests"] is JsonArray tests
            ? [.. tests.OfType<JsonObject>()]
            : throw new MalformedFileException(file, "holds no list of tests; run run.sh again");

    // The last summary counts: a tool writes one per process.
    private static string Summary(string file) =>
        File.ReadLines(file).LastOrDefault(line => line.Contains("SUMMARY", StringComparison.Ordinal))?.Trim('=', ' ')
        ?? "no summary: it did not end";

    // A step that was cut or failed leaves an empty file.
    private static JsonObject? Ours(string file)
    {
        if (new FileInfo(file).Length == 0)
        {
            return null;
        }

        string[] name = Path.GetFileName(file).Split('.');
        JsonObject entry = Entry("l2c", name[0], name[1], name[2]);
        if (name.Length == 5)
        {
            entry["steps"] = Number(name[3]);
        }

        foreach ((string key, JsonNode? value) in (Parse(file) as JsonObject)!)
        {
            entry.TryAdd(key, value?.DeepClone());
        }

        return entry;
    }

    private static IEnumerable<JsonObject> Peer(string file)
    {
        string[] name = Path.GetFileName(file).Split('.');
        foreach (JsonObject line in Lines(file))
        {
            JsonObject entry = Entry("torch", (string?)line["what"] ?? "", name[1], name[2]);
            foreach ((string key, JsonNode? value) in line)
            {
                entry.TryAdd(key, value?.DeepClone());
            }

            yield return entry;
        }
    }

    private static JsonObject Entry(string engine, string what, string size, string images) =>
        new() { ["engine"] = engine, ["what"] = what, ["imageSize"] = Number(size), ["images"] = Number(images) };

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static JsonNode Parse(string file) => ParseText(file, File.ReadAllText(file));

    // The last line of a program that was stopped may be half a line.
    private static IEnumerable<JsonObject> Lines(string file) =>
        File.ReadAllText(file).Split('\n')[..^1].Where(line => line.StartsWith('{')).Select(line => ParseText(file, line)).OfType<JsonObject>();

    private static JsonNode ParseText(string file, string text)
    {
        try
        {
            return JsonNode.Parse(text) ?? throw new MalformedFileException(file, "holds null; run run.sh again");
        }
        catch (JsonException e)
        {
            throw new MalformedFileException(file, "is no JSON; run run.sh again", e);
        }
    }
}
