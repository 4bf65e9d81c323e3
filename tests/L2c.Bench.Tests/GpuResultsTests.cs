using System.Text.Json.Nodes;
using L2c.Bench.Gpu;
using L2c.Cli.Output;
using L2c.Testing;
using L2c.Weights;

namespace L2c.Bench.Tests;

/// <summary>What `l2c-bench gpu-results` makes of the files that dev/gpu/run.sh leaves.</summary>
public sealed class GpuResultsTests : IDisposable
{
    private const string Passed = """{"name":"A.Passes","status":"passed"}""", Skipped = """{"name":"A.Skips","status":"skipped"}""";
    private readonly TemporaryFolder _folder = new();

    public GpuResultsTests()
    {
        Write("run.txt", "commit=abc\nemulator=0\ndriver=580.1\ndate=2026-01-01 00:00 UTC\n");
        Write("devices.json", """
            {"cpu":{"name":"C","logicalCores":16},"cuda":{"cublasLt":{"version":"13.0"},
             "devices":[{"name":"G","totalMemoryBytes":1073741824,"computeCapability":"9.0"}]}}
            """);
        Write("stages.tsv", "kernels\tok\t3\t\npeer.256.8\tfailed\t9\tno torch\nbench.forward.512.8\tcut\t0\tno time left\n");
        Tests("kernels", Passed, Skipped);
    }

    [Fact]
    public void Tests_cases_and_stages_are_counted_and_a_failing_peer_is_no_failure()
    {
        Write("stages.tsv", "goldens\tok\t3\t\n", append: true);
        Tests("goldens", Passed, Passed, Skipped);
        Write("goldens/report.jsonl", """{"file":"a","device":"cuda","dtype":"bf16","status":"pass","error":0.1,"bound":0.2}""" + "\n");
        JsonNode results = Run(ExitCode.Ok);
        Assert.Equal([1, 0, 1], new[] { "testsPassed", "testsFailed", "testsSkipped" }.Select(key => (int)results[key]!));
        Assert.Equal([2, 0, 1], new[] { "passed", "failed", "skipped" }.Select(key => (int)results["goldens"]![key]!));
        Assert.Equal("bf16", (string?)results["goldens"]!["cases"]![0]!["dtype"]);
        Assert.Equal(["kernels", "peer.256.8", "bench.forward.512.8", "goldens"], results["stages"]!.AsArray().Select(s => (string?)s!["name"]));
        Assert.Equal("580.1", (string?)results["machine"]!["driver"]);
        Assert.Contains("| GPU | G, compute capability 9.0, 1.0 GiB |", File.ReadAllText(_folder.File("out/results.md")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model\tfailed\t3\texit code 139: \n", "model: failed; exit code 139")]
    [InlineData("goldens\tcut\t120\tlonger than 120 s\n", "goldens: cut; longer than 120 s")]
    [InlineData("run\tcut\t12\tstopped by a signal\n", "run: cut; stopped by a signal")]
    [InlineData("racecheck\tfailed\t9\texit code 86: \n", "racecheck: failed; exit code 86")]
    [InlineData("bench.sample.256.8.20\tfailed\t9\texit code 1: l2c: error\n", "bench.sample.256.8.20: failed; exit code 1: l2c: error")]
    [InlineData("model\tok\t3\t\n", "model: no test passed")]
    public void What_proves_nothing_is_a_failure(string stage, string problem)
    {
        Write("stages.tsv", stage, append: true);
        JsonNode results = Run(ExitCode.RunTime);
        Assert.Equal([problem], results["problems"]!.AsArray().Select(p => ((string?)p)!.TrimEnd(' ', ':')));
        Assert.False((bool)results["passed"]!);
    }

    [Fact]
    public void A_failed_test_is_a_failure_with_its_first_line()
    {
        Write("stages.tsv", "kernels\tfailed\t3\texit code 2: \n");
        Tests("kernels", Passed, """{"name":"A.Fails","status":"failed","message":"off by 3\nmore"}""");
        JsonNode results = Run(ExitCode.RunTime);
        Assert.Equal(1, (int)results["testsFailed"]!);
        Assert.Equal(["A.Fails: off by 3"], results["problems"]!.AsArray().Select(p => (string?)p));
    }

    [Fact]
    public void Figures_of_both_engines_stand_in_one_row_and_an_unfinished_line_is_left_out()
    {
        Write("bench/forward.256.8.json", """{"medianMs":8.0,"productsMs":6.2,"dtype":"bf16"}""");
        Write("bench/sample.256.8.20.json", """{"medianMs":160.0,"fullMedianMs":200.0,"timeRatio":0.8,"macRatio":0.7785,"timeToMacRatio":1.0276}""");
        Write("bench/forward.512.8.json", "");
        Write("peer/eager.256.8.jsonl", """
            {"what":"environment","torch":"2.11"}
            {"what":"products","variant":"plain","ms":6.4}
            {"what":"forward","variant":"eager","ms":20.0}

            """);
        Write("peer/products.256.8.jsonl", """{"what":"products","variant":"tuned","ms":6.0}""" + "\n");
        Write("peer/compiled.256.8.jsonl", """{"what":"forward","variant":"compiled","ms":10.0}""" + "\n");
        Write("peer/sample.256.8.jsonl", """
            {"what":"sample","variant":"full","steps":20,"ms":250.0}
            {"what":"sample","variant":"cached","st
            """.TrimEnd('\n'));
        JsonNode results = Run(ExitCode.Ok);
        Assert.Equal(8, results["benchmarks"]!.AsArray().Count);
        string table = File.ReadAllText(_folder.File("out/results.md"));
        Assert.Contains("| 256 | 8 | 8.000 | 20.0 | 10.0 | 0.800 | 6.200 | 6.400 | 6.000 | 0.750 |", table, StringComparison.Ordinal);
        Assert.Contains("| 256 | 8 | 20 | 200.0 | 160.0 | 0.779 | 0.800 | 1.028 | 250.0 | - |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void What_one_call_left_out_and_the_next_made_up_for_is_told_once_and_calls_of_two_archives_are_a_failure()
    {
        Write("stages.tsv", "model\tcut\t0\tnot started\npeer.sample.256.8\tcut\t9\tlonger than 9 s\n", append: true);
        Write("run.txt", "commit=abc\nemulator=0\ndriver=580.1\n", folder: "raw2");
        Write("stages.tsv", "model\tok\t3\t\npeer.sample.256.8\tcut\t0\tnot started\n", folder: "raw2");
        Write("tests/model.json", $$$"""{"results":{"tests":[{{{Passed}}}]}}""", folder: "raw2");
        JsonNode results = Run(ExitCode.Ok, "raw2");
        Assert.Equal(
            ["kernels ok", "peer.256.8 failed", "bench.forward.512.8 cut", "model ok", "peer.sample.256.8 cut"],
            results["stages"]!.AsArray().Select(s => $"{s!["name"]} {s["status"]}"));

        Write("run.txt", "commit=def\nemulator=0\ndriver=580.1\n", folder: "raw2");
        results = Run(ExitCode.RunTime, "raw2");
        Assert.Equal(["runs that do not belong together: commit abc and def"], results["problems"]!.AsArray().Select(p => (string?)p));
    }

    [Fact]
    public void A_measurement_of_nonsense_is_a_failure()
    {
        Write("bench/forward.256.8.json", """{"medianMs":8.0,"nonFiniteCount":5}""");
        Assert.Equal("forward of 8 images at 256 pixels: 5 values are not finite", (string?)Run(ExitCode.RunTime)["problems"]![0]);
    }

    [Fact]
    public void A_file_that_is_something_else_is_named()
    {
        Write("tests/model.json", """{"results":{}}""");
        MalformedFileException e = Assert.Throws<MalformedFileException>(() => GpuRun.Read(_folder.File("raw")));
        Assert.EndsWith("model.json", e.FilePath, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private JsonNode Run(int code, params string[] more)
    {
        using StringWriter output = new(), error = new();
        string[] args = ["gpu-results", _folder.File("raw"), .. more.Select(_folder.File), "--out", _folder.File("out")];
        Assert.Equal(code, Program.Run(args, new Terminal(output, error, false, default)));
        Assert.Equal("", error.ToString());
        Assert.Equal(File.ReadAllText(_folder.File("out/results.md")), output.ToString());
        return JsonNode.Parse(File.ReadAllText(_folder.File("out/results.json")))!;
    }

    private void Tests(string stage, params string[] tests) =>
        Write($"tests/{stage}.json", $$$"""{"results":{"tests":[{{{string.Join(',', tests)}}}]}}""");

    private void Write(string name, string text, bool append = false, string folder = "raw")
    {
        string path = _folder.File($"{folder}/{name}");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, append ? File.ReadAllText(path) + text : text);
    }
}
