using System.Text.Json;
using L2c.Testing;
using L2c.Weights.Safetensors;

namespace L2c.Cli.Tests;

public sealed class ProfileTests : IDisposable
{
    private readonly CliRunner _cli = new();

    [Fact]
    public void Rows_add_up_and_evaluations_say_what_they_skip()
    {
        JsonElement json = Profile("--cache", "top:1", "--json").Json;
        JsonElement total = json.GetProperty("total");
        foreach (string table in (string[])["ops", "perEvaluation"])
        {
            JsonElement[] rows = [.. json.GetProperty(table).EnumerateArray().Select(row => row.GetProperty("total"))];
            Assert.Equal(total.GetProperty("calls").GetInt32(), rows.Sum(row => row.GetProperty("calls").GetInt32()));
            Assert.Equal(total.GetProperty("flops").GetInt64(), rows.Sum(row => row.GetProperty("flops").GetInt64()));
            Assert.Equal(1, rows.Sum(row => row.GetProperty("share").GetDouble()), 1e-9);
        }

        JsonElement.ArrayEnumerator perEvaluation = json.GetProperty("perEvaluation").EnumerateArray();
        Assert.Equal([0, 0, 2, 0, 2], perEvaluation.Select(row => row.GetProperty("skipped").GetInt32())); // first: ahead
        Assert.True(json.GetProperty("cacheBytes").GetInt64() > 0);
        double peak = json.GetProperty("fmaPeakGflops").GetDouble();
        Assert.True(peak > 0);
        Assert.True(!json.TryGetProperty("fmaPeakSpread", out JsonElement spread) || spread.GetDouble() is >= 0 and < 1); // not where other work held the cores
        JsonElement[] counted = [total, .. json.GetProperty("ops").EnumerateArray().Select(row => row.GetProperty("total"))
            .Where(row => row.TryGetProperty("shareOfPeak", out _))];
        Assert.True(counted.Length > 3, "linear maps and attention have operations");
        Assert.All(counted, row => Assert.Equal(row.GetProperty("gflops").GetDouble() / peak, row.GetProperty("shareOfPeak").GetDouble(), 1e-9));
    }

    [Fact]
    public void Work_is_told_by_evaluation_and_branch_and_adds_up()
    {
        JsonElement json = Profile("--cache", "top:1", "--json").Json, work = json.GetProperty("work");
        JsonElement total = work.GetProperty("total"), full = work.GetProperty("withoutCaching");
        Assert.Equal(
            (json.GetProperty("total").GetProperty("flops").GetInt64(), json.GetProperty("total").GetProperty("bytes").GetInt64()),
            (2 * Of(total, "macs"), Of(total, "bytes")));
        JsonElement[] branches = [.. work.GetProperty("branches").EnumerateArray()];
        JsonElement[] evaluations = [.. work.GetProperty("evaluations").EnumerateArray()];
        JsonElement ahead = branches[^1];
        Assert.Equal(
            ["block 0 attention", "block 0 mlp", "block 1 attention", "block 1 mlp", "outside", "ahead"],
            branches.Select(row => row.GetProperty("branch").GetString()));
        foreach (string kind in (string[])["macs", "attentionProductMacs", "macsWithoutProducts", "bytes", "ops"])
        {
            Assert.Equal(Of(total, kind), branches.Sum(row => Of(row.GetProperty("work"), kind)));
            Assert.Equal(Of(total, kind), evaluations.Append(ahead).Sum(row => Of(row.GetProperty("work"), kind)));
            Assert.Equal(Of(full, kind) - Of(total, kind), branches.Sum(row => Of(row.GetProperty("saved"), kind)));
            Assert.Equal(Of(full, kind) - Of(total, kind), evaluations.Append(ahead).Sum(row => Of(row.GetProperty("saved"), kind)));
        }

        // Evaluation 1 reuses block 1: its four rows (two images, guided) would take 16 tokens x 32 wide.
        JsonElement[] cells = [.. evaluations[1].GetProperty("branches").EnumerateArray()];
        Assert.Equal(["compute", "compute", "reuse", "reuse"], cells.Select(cell => cell.GetProperty("action").GetString()));
        Assert.Equal(
            (0L, 4L * ((4 * 16 * 32 * 32) + (2 * 16 * 16 * 32))),
            (Of(cells[2].GetProperty("work"), "macs"), Of(cells[2].GetProperty("saved"), "macs")));
        Assert.Equal(
            (4L * 4 * 16 * 32 * 32, 0L), (Of(cells[2].GetProperty("saved"), "macsWithoutProducts"), Of(cells[0].GetProperty("saved"), "macs")));

        static long Of(JsonElement part, string kind) => part.GetProperty(kind).GetInt64();
    }

    [Fact]
    public void A_router_or_a_schedule_file_is_profiled_as_it_is_sampled()
    {
        string router = _cli.PathOf("r.safetensors"), smooth = _cli.PathOf("s.json");
        (string, long[], float[])[] rows = [.. Enumerable.Range(0, 4).Select(
            row => ($"{row}.prob", new long[] { 4 }, new[] { -9f, 9, 9, row == 0 ? 0 : 9 }))];
        SafetensorsData.Write(router, rows, new Dictionary<string, string>(), overwrite: false);
        File.WriteAllText(smooth, """{"attn": [1, 0, 1, 0], "mlp": [1, 1, 1, 0]}""");
        JsonElement json = Profile("--router", router, "--threshold", "0.5", "--json").Json;
        Assert.Equal("router r.safetensors, threshold 0.5", json.GetProperty("cache").GetString());
        Assert.Equal([0, 0, 1, 0, 2], Skipped(json));
        Assert.Equal([0, 0, 2, 0, 4], Skipped(Profile("--cache", smooth, "--json").Json));
        Assert.True(json.GetProperty("idealSpeedup").GetDouble() > 1);
        Assert.Contains(
            "\ncache router r.safetensors, threshold 0.1: ideal speed-up 1.", Profile("--router", router).Out, StringComparison.Ordinal);

        _cli.Run("profile", "--ckpt", Checkpoint(), "--router", router, "--steps", "6").MustFail(
            2, $"{router}: a router for 4 evaluations, but --steps gives 6; sample with --steps 4");
        Profile("--router", router, "--cache", "all").MustFail(2, "cannot be combined");
        Profile("--cache", "all", "--compare").MustFail(2, "--compare");
        Profile("--cache", "all", "--save-schedule", "s").MustFail(2, "--save-schedule");

        static IEnumerable<int> Skipped(JsonElement json) =>
            json.GetProperty("perEvaluation").EnumerateArray().Select(row => row.GetProperty("skipped").GetInt32());
    }

    [Fact]
    public void The_plan_is_described_without_a_run()
    {
        CliResult result = _cli.Run("profile", "--plan", "--ckpt", Checkpoint(), "--steps", "4", "--batch", "2", "--cache", "top:1");
        Assert.Equal((0, ""), (result.Code, result.Err));
        Assert.StartsWith("tiny pixels on cpu (", result.Out, StringComparison.Ordinal);
        Assert.Contains("16 in all: 12 computed, 4 reused (50.00 % of the 8 in 2 cache evaluations)", result.Out, StringComparison.Ordinal);
        Assert.Matches(@"\nlayer caching +[0-9]+ +[0-9.]+ +[0-9.]+ +-[0-9.]+  against", result.Out);
        foreach (string option in (string[])["--json", "--repeat=2", $"--trace={_cli.PathOf("t.json")}"])
        {
            _cli.Run("profile", "--ckpt", Checkpoint(), "--plan", option).MustFail(2, "--plan runs nothing");
        }
    }

    [Fact]
    public void A_trace_has_the_required_fields_covers_the_ops_and_its_events_do_not_overlap_on_a_thread()
    {
        string path = _cli.PathOf("trace.json");
        JsonElement report = Profile("--trace", path, "--json").Json;
        JsonElement[] events = [.. JsonElement.Parse(File.ReadAllBytes(path)).GetProperty("traceEvents").EnumerateArray()];
        Assert.All(events, e => Assert.Equal(
            (JsonValueKind.String, JsonValueKind.Number, JsonValueKind.Number, JsonValueKind.Object),
            (e.GetProperty("name").ValueKind, e.GetProperty("pid").ValueKind, e.GetProperty("tid").ValueKind, e.GetProperty("args").ValueKind)));
        JsonElement[] spans = [.. events.Where(e => e.GetProperty("ph").GetString() == "X")];
        Assert.All(events.Except(spans), e => Assert.Equal("M", e.GetProperty("ph").GetString()));
        Assert.All(spans, e => Assert.True(e.GetProperty("cat").GetString()!.Length > 0 && e.GetProperty("dur").GetDecimal() >= 0));
        foreach (IGrouping<int, JsonElement> thread in spans.GroupBy(e => e.GetProperty("tid").GetInt32()))
        {
            decimal end = 0;
            foreach (JsonElement e in thread)
            {
                Assert.True(e.GetProperty("ts").GetDecimal() >= end);
                end = e.GetProperty("ts").GetDecimal() + e.GetProperty("dur").GetDecimal();
            }
        }

        JsonElement[] ops = [.. spans.Where(e => e.GetProperty("args").TryGetProperty("flops", out _))];
        Assert.Equal(report.GetProperty("total").GetProperty("calls").GetInt32(), ops.Length);
        Assert.Equal(
            report.GetProperty("total").GetProperty("flops").GetInt64(), ops.Sum(e => e.GetProperty("args").GetProperty("flops").GetInt64()));
        Profile("--trace", path).MustFail(1, "--force");
        Assert.Equal(0, Profile("--trace", path, "--force").Code);
    }

    [Fact]
    public void A_person_reads_tables_and_a_wrong_rule_is_a_usage_error()
    {
        CliResult result = Profile();
        Assert.True(result.Code == 0, result.Err);
        Assert.Matches(@"FMA peak [0-9.]+ GFLOP/s, measured now \((best five rounds within [0-9.]+ %|estimated, [a-z ]+)\)\n", result.Out);
        Assert.Matches(@"Linear +mlp +16 ", result.Out); // four evaluations, two blocks, two layers
        Assert.Matches(@"\nblock 1 mlp +4/4 +0\.00[0-9] +[0-9.]+ +0\.000 +0\.00\n", result.Out);
        Profile("--cache", "often").MustFail(2, "no such rule");
    }

    public void Dispose() => _cli.Dispose();

    private CliResult Profile(params string[] more) =>
        _cli.Run(["profile", "--ckpt", Checkpoint(), "--steps", "4", "--batch", "2", "--repeat", "2", "--threads", "2", .. more]);

    private string Checkpoint()
    {
        string checkpoint = _cli.PathOf("tiny.st");
        return File.Exists(checkpoint) ? checkpoint : TinyModel.Write(checkpoint, TinyModel.Pixels);
    }
}
