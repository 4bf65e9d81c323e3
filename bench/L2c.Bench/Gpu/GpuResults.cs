using System.Text.Json.Nodes;

namespace L2c.Bench.Gpu;

/// <summary>What one or several runs on a GPU machine say together, and whether it passes.</summary>
/// <param name="runs">The runs, of one archive on one machine, which are told of the first.</param>
internal sealed class GpuResults(IReadOnlyList<GpuRun> runs)
{
    /// <summary>The runs.</summary>
    public IReadOnlyList<GpuRun> Runs { get; } = runs;

    /// <summary>Every step of every run; of one that was cut or skipped, only where it never came to its end, and once.</summary>
    public IReadOnlyList<GpuStage> Stages { get; } =
    [
        .. runs.SelectMany(run => run.Stages).GroupBy(stage => stage.Name)
            .SelectMany(same => same.Any(stage => stage.Ended) ? same.Where(stage => stage.Ended) : same.TakeLast(1)),
    ];

    /// <summary>All measurements, ours and the peer's.</summary>
    public IReadOnlyList<JsonObject> Benchmarks { get; } = [.. runs.SelectMany(run => run.Benchmarks)];

    /// <summary>Tests that passed, failed or were skipped; recorded cases are counted apart.</summary>
    public int Tests(string status) => Of(recorded: false).Count(test => (string?)test["status"] == status);

    /// <summary>Recorded cases, counted by the tests that ran them: one per case and precision.</summary>
    public int Goldens(string status) => Of(recorded: true).Count(test => (string?)test["status"] == status);

    /// <summary>
    /// Why the runs do not pass, one line each: runs that do not belong together; failed tests and cases; failed stages; stages that prove something and were cut; tests that ran and
    /// left nothing that passed; measurements whose result is no picture.
    /// </summary>
    public IReadOnlyList<string> Problems =>
    [
        .. from name in (string[])["commit", "emulator", "driver"]
           let values = Runs.Select(run => run.Facts.GetValueOrDefault(name, "")).Distinct().ToArray()
           where values.Length > 1
           select $"runs that do not belong together: {name} {string.Join(" and ", values)}",
        .. Of(recorded: false).Concat(Of(recorded: true)).Where(test => (string?)test["status"] == "failed")
            .Select(test => $"{(string?)test["name"]}: {FirstLine((string?)test["message"])}"),
        .. from run in Runs
           from stage in run.Stages.Where(Stages.Contains)
           where (stage.Status == "failed" && !stage.OfPeer && !HasTest(run, stage, "failed")) || (stage.Status == "cut" && stage.Proves)
           select $"{stage.Name}: {stage.Status}; {stage.Note}",
        .. from run in Runs
           from stage in run.Stages
           where stage is { Status: "ok", HasTests: true } && !HasTest(run, stage, "passed")
           select $"{stage.Name}: no test passed",
        .. Benchmarks.Where(b => (long?)b["nonFiniteCount"] > 0)
            .Select(b => $"{b["what"]} of {b["images"]} images at {b["imageSize"]} pixels: {b["nonFiniteCount"]} values are not finite"),
    ];

    /// <summary>A fact of the first run's machine; "unknown" where it was not told.</summary>
    public string Fact(string name) => Runs[0].Facts.TryGetValue(name, out string? value) && value.Length > 0 ? value : "unknown";

    /// <summary>Whether a GPU was emulated, so that no time means anything.</summary>
    public bool Emulated => Fact("emulator") == "1";

    /// <summary>The object of results.json.</summary>
    public JsonObject ToJson()
    {
        string[] machine = ["kernel", "driver", "maxSmMhz", "smMhz", "powerLimitW", "temperatureC", "torch", "sanitizer", "load"];
        JsonObject host = new() { ["devices"] = Runs[0].Devices?.DeepClone() };
        foreach (string name in machine.Where(Runs[0].Facts.ContainsKey))
        {
            host[name] = Runs[0].Facts[name];
        }

        return new JsonObject
        {
            ["format"] = "l2c-gpu-results/1",
            ["passed"] = Problems.Count == 0,
            ["emulator"] = Emulated,
            ["commit"] = Fact("commit"),
            ["packed"] = Fact("packed"),
            ["date"] = Fact("date"),
            ["machine"] = host,
            ["testsPassed"] = Tests("passed"),
            ["testsFailed"] = Tests("failed"),
            ["testsSkipped"] = Tests("skipped"),
            ["problems"] = new JsonArray([.. Problems.Select(problem => JsonValue.Create(problem))]),
            ["goldens"] = new JsonObject
            {
                ["passed"] = Goldens("passed"),
                ["failed"] = Goldens("failed"),
                ["skipped"] = Goldens("skipped"),
                ["cases"] = Array(Runs.SelectMany(run => run.Goldens)),
            },
            ["sanitizer"] = new JsonObject(Runs.SelectMany(run => run.Sanitizer).DistinctBy(tool => tool.Key)
                .Select(tool => KeyValuePair.Create(tool.Key, (JsonNode?)tool.Value))),
            ["benchmarks"] = Array(Benchmarks),
            ["stages"] = new JsonArray([.. Stages.Select(stage => new JsonObject
            {
                ["name"] = stage.Name,
                ["status"] = stage.Status,
                ["seconds"] = stage.Seconds,
                ["note"] = stage.Note,
            })]),
        };
    }

    private IEnumerable<JsonObject> Of(bool recorded) =>
        Runs.SelectMany(run => run.Tests).Where(stage => stage.Key == GpuStage.Recorded == recorded).SelectMany(stage => stage.Value);

    private static bool HasTest(GpuRun run, GpuStage stage, string status) =>
        run.Tests.GetValueOrDefault(stage.Name, []).Any(test => (string?)test["status"] == status);

    private static string FirstLine(string? message) => (message ?? "").Split('\n')[0].Trim();

    private static JsonArray Array(IEnumerable<JsonObject> objects) => new([.. objects.Select(o => o.DeepClone())]);
}
