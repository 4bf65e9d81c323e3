using System.Text.Json;
using L2c.Testing;
using L2c.Weights.Safetensors;

namespace L2c.Cli.Tests;

public sealed partial class InspectScheduleTests
{
    [Theory]
    [InlineData("DDIM20_router.pt", "DiT-XL/2 256", 248, 560, 123, 125, 0.4429, 0.2214, 2_372_428_431_360, 1_846_966_026_240)]
    [InlineData("DDIM50_router.pt", "DiT-XL/2 256", 664, 1400, 329, 335, 0.4743, 0.2371, 5_931_071_078_400, 4_523_798_200_320)]
    [InlineData("dpm20_router.pth", "U-ViT-H/2 256", 333, 522, 158, 175, 0.6379, 0.2871, 2_663_934_382_080, 1_943_960_721_408)]
    [InlineData("dpm50_router.pth", "U-ViT-H/2 256", 1304, 1392, 649, 655, 0.9368, 0.4497, 6_659_835_955_200, 3_877_312_840_704)]
    public void Published_routers_show_the_published_figures_without_any_option(
        string name, string model, int reused, int cacheBranches, int attention, int mlp, double ofCache, double ofAll, long before, long after)
    {
        string path = Path.Combine(RepositoryPaths.Routers ?? "", name);
        Assert.SkipUnless(File.Exists(path), "the published routers are not here; set L2C_ROUTERS");
        JsonElement json = _cli.Run("inspect", path, "--json").Json;
        Assert.Equal(model, json.GetProperty("model").GetString());
        Assert.NotEmpty(json.GetProperty("alsoFits").EnumerateArray());
        Assert.Equal((reused, cacheBranches, attention, mlp), (Int("reused"), Int("cacheBranches"), Int("reusedAttention"), Int("reusedMlp")));
        Assert.Equal(ofCache, Math.Round(json.GetProperty("shareOfCacheEvaluations").GetDouble(), 4));
        Assert.Equal(ofAll, Math.Round(json.GetProperty("shareOfAllEvaluations").GetDouble(), 4));
        Assert.Equal((before, after), (json.GetProperty("macsBefore").GetInt64(), json.GetProperty("macsAfter").GetInt64()));
        Assert.Equal(after, json.GetProperty("evaluations").EnumerateArray().Sum(e => e.GetProperty("macs").GetInt64()));

        string text = _cli.Run("inspect", path).Out;
        Assert.Contains($"{reused}/{cacheBranches}", text, StringComparison.Ordinal);
        Assert.Contains($"{model}, assumed", text, StringComparison.Ordinal);
        Assert.Contains("name another with --model or --ckpt", text, StringComparison.Ordinal);
        Assert.Equal(reused, text.Split("MLP right")[1].Split('\n').Skip(1).Sum(line => line.Count(c => c == '.')));

        int Int(string key) => json.GetProperty(key).GetInt32();
    }

    [Fact]
    public void The_recorded_router_of_nine_steps_fits_no_published_model()
    {
        string path = Path.Combine(RepositoryPaths.Root!, "tests", "fixtures", "checkpoints", "dit_a_l2c_ddim9_thr0.5_cfg1.5_router.pt");
        JsonElement json = _cli.Run("inspect", path, "--threshold", "0.5", "--json").Json;
        Assert.Equal((9, 4), (json.GetProperty("steps").GetInt32(), json.GetProperty("cacheEvaluations").GetInt32()));
        Assert.False(json.TryGetProperty("model", out _));
        Assert.False(json.TryGetProperty("macsBefore", out _));
        Assert.Equal(
            json.GetProperty("reused").GetInt32(),
            json.GetProperty("evaluations").EnumerateArray().Sum(e => e.GetProperty("compute").GetString()!.Count(c => c == '0')));
        Assert.Contains("name it with --model or --ckpt", _cli.Run("inspect", path).Out, StringComparison.Ordinal);
        _cli.Run("inspect", path, "--model", "DiT-XL/2").MustFail(2, "but DiT-XL/2 256 has 56 (28 blocks)");
        _cli.Run("inspect", path, "--threshold", "1.5").MustFail(2, "1.5");
        _cli.Run("inspect", path, "--heads", "2").MustFail(2, "do not apply");
    }

    [Theory]
    [InlineData("DDIM20_router.pt", 0.1, 248, 123, 560, 0.4429, 0.2214, 1847)]
    [InlineData("DDIM50_router.pt", 0.1, 664, 329, 1400, 0.4743, 0.2371, 4524)]
    [InlineData("dpm20_router.pth", 0.9, 333, 158, 522, 0.6379, 0.2871, 1944)]
    [InlineData("dpm50_router.pth", 0.9, 1304, 649, 1392, 0.9368, 0.4497, 3877)]
    public void A_sweep_of_a_published_router_has_the_published_counts_at_its_threshold(
        string name, double threshold, int reused, int attention, int cacheBranches, double ofCache, double ofAll, int gigaMacs)
    {
        string path = Path.Combine(RepositoryPaths.Routers ?? "", name);
        Assert.SkipUnless(File.Exists(path), "the published routers are not here");
        JsonElement json = _cli.Run("inspect", path, "--sweep", "--json").Json;
        Assert.Equal((threshold, cacheBranches), (json.GetProperty("publishedThreshold").GetDouble(), json.GetProperty("cacheBranches").GetInt32()));
        JsonElement[] rows = [.. json.GetProperty("thresholds").EnumerateArray()];
        Assert.Equal(Enumerable.Range(0, 21).Select(i => i / 20.0), rows.Select(row => row.GetProperty("threshold").GetDouble()));
        int[] counts = [.. rows.Select(row => row.GetProperty("reused").GetInt32())];
        Assert.Equal(counts.Order(), counts);
        Assert.Equal(cacheBranches, counts[^1]);

        JsonElement published = rows.Single(row => row.GetProperty("threshold").GetDouble() == threshold);
        Assert.Equal((reused, attention, reused - attention), (Int("reused"), Int("reusedAttention"), Int("reusedMlp")));
        Assert.Equal((ofCache, ofAll), (Rounded("shareOfCacheEvaluations"), Rounded("shareOfAllEvaluations")));
        Assert.Equal(gigaMacs, Math.Round(published.GetProperty("macsAfter").GetInt64() / 1e9));
        double before = json.GetProperty("macsBefore").GetInt64(), after = published.GetProperty("macsAfter").GetInt64();
        Assert.Equal(after / before, published.GetProperty("macRatio").GetDouble(), 1e-12);
        Assert.Equal(before / after, published.GetProperty("idealSpeedup").GetDouble(), 1e-12);

        string[] lines = _cli.Run("inspect", path, "--sweep").Out.Split('\n');
        string line = Assert.Single(lines, text => text.EndsWith("as published", StringComparison.Ordinal));
        Assert.Matches($@"^ +{threshold:0.00} +{reused} +{attention} +{reused - attention} ", line);

        int Int(string key) => published.GetProperty(key).GetInt32();
        double Rounded(string key) => Math.Round(published.GetProperty(key).GetDouble(), 4);
    }

    [Fact]
    public void A_sweep_counts_scores_at_most_the_threshold_and_refuses_what_it_does_not_answer()
    {
        string router = Router("r.st", 2, 4, b => b == 0 ? 0 : b); // scores 0.5, 0.73, 0.88, 0.95 in the only row that is read
        JsonElement json = _cli.Run("inspect", router, "--sweep", "--json").Json;
        Assert.Equal(
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4],
            json.GetProperty("thresholds").EnumerateArray().Select(row => row.GetProperty("reused").GetInt32()));
        Assert.False(json.TryGetProperty("macsBefore", out _));
        Assert.Contains("name it with --model or --ckpt", _cli.Run("inspect", router, "--sweep").Out, StringComparison.Ordinal);

        _cli.Run("inspect", router, "--sweep", "--threshold", "0.5").MustFail(2, "cannot be combined with --sweep");
        _cli.Run("inspect", router, "--sweep", "--summary").MustFail(2, "cannot be combined with --sweep");
        _cli.Run("inspect", router, router, "--diff", "--sweep").MustFail(2, "--sweep");
        _cli.Run("inspect", router, "--sweep", "--heads", "2").MustFail(2, "do not apply");
        _cli.Run("inspect", Schedule("s.json", ("refresh", "1111"), ("cache", "0110")), "--sweep").MustFail(2, "is a schedule, so");
        SafetensorsData.Write(_cli.PathOf("x.st"), [("x", new long[] { 1 }, new float[1])], null, overwrite: false);
        _cli.Run("inspect", _cli.PathOf("x.st"), "--sweep").MustFail(2, "neither a router nor a schedule");
    }

    [Fact]
    public void A_router_for_512_pixels_has_another_threshold_and_other_costs()
    {
        string path = Router("xl.st", 2, 56, b => -1); // score 0.27, between 0.1 and 0.9
        JsonElement small = _cli.Run("inspect", path, "--json").Json, large = _cli.Run("inspect", path, "--json", "--model", "DiT-XL/2 512").Json;
        Assert.Equal((0.1, 0), (small.GetProperty("threshold").GetDouble(), small.GetProperty("reused").GetInt32()));
        Assert.Equal((0.9, 56), (large.GetProperty("threshold").GetDouble(), large.GetProperty("reused").GetInt32()));
        Assert.Equal("DiT-XL/2 512", large.GetProperty("model").GetString());
        Assert.True(large.GetProperty("macsBefore").GetInt64() > 4 * small.GetProperty("macsBefore").GetInt64());
        _cli.Run("inspect", path, "--model", "DiT-XXL").MustFail(2, "not a published model");
    }
}
