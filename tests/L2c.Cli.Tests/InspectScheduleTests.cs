using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using L2c.Cli.Output;
using L2c.Cli.Printing;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Safetensors;
using Spectre.Console;

namespace L2c.Cli.Tests;

public sealed class InspectScheduleTests : IDisposable
{
    private readonly CliRunner _cli = new();

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
    public void A_list_longer_than_any_schedule_is_refused()
    {
        File.WriteAllText(_cli.PathOf("s.json"), $"{{\"attn\":[{string.Join(',', Enumerable.Repeat(1, 1_000_000))}]}}");
        _cli.Run("inspect", _cli.PathOf("s.json")).MustFail(4, "is of 1000000 evaluations");
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

    [Fact]
    public void Damaged_routers_end_with_code_4()
    {
        _cli.Run("inspect", Router("nan.st", 2, 8, b => b == 3 ? float.NaN : 0)).MustFail(4, "row 0, branch 3: the logit is NaN");
        (string, long[], float[])[] rows = [.. Enumerable.Range(0, 4).Select(
            r => ($"routers.{r}.prob", new long[] { 4 }, new[] { 0, r == 3 ? float.NaN : 0, 0, 0 }))];
        SafetensorsData.Write(_cli.PathOf("later.st"), rows, null, overwrite: false);
        _cli.Run("inspect", _cli.PathOf("later.st")).MustFail(4, "row 3, branch 1: the logit is NaN");
        SafetensorsData.Write(_cli.PathOf("shape.st"), [("logits", new long[] { 2, 3 }, new float[6])], null, overwrite: false);
        _cli.Run("inspect", _cli.PathOf("shape.st")).MustFail(4, _cli.PathOf("shape.st"));
    }

    [Fact]
    public void Two_schedules_are_compared_branch_by_branch()
    {
        string router = Router("r.st", 2, 4, b => b is 0 or 1 ? -9 : 9), schedule = Schedule("s.json", ("refresh", "1111"), ("cache", "0110"));
        JsonElement json = _cli.Run("inspect", router, schedule, "--diff", "--json").Json;
        Assert.Equal((2, 2, 1, 2), (Int("firstReused"), Int("secondReused"), Int("bothReused"), Int("differing")));
        JsonElement only = Assert.Single(json.GetProperty("evaluations").EnumerateArray());
        Assert.Equal(
            (1, "[3]", "[1]"),
            (only.GetProperty("evaluation").GetInt32(), only.GetProperty("onlyFirst").GetRawText(), only.GetProperty("onlySecond").GetRawText()));
        string text = _cli.Run("inspect", router, schedule, "--diff").Out;
        Assert.Contains("evaluation 1 (cache): 2 differ", text, StringComparison.Ordinal);
        Assert.Contains("only A computes block 1 mlp", text, StringComparison.Ordinal);
        Assert.Contains("only B computes block 0 mlp", text, StringComparison.Ordinal);
        Assert.Equal(0, _cli.Run("inspect", router, router, "--diff", "--json").Json.GetProperty("differing").GetInt32());

        // Lists for all blocks do not say how many there are: as many as the other file has.
        string lists = Text("lists.json", """{"attn": [1, 0]}""");
        foreach (string[] pair in (string[][])[[lists, schedule], [schedule, lists], [router, lists]])
        {
            Assert.Equal(2, _cli.Run(["inspect", .. pair, "--diff", "--json"]).Json.GetProperty("differing").GetInt32());
        }

        _cli.Run("inspect", router, schedule).MustFail(2, "add --diff");
        _cli.Run("inspect", router, schedule, schedule, "--diff").MustFail(2, "see l2c inspect --help");
        _cli.Run("inspect", router, "--diff").MustFail(2, "name both");
        _cli.Run("inspect", router, Schedule("t.json", ("refresh", "11"), ("cache", "01")), "--diff").MustFail(2, "compare schedules of the same size");

        int Int(string name) => json.GetProperty(name).GetInt32();
    }

    [Fact]
    public void Schedules_are_shown_and_faults_tell_code_2_from_4()
    {
        string good = Schedule("good.json", ("refresh", "1111"), ("cache", "0110"));
        JsonElement json = _cli.Run("inspect", good, "--json").Json;
        Assert.Equal((2, 4), (json.GetProperty("reused").GetInt32(), json.GetProperty("cacheBranches").GetInt32()));
        string text = _cli.Run("inspect", good).Out;
        Assert.Contains("   1 cache   .# #.", text, StringComparison.Ordinal);
        Assert.Matches(@"\n +made for +m, ddim, 2 steps\n", text);
        Assert.Equal("""{"model":"m","sampler":"ddim","steps":2}""", json.GetProperty("madeFor").GetRawText());
        File.WriteAllText(_cli.PathOf("mark.json"), File.ReadAllText(good), Encoding.UTF8); // with a byte order mark
        Assert.Equal(2, _cli.Run("inspect", _cli.PathOf("mark.json"), "--json").Json.GetProperty("reused").GetInt32());
        _cli.Run("inspect", good, "--threshold", "0.5").MustFail(2, "do not apply");
        _cli.Run("inspect", good, "--model", "DiT-S/2").MustFail(2, "12 blocks");
        _cli.Run("inspect", Schedule("width.json", ("refresh", "1111"), ("cache", "01"))).MustFail(2, "evaluation 1 has 2 branches");
        _cli.Run("inspect", Schedule("early.json", ("cache", "0111"), ("cache", "0110"))).MustFail(2, "before any evaluation computed it");
        _cli.Run("inspect", Schedule("role.json", ("often", "1111"))).MustFail(4, "often");
    }

    [Fact]
    public void Forecast_and_dropped_branches_are_not_called_reused()
    {
        string mixed = Terms("mixed.json", """{"branches":"1000","evaluations":[1,0],"weights":[2,-1]},{"branches":"0100","evaluations":[],"weights":[]}""");
        JsonElement json = _cli.Run("inspect", mixed, "--json").Json;
        Assert.Equal((3, 1, 1), (Int("reused"), Int("forecast"), Int("dropped")));
        Assert.Equal("~x.#", json.GetProperty("evaluations")[2].GetProperty("actions").GetString());
        string text = _cli.Run("inspect", mixed).Out;
        Assert.Contains("MLP right: # computed, . reused, ~ forecast, x dropped\n", text, StringComparison.Ordinal);
        Assert.Contains("   2 cache   ~x .#", text, StringComparison.Ordinal);
        Assert.Contains("  not computed ", text, StringComparison.Ordinal);
        string forecast = Terms("forecast.json", """{"branches":"1110","evaluations":[1,0],"weights":[2,-1]}""");
        text = _cli.Run("inspect", forecast).Out;
        Assert.Contains("  forecast           3/4 branches", text, StringComparison.Ordinal);
        Assert.Contains("MLP right: # computed, ~ forecast\n", text, StringComparison.Ordinal);

        json = _cli.Run("inspect", mixed, forecast, "--diff", "--json").Json;
        Assert.Equal((0, true, true), (Int("differing"), json.GetProperty("droppingDiffers").GetBoolean(), json.GetProperty("forecastsDiffer").GetBoolean()));
        string dropped = Terms("dropped.json", """{"branches":"0100","evaluations":[],"weights":[]}"""), reused = Terms("reused.json", "");
        json = _cli.Run("inspect", dropped, reused, "--diff", "--json").Json;
        Assert.Equal((true, false), (json.GetProperty("droppingDiffers").GetBoolean(), json.GetProperty("forecastsDiffer").GetBoolean()));

        int Int(string name) => json.GetProperty(name).GetInt32();

        string Terms(string name, string terms) => Text(
            name,
            $$"""
            {"format":"l2c-schedule/2","model":"m","sampler":"ddim","steps":3,"evaluations":[{"role":"refresh","compute":"1111"},
            {"role":"refresh","compute":"1111"},{"role":"cache","compute":"0001","terms":[{{terms}}]}]}
            """);
    }

    [Fact]
    public void Branches_of_replaced_segments_have_a_character_and_a_count_of_their_own()
    {
        string mixed = Segments("mixed.json", 1), other = Segments("other.json", 0);
        JsonElement json = _cli.Run("inspect", mixed, "--json").Json;
        Assert.Equal(("l2c-schedule/3", 3, 2), (json.GetProperty("format").GetString(), Int("reused"), Int("inSegments")));
        Assert.Equal(".==#", json.GetProperty("evaluations")[2].GetProperty("actions").GetString());
        string text = _cli.Run("inspect", mixed).Out;
        Assert.Contains("MLP right: # computed, . reused, = in a replaced segment\n", text, StringComparison.Ordinal);
        Assert.Contains("   2 cache   .= =#", text, StringComparison.Ordinal);

        json = _cli.Run("inspect", mixed, other, "--diff", "--json").Json;
        Assert.Equal(
            (0, true, false), (Int("differing"), json.GetProperty("segmentsDiffer").GetBoolean(), json.GetProperty("forecastsDiffer").GetBoolean()));
        Assert.Contains("is replaced in other segments", _cli.Run("inspect", mixed, other, "--diff").Out, StringComparison.Ordinal);
        Assert.False(_cli.Run("inspect", mixed, mixed, "--diff", "--json").Json.GetProperty("segmentsDiffer").GetBoolean());
        _cli.Run("inspect", Segments("late.json", 2)).MustFail(2, "reads evaluation 2, which is not an earlier one that computes the whole segment");

        int Int(string name) => json.GetProperty(name).GetInt32();

        string Segments(string name, int source) => Text(
            name,
            $$"""
            {"format":"l2c-schedule/3","model":"m","sampler":"ddim","steps":3,"evaluations":[{"role":"refresh","compute":"1111"},
            {"role":"refresh","compute":"1111"},
            {"role":"cache","compute":"0001","segments":[{"first":1,"last":2,"evaluations":[{{source}}],"weights":[1]}]}]}
            """);
    }

    [Fact]
    public void SmoothCache_files_say_nothing_of_the_model_and_are_taken_for_none()
    {
        string all = Text("all.json", """{"attn": [1, 0, 1, 0], "mlp": [1, 1, 1, 0]}""");
        JsonElement json = _cli.Run("inspect", all, "--json").Json;
        Assert.Equal("smoothcache", json.GetProperty("format").GetString());
        Assert.Equal((4, 2, 2, 1, 1), (Int("steps"), Int("branches"), Int("reusedAttention"), Int("reusedMlp"), Int("assumedBlocks")));
        Assert.Equal(0.75, json.GetProperty("shareOfCacheEvaluations").GetDouble());
        Assert.All(["model", "alsoFits", "macsBefore", "modelAssumed"], key => Assert.False(json.TryGetProperty(key, out _), key));
        string text = _cli.Run("inspect", all).Out;
        Assert.Contains("of one block, which stands for all", text, StringComparison.Ordinal);
        Assert.DoesNotContain("DiT-", text, StringComparison.Ordinal);
        Assert.Contains("name it with --model or --ckpt to count MACs", text, StringComparison.Ordinal);
        Assert.Contains($"{all}: schedule, smoothcache", text, StringComparison.Ordinal);

        json = _cli.Run("inspect", all, "--model", "DiT-XL/2", "--json").Json;
        Assert.Equal((56, 56, 28), (Int("branches"), Int("reusedAttention"), Int("reusedMlp")));
        Assert.False(json.TryGetProperty("assumedBlocks", out _));
        Assert.True(json.GetProperty("macsBefore").GetInt64() > json.GetProperty("macsAfter").GetInt64());
        Assert.Equal(24, _cli.Run("inspect", all, "--model", "DiT-S/2", "--json").Json.GetProperty("branches").GetInt32());
        string net = TinyModel.Write(_cli.PathOf("net.st"), TinyModel.LongSkips);
        Assert.Equal(6, _cli.Run("inspect", all, "--ckpt", net, "--json").Json.GetProperty("branches").GetInt32());

        // As many blocks as the lists name.
        json = _cli.Run("inspect", Text("one.json", """{"attn1-11": [1, 0]}"""), "--json").Json;
        Assert.Equal((24, 1, 12), (Int("branches"), Int("reused"), Int("assumedBlocks")));
        Assert.False(json.TryGetProperty("model", out _));
        Assert.Contains("12 blocks, assumed", _cli.Run("inspect", _cli.PathOf("one.json")).Out, StringComparison.Ordinal);
        json = _cli.Run("inspect", Text("deep.json", """{"attn-99": [1, 0]}"""), "--json").Json;
        Assert.Equal((200, 1), (Int("branches"), Int("reused")));
        Assert.Equal(1, _cli.Run("inspect", _cli.PathOf("one.json"), _cli.PathOf("deep.json"), "--diff", "--json").Json.GetProperty("firstReused").GetInt32());

        _cli.Run("inspect", _cli.PathOf("deep.json"), "--model", "DiT-S/2").MustFail(2, "belongs to no branch of a network with 12 blocks");
        _cli.Run("inspect", Text("early.json", """{"mlp": [0, 1]}""")).MustFail(2, "before any evaluation computed it");
        _cli.Run("inspect", Text("bits.json", """{"mlp": [1, 2]}""")).MustFail(4, "not a SmoothCache schedule");
        _cli.Run("inspect", Text("deepest.json", """{"mlp-1000000000": [1, 0]}""")).MustFail(4, "block 1000000000");

        int Int(string name) => json.GetProperty(name).GetInt32();
    }

    [Fact]
    public void MACs_are_counted_for_any_network()
    {
        string router = Router("r.st", 4, 4, b => b == 0 ? -9 : 9), net = TinyModel.Write(_cli.PathOf("net.st"), TinyModel.Pixels);
        Assert.False(_cli.Run("inspect", router, "--json").Json.TryGetProperty("macsBefore", out _));
        JsonElement json = _cli.Run("inspect", router, "--ckpt", net, "--json").Json;
        long evaluation = _cli.Run("inspect", net, "--json").Json.GetProperty("model").GetProperty("macsPerEvaluation").GetInt64();
        Assert.Equal(("tiny pixels", 4 * evaluation), (json.GetProperty("model").GetString(), json.GetProperty("macsBefore").GetInt64()));
        const long attention = (4 * 16 * 32 * 32) + (2 * 16 * 16 * 32); // 16 tokens, 32 wide
        Assert.Equal((4 * evaluation) - (2 * attention), json.GetProperty("macsAfter").GetInt64());
        Assert.False(json.TryGetProperty("modelAssumed", out _));

        // Shapes as everywhere: a name, or sizes; heads change no count, and may stay open.
        string open = TinyModel.Write(_cli.PathOf("open.st"), TinyModel.Pixels, described: false);
        JsonElement same = _cli.Run("inspect", router, "--ckpt", open, "--json").Json;
        Assert.Equal(json.GetProperty("macsBefore").GetInt64(), same.GetProperty("macsBefore").GetInt64());
        json = _cli.Run("inspect", router, "--model", "2x32x2/4", "--json", "--sweep").Json;
        Assert.Equal("2x32x2/4 256", json.GetProperty("model").GetString());
        Assert.True(json.GetProperty("thresholds")[20].GetProperty("macRatio").GetDouble() < 1);
        string skips = TinyModel.Write(_cli.PathOf("skips.st"), TinyModel.LongSkips);
        _cli.Run("inspect", router, "--ckpt", skips).MustFail(2, "is a router for a DiT, but tiny skips is a U-ViT");
        _cli.Run("inspect", router, "--ckpt", TinyModel.Write(_cli.PathOf("vae.st"), TinyModel.Autoencoder)).MustFail(4, "vae.st");
        _cli.Run("inspect", router, "--ckpt", _cli.PathOf("missing.st")).MustFail(1, "missing.st");
        _cli.Run("inspect", net, "--ckpt", net).MustFail(2, "--ckpt");
        _cli.Run("inspect", router, "--num-classes", "3").MustFail(2, "do not apply");
        Assert.Equal(0, _cli.Run("inspect", router, "--ckpt", open, "--num-classes", "3").Code);
    }

    [Fact]
    public void The_demo_router_is_counted_for_the_demo_model_and_says_so()
    {
        JsonElement json = _cli.Run("inspect", DemoModel.RouterPath, "--json").Json;
        long evaluation = _cli.Run("inspect", DemoModel.Path, "--json").Json.GetProperty("model").GetProperty("macsPerEvaluation").GetInt64();
        Assert.Equal((20 * evaluation, true), (json.GetProperty("macsBefore").GetInt64(), json.GetProperty("modelAssumed").GetBoolean()));
        Assert.Contains("shapes-dit8, assumed", _cli.Run("inspect", DemoModel.RouterPath).Out, StringComparison.Ordinal);
        Assert.Contains("shapes-dit8, assumed", _cli.Run("inspect", DemoModel.RouterPath, "--sweep").Out, StringComparison.Ordinal);
        string schedule = _cli.PathOf("s.json");
        File.WriteAllText(
            schedule,
            $$"""{"format":"l2c-schedule/1","model":"shapes-dit8","sampler":"ddim","steps":1,"evaluations":[{"role":"refresh","compute":"{{new string('1', 16)}}"}]}""");
        Assert.Equal(evaluation, _cli.Run("inspect", schedule, "--json").Json.GetProperty("macsBefore").GetInt64());
    }

    [Fact]
    public void A_summary_has_a_line_per_block()
    {
        string router = Router("r.st", 4, 4, b => b is 0 or 3 ? -9 : 9), net = TinyModel.Write(_cli.PathOf("net.st"), TinyModel.Pixels);
        JsonElement json = _cli.Run("inspect", router, "--ckpt", net, "--summary", "--json").Json;
        JsonElement[] blocks = [.. json.GetProperty("blocks").EnumerateArray()];
        Assert.Equal([(0, 2, 0), (1, 0, 2)], blocks.Select(b => (Number(b, "block"), Number(b, "attentionReused"), Number(b, "mlpReused"))));
        Assert.Equal(
            json.GetProperty("macsBefore").GetInt64() - json.GetProperty("macsAfter").GetInt64(),
            blocks.Sum(b => b.GetProperty("macsSaved").GetInt64()));
        string text = _cli.Run("inspect", router, "--summary").Out;
        Assert.Contains("not computed, of 2 cache evaluations:", text, StringComparison.Ordinal);
        Assert.Matches(@"\n +1 +0 +2\n", text);
        Assert.False(_cli.Run("inspect", router, "--json").Json.TryGetProperty("blocks", out _));

        foreach ((string name, L2c.Weights.Layouts.Architecture network, int count) in ((string, L2c.Weights.Layouts.Architecture, int)[])
            [("dit.st", TinyModel.Latents, 2), ("skips.st", TinyModel.LongSkips, 3)])
        {
            JsonElement model = _cli.Run("inspect", TinyModel.Write(_cli.PathOf(name), network), "--summary", "--json").Json.GetProperty("model");
            JsonElement summary = model.GetProperty("summary");
            JsonElement[] of = [.. summary.GetProperty("blocks").EnumerateArray()];
            Assert.Equal(Enumerable.Range(0, count), of.Select(b => b.GetProperty("block").GetInt32()));
            Assert.Equal(
                model.GetProperty("parameters").GetInt64(),
                of.Sum(b => b.GetProperty("parameters").GetInt64()) + summary.GetProperty("outsideParameters").GetInt64());
            Assert.Equal(
                model.GetProperty("macsPerEvaluation").GetInt64(),
                of.Sum(b => b.GetProperty("attentionMacs").GetInt64() + b.GetProperty("mlpMacs").GetInt64()) + summary.GetProperty("outsideMacs").GetInt64());
        }

        Assert.Contains("mid_block.", _cli.Run("inspect", _cli.PathOf("skips.st"), "--summary").Out, StringComparison.Ordinal);
        _cli.Run("inspect", TinyModel.Write(_cli.PathOf("vae.st"), TinyModel.Autoencoder), "--summary").MustFail(2, "--summary");
        _cli.Run("inspect", router, router, "--diff", "--summary").MustFail(2, "--summary");
        SafetensorsData.Write(_cli.PathOf("x.st"), [("x", new long[] { 1 }, new float[1])], null, overwrite: false);
        _cli.Run("inspect", _cli.PathOf("x.st"), "--summary").MustFail(2, "--summary does not apply");

        static int Number(JsonElement block, string key) => block.GetProperty(key).GetInt32();
    }

    [Theory]
    [InlineData("png")]
    [InlineData("svg")]
    public void Thresholds_and_differences_are_drawn_and_what_was_written_is_told(string extension)
    {
        string router = Router("r.st", 2, 4, b => b - 1.5f), schedule = Schedule("s.json", ("refresh", "1111"), ("cache", "0110"));
        foreach (string[] call in (string[][])[[router, "--sweep"], [router, schedule, "--diff"], [router]])
        {
            string plot = _cli.PathOf($"plot.{extension}");
            File.Delete(plot);
            CliResult result = _cli.Run(["inspect", .. call, "--plot", plot]);
            Assert.True(result.Code == 0, result.Err);
            Assert.Equal(plot, result.Out.TrimEnd('\n').Split('\n')[^1]);
            byte[] bytes = File.ReadAllBytes(plot);
            Assert.True(extension == "png" ? PngDecoder.Decode(bytes).Width > 100 : Encoding.UTF8.GetString(bytes).Contains("<svg ", StringComparison.Ordinal));
            _cli.Run(["inspect", .. call, "--plot", plot]).MustFail(1, "--force");
            Assert.Equal(plot, _cli.Run(["inspect", .. call, "--plot", plot, "--force", "--json"]).Json.GetProperty("plot").GetString());
            _cli.Run(["inspect", .. call, "--plot", _cli.PathOf("a.gif")]).MustFail(2, "PNG or SVG");
            _cli.Run(["inspect", .. call, "--plot", router, "--force"]).MustFail(2, "PNG or SVG");
        }

        Assert.False(_cli.Run("inspect", router, "--json").Json.TryGetProperty("plot", out _));
    }

    [Fact]
    public void A_difference_has_a_cell_per_evaluation_and_branch_in_the_colour_of_who_computes_it()
    {
        string a = Schedule("a.json", ("refresh", "1111"), ("cache", "0110")), b = Schedule("b.json", ("refresh", "1111"), ("cache", "0101"));
        string svg = _cli.PathOf("d.svg");
        Assert.Equal(0, _cli.Run("inspect", a, b, "--diff", "--plot", svg).Code);

        (float X, float Y, string? Fill)[] cells = [.. XDocument.Load(svg).Descendants()
            .Where(e => e.Name.LocalName == "rect" && (string?)e.Attribute("fill") is "#C3CBD6" or "#F7E3B5" or "#1D4E89" or "#E06C55")
            .Select(e => ((float)e.Attribute("x")!, (float)e.Attribute("y")!, (string?)e.Attribute("fill")))];
        string[] rows = [.. cells.GroupBy(cell => cell.Y).Select(row => string.Join(' ', row.OrderBy(cell => cell.X).Select(cell => cell.Fill)))];
        Assert.Contains("#C3CBD6 #C3CBD6 #C3CBD6 #C3CBD6", rows); // both refresh
        Assert.Contains("#F7E3B5 #1D4E89 #C3CBD6 #E06C55", rows); // attention of both blocks, then the MLPs
    }

    [Fact]
    public void Plots_have_a_coloured_cell_per_branch_of_a_cache_evaluation_and_a_thin_one_of_a_refresh_evaluation()
    {
        string schedule = Schedule("s.json", ("refresh", "1111"), ("cache", "0111")), svg = _cli.PathOf("a.svg"), png = _cli.PathOf("a.png");
        Assert.Equal(0, _cli.Run("inspect", schedule, "--plot", svg).Code);
        Assert.Equal(0, _cli.Run("inspect", schedule, "--plot", png).Code);
        XElement[] cells = [.. XDocument.Load(svg).Descendants()
            .Where(e => e.Name.LocalName == "rect" && (string?)e.Attribute("width") == "23" && (string?)e.Attribute("height") is "15" or "3")];
        Assert.Equal(8, cells.Length);
        Assert.Equal([4, 3, 1], cells.GroupBy(c => (string?)c.Attribute("fill")).Select(group => group.Count()).OrderDescending());
        PngDecoder picture = PngDecoder.Decode(File.ReadAllBytes(png));
        Assert.All(cells, cell =>
        {
            int[] shift = [.. ((string)cell.Attribute("transform")!)["translate(".Length..^1].Split(' ').Select(int.Parse)];
            int at = (((int)cell.Attribute("y")! + shift[1]) * picture.Width) + (int)cell.Attribute("x")! + shift[0];
            Assert.Equal((string?)cell.Attribute("fill"), "#" + Convert.ToHexString(picture.Pixels.AsSpan(3 * at, 3)));
        });
        Assert.Equal("schedule", _cli.Run("inspect", png, "--json").Json.GetProperty("parameters").GetProperty("plot").GetString());

        _cli.Run("inspect", schedule, "--plot", png).MustFail(1, "--force");
        Assert.Equal(0, _cli.Run("inspect", schedule, "--plot", png, "--force").Code);
        _cli.Run("inspect", schedule, "--plot", _cli.PathOf("a.gif")).MustFail(2, "PNG or SVG");
        _cli.Run("inspect", png, "--plot", svg).MustFail(2, "neither a router nor a schedule");
    }

    [Fact]
    public void In_a_terminal_the_map_is_the_same_text_in_colours()
    {
        string schedule = Schedule("s.json", ("refresh", "1111"), ("cache", "0111"));
        string plain = _cli.Run("inspect", schedule).Out;
        Assert.DoesNotContain('\u001b', plain);
        ScheduleReport report = ScheduleReport.Of(Read(schedule), null);
        string coloured = Print(report, ColorSystemSupport.TrueColor);
        Assert.Contains("\u001b[38;2;90;58;0;48;2;245;185;65m.", coloured, StringComparison.Ordinal); // the branch that is reused
        Assert.Equal(Lines(plain), Lines(Regex.Replace(coloured, "\u001b\\[[0-9;]*m", "")));
        Assert.Contains("\u001b[", Print(report, ColorSystemSupport.Standard), StringComparison.Ordinal);

        // Nothing that is no terminal has colours.
        Assert.Null(new Terminal(new StringWriter(), new StringWriter(), Interactive: true, default).Colours);

        static string[] Lines(string text) => [.. text.TrimEnd().Split('\n').Select(line => line.TrimEnd())];

        static string Print(ScheduleReport report, ColorSystemSupport colours)
        {
            StringWriter written = new() { NewLine = "\n" };
            ScheduleText.Print(report, written, AnsiConsole.Create(
                new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, ColorSystem = colours, Out = new AnsiConsoleOutput(written) }));
            return written.ToString();
        }

        static InspectedSchedule Read(string path)
        {
            using ByteSource source = ByteSource.OpenFile(path);
            return InspectedSchedule.Read(source, null);
        }
    }

    public void Dispose() => _cli.Dispose();

    private string Router(string name, int evaluations, int branches, Func<int, float> logit)
    {
        string path = _cli.PathOf(name);
        float[] values = [.. Enumerable.Range(0, evaluations * branches).Select(i => logit(i % branches))];
        SafetensorsData.Write(path, [("logits", new long[] { evaluations, branches }, values)], null, overwrite: false);
        return path;
    }

    private string Text(string name, string content)
    {
        File.WriteAllText(_cli.PathOf(name), content);
        return _cli.PathOf(name);
    }

    private string Schedule(string name, params (string Role, string Compute)[] evaluations)
    {
        string path = _cli.PathOf(name);
        string rows = string.Join(',', evaluations.Select(e => $$"""{"role":"{{e.Role}}","compute":"{{e.Compute}}"}"""));
        File.WriteAllText(
            path,
            $$"""{"format":"l2c-schedule/1","model":"m","sampler":"ddim","steps":{{evaluations.Length}},"evaluations":[{{rows}}]}""",
            Encoding.ASCII);
        return path;
    }
}
