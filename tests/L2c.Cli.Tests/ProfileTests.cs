using System.Text.Json;

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

        Assert.Equal([0, 0, 2, 0, 2], [.. json.GetProperty("perEvaluation").EnumerateArray().Select(row => row.GetProperty("skipped").GetInt32())]); // first: ahead
        Assert.True(json.GetProperty("cacheBytes").GetInt64() > 0);
        double peak = json.GetProperty("fmaPeakGflops").GetDouble();
        Assert.InRange(peak, 0.5, 1e6);
        Assert.Equal(total.GetProperty("gflops").GetDouble() / peak, total.GetProperty("shareOfPeak").GetDouble(), 1e-9);
    }

    [Fact]
    public void Nothing_in_the_demo_model_is_faster_than_the_peak()
    {
        JsonElement json = _cli.Run("profile", "--steps", "4", "--repeat", "3", "--threads", "1", "--json").Json;
        double[] shares = [.. json.GetProperty("ops").EnumerateArray().Select(row => row.GetProperty("total"))
            .Where(row => row.TryGetProperty("shareOfPeak", out _)).Select(row => row.GetProperty("shareOfPeak").GetDouble())];
        Assert.All(shares, share => Assert.InRange(share, 0, 1.05)); // clock speeds vary a little
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
        Assert.Equal(report.GetProperty("total").GetProperty("flops").GetInt64(), ops.Sum(e => e.GetProperty("args").GetProperty("flops").GetInt64()));
        Profile("--trace", path).MustFail(1, "--force");
        Assert.Equal(0, Profile("--trace", path, "--force").Code);
    }

    [Fact]
    public void A_person_reads_tables_and_a_wrong_rule_is_a_usage_error()
    {
        CliResult result = Profile();
        Assert.True(result.Code == 0, result.Err);
        Assert.Contains("FMA peak", result.Out, StringComparison.Ordinal);
        Assert.Matches(@"Linear +mlp +16 ", result.Out); // four evaluations, two blocks, two layers
        Profile("--cache", "often").MustFail(2, "no such rule");
    }

    public void Dispose() => _cli.Dispose();

    private CliResult Profile(params string[] more)
    {
        string checkpoint = _cli.PathOf("tiny.st");
        if (!File.Exists(checkpoint))
        {
            TinyModel.Write(checkpoint, TinyModel.Pixels);
        }

        return _cli.Run(["profile", "--ckpt", checkpoint, "--steps", "4", "--batch", "2", "--repeat", "2", "--threads", "2", .. more]);
    }
}
