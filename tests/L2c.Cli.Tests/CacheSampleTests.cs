using System.Text.Json;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Testing;

namespace L2c.Cli.Tests;

public sealed class CacheSampleTests : IDisposable
{
    private readonly CachedRuns _runs = new();

    [Fact]
    public void A_router_and_its_saved_schedule_give_the_same_picture_and_count_what_they_reuse()
    {
        string router = _runs.Router("r.safetensors", 4, 4, (row, branch) => row % 2 == 0 && branch < 3 ? -3 : 3); // sigmoid(-3) = 0.047
        string saved = _runs.Cli.PathOf("schedule.json");
        JsonElement json = _runs.Sample("a.png", "--path", router, "--save-schedule", saved, "--json").Json;
        Assert.Equal((6, 8), (json.GetProperty("reusedBranches").GetInt32(), json.GetProperty("cacheBranches").GetInt32()));
        Assert.Equal("router r.safetensors, threshold 0.1", json.GetProperty("cache").GetString());
        Assert.Equal([_runs.Cli.PathOf("a.png"), saved], json.GetProperty("files").EnumerateArray().Select(file => file.GetString()));

        // Three outputs are alive at one time: three slots of 3 x 2 rows, fp32.
        Assert.Equal(3 * 6 * 16 * 32 * sizeof(float), json.GetProperty("cacheBytes").GetInt64());
        Assert.Equal(
            json.GetProperty("peakBytes").GetInt64(),
            ((string[])["weightBytes", "workspaceBytes", "cacheBytes"]).Sum(part => json.GetProperty(part).GetInt64()));

        JsonElement schedule = JsonElement.Parse(File.ReadAllText(saved));
        Assert.Equal(
            ("l2c-schedule/1", "tiny pixels", "ddim", 4), (Word("format"), Word("model"), Word("sampler"), schedule.GetProperty("steps").GetInt32()));
        Assert.Equal(
            [("refresh", "1111"), ("cache", "0001"), ("refresh", "1111"), ("cache", "0001")],
            schedule.GetProperty("evaluations").EnumerateArray().Select(
                e => (e.GetProperty("role").GetString()!, e.GetProperty("compute").GetString()!)));

        Assert.Equal(6, _runs.Sample("b.png", "--cache", saved, "--json").Json.GetProperty("reusedBranches").GetInt32());
        Assert.Equal(_runs.Pixels("a.png"), _runs.Pixels("b.png"));
        Assert.NotEqual(_runs.Pixels("a.png"), _runs.Pixels("c.png", "--cache", "none"));

        string Word(string name) => schedule.GetProperty(name).GetString()!;
    }

    [Fact]
    public void A_saved_forecast_gives_the_same_picture()
    {
        string saved = _runs.Cli.PathOf("forecast.json");
        JsonElement json = _runs.Sample("a.png", "--cache", "taylor:2:1", "--save-schedule", saved, "--json").Json;
        Assert.Equal(4, json.GetProperty("reusedBranches").GetInt32()); // evaluation 2 of four; each refresh keeps four outputs
        Assert.Equal(4, json.GetProperty("forecastBranches").GetInt32());
        Assert.Equal("l2c-schedule/2", JsonElement.Parse(File.ReadAllText(saved)).GetProperty("format").GetString());
        Assert.Contains(
            "4 of 4 branches (attention or MLP of a block) of the cache evaluations forecast, 100.0 %", _runs.Sample("b.png", "--cache", saved).Out, StringComparison.Ordinal);
        Assert.Equal(_runs.Pixels("a.png"), _runs.Pixels("b.png"));
    }

    [Theory]
    [InlineData("delta-dit:2:1:2", 4)]
    [InlineData("taylor-lite:2:1", 4)]
    [InlineData("both:all", 8)]
    public void A_saved_schedule_of_segments_gives_the_same_picture(string rule, int replaced)
    {
        string saved = _runs.Cli.PathOf("segments.json");
        JsonElement json = _runs.Sample("a.png", "--cache", rule, "--save-schedule", saved, "--json").Json;
        Assert.Equal((replaced, replaced), (json.GetProperty("reusedBranches").GetInt32(), json.GetProperty("segmentBranches").GetInt32()));
        Assert.Equal("l2c-schedule/3", JsonElement.Parse(File.ReadAllText(saved)).GetProperty("format").GetString());
        Assert.Contains("of the cache evaluations in replaced segments, ", _runs.Sample("b.png", "--cache", saved).Out, StringComparison.Ordinal);
        Assert.Equal(_runs.Pixels("a.png"), _runs.Pixels("b.png"));
        _runs.Sample("c.png", "--cache", rule, "--save-schedule", _runs.Cli.PathOf("s.json"), "--schedule-format", "smoothcache")
            .MustFail(2, "cannot say that a branch is part of a replaced segment");
    }

    [Fact]
    public void A_schedule_file_is_joined_like_a_rule_and_the_picture_says_so()
    {
        string saved = _runs.Cli.PathOf("all.json");
        Assert.Equal(0, _runs.Sample("a.png", "--cache", "all", "--save-schedule", saved).Code);
        JsonElement json = _runs.Sample("b.png", "--cache", $"both:{saved}", "--json").Json;
        Assert.Equal(("both:all.json", 8), (json.GetProperty("cache").GetString(), json.GetProperty("segmentBranches").GetInt32()));
        Assert.Equal(_runs.Pixels("b.png"), _runs.Pixels("c.png", "--cache", "both:all"));
        Assert.NotEqual(_runs.Pixels("a.png"), _runs.Pixels("b.png"));
    }

    [Fact]
    public void The_threshold_decides_and_no_reuse_is_the_uncached_picture()
    {
        string router = _runs.Router("r.safetensors", 4, 4, (_, _) => 0); // a score of 0.5, computed only where it is above the threshold
        Assert.Equal(0, Reused("--threshold", "0.49"));
        Assert.Equal(8, Reused("--thres", "0.5"));
        Assert.Equal(_runs.Pixels("none.png"), _runs.Pixels("t.png", "--router", router, "--threshold", "0.49"));

        int Reused(string option, string value) =>
            _runs.Sample($"{option}.png", "--router", router, option, value, "--json").Json.GetProperty("reusedBranches").GetInt32();
    }

    [Theory]
    [InlineData("none", 0, 8)]
    [InlineData("all", 8, 8)]
    [InlineData("interval:4", 12, 12)]
    [InlineData("top:1", 4, 8)]
    [InlineData("deepcache:0-0", 4, 8)]
    public void Rules_reuse_what_they_say_and_the_picture_tells_the_rule(string rule, int reused, int of)
    {
        JsonElement json = _runs.Sample("a.png", "--cache", rule, "--json").Json;
        Assert.Equal((reused, of), (json.GetProperty("reusedBranches").GetInt32(), json.GetProperty("cacheBranches").GetInt32()));
        Assert.False(json.TryGetProperty("droppedBranches", out _));
        JsonElement parameters = _runs.Cli.Run("inspect", _runs.Cli.PathOf("a.png"), "--json").Json.GetProperty("parameters");
        Assert.Equal(rule, parameters.GetProperty("cache").GetString());
        string[] lines = _runs.Sample("b.png", "--cache", rule).Out.TrimEnd('\n').Split('\n');
        Assert.StartsWith(
            reused == 0
                ? $"cache {rule}: none of the {of} branches of the cache evaluations is reused"
                : $"cache {rule}: {reused} of {of} branches (attention or MLP of a block) of the cache evaluations reused, ",
            lines[^1],
            StringComparison.Ordinal);
    }

    [Fact]
    public void Dropped_branches_are_not_called_reused()
    {
        CliResult result = _runs.Sample("a.png", "--cache", "drop:all", "--json");
        Assert.Equal((0, 8), (result.Json.GetProperty("reusedBranches").GetInt32(), result.Json.GetProperty("droppedBranches").GetInt32()));
        Assert.Contains(
            "8 of 8 branches (attention or MLP of a block) of the cache evaluations dropped, 100.0 %",
            _runs.Sample("b.png", "--cache", "drop:all").Out,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_SmoothCache_file_is_recognised_by_its_content()
    {
        string path = _runs.Text("smooth.json", """{"attn": [1, 0, 1, 0], "mlp": [1, 1, 1, 0]}""");
        JsonElement json = _runs.Sample("a.png", "--cache", path, "--json").Json;
        Assert.Equal((6, "smooth.json"), (json.GetProperty("reusedBranches").GetInt32(), json.GetProperty("cache").GetString()));
    }

    [Fact]
    public void Compare_measures_against_the_run_without_caching_and_shows_both()
    {
        JsonElement json = _runs.Sample("a.png", "--cache", "all", "--compare", "--runs", "7", "--warmup", "1", "--cfg-scale", "1", "--json").Json;
        Assert.Equal(
            [_runs.Cli.PathOf("a.png"), _runs.Cli.PathOf("a-compare.png")],
            json.GetProperty("files").EnumerateArray().Select(file => file.GetString()));
        (double psnr, double distance) = (json.GetProperty("psnr").GetDouble(), json.GetProperty("relativeL2").GetDouble());
        Assert.True(json.GetProperty("timeRatio").GetDouble() > 0);
        Assert.True(json.GetProperty("imageMs").GetDouble() > 0);
        Assert.True(json.GetProperty("uncachedImageMs").GetDouble() > 0);
        Assert.Equal((8, 1), (json.GetProperty("timedRounds").GetInt32(), json.GetProperty("warmupRounds").GetInt32())); // each goes first equally often
        Assert.Equal(1 - (2 / 256.0), json.GetProperty("confidence").GetDouble(), 9);
        Assert.False(json.GetProperty("identicalPlans").GetBoolean());
        double time = json.GetProperty("timeRatio").GetDouble();
        (double low, double high) = (json.GetProperty("timeRatioLow").GetDouble(), json.GetProperty("timeRatioHigh").GetDouble());
        Assert.InRange(time, low, high);
        bool measurable = low > 1 || high < 1; // a loaded machine may hide it
        Assert.Equal(measurable, json.GetProperty("differenceMeasurable").GetBoolean());
        (long before, long after) = (json.GetProperty("macsBefore").GetInt64(), json.GetProperty("macsAfter").GetInt64());

        // Per block 12 C^2 for qkv, projection and MLP and 2 T C for the attention products per token;
        // T 16, C 32, two blocks, two evaluations of four.
        Assert.Equal(2 * 2 * ((16 * 12 * 32 * 32) + (2 * 16 * 16 * 32)), before - after);
        Assert.Equal((double)after / before, json.GetProperty("macRatio").GetDouble(), 12);
        double ideal = json.GetProperty("idealSpeedup").GetDouble();
        Assert.Equal((double)before / after, ideal, 12);
        Assert.Equal(measurable, json.TryGetProperty("realisedSpeedup", out JsonElement realised));
        Assert.Equal(measurable, json.TryGetProperty("realisedToIdeal", out JsonElement share));
        if (measurable)
        {
            Assert.Equal((1 / time, 1 / time / ideal), (realised.GetDouble(), share.GetDouble()));
        }

        JsonElement work = json.GetProperty("work"), done = work.GetProperty("total"), full = work.GetProperty("withoutCaching");
        int rows = json.GetProperty("batch").GetInt32(); // no guidance
        foreach (string kind in (string[])["macs", "macsWithoutProducts", "bytes", "ops"])
        {
            Assert.True(full.GetProperty(kind).GetInt64() > done.GetProperty(kind).GetInt64());
        }

        // Beside the branches, a plan saves the shifts and scales of those that are skipped: 4 C to C each, for every row of two evaluations.
        long modulations = 2 * 2 * 4 * 32 * 32 * rows;
        Assert.Equal(((before - after) * rows) + modulations, full.GetProperty("macs").GetInt64() - done.GetProperty("macs").GetInt64());

        float[] uncached = States("--cache", "none"), cached = States("--cache", "all");
        double squares = uncached.Zip(cached, (u, c) => Math.Pow(Math.Clamp(u, -1, 1) - Math.Clamp(c, -1, 1), 2)).Average();
        Assert.Equal(10 * Math.Log10(4 / squares), psnr, 6);
        double change = uncached.Zip(cached, (u, c) => Math.Pow(u - (double)c, 2)).Sum() / uncached.Sum(u => (double)u * u);
        Assert.Equal(Math.Sqrt(change), distance, 6);

        // Three rows of tiles: without caching, with it, and their difference.
        PngDecoder sheet = PngDecoder.Decode(File.ReadAllBytes(_runs.Cli.PathOf("a-compare.png")));
        Assert.Equal(0, _runs.Sample("n.png", "--cache", "none", "--cfg-scale", "1", "--separate").Code);
        Assert.Equal(0, _runs.Sample("c.png", "--cache", "all", "--cfg-scale", "1", "--separate").Code);
        const int Cell = 256 + 4, Margin = 24;
        int left = sheet.Width - Margin + 4 - (3 * Cell);
        int top = Enumerable.Range(0, sheet.Height).First(y => SheetPart.Shows(sheet, Picture("n", 0), 32, left, y));
        for (int image = 0; image < 3; image++)
        {
            Assert.True(SheetPart.Shows(sheet, Picture("n", image), 32, left + (image * Cell), top));
            Assert.True(SheetPart.Shows(sheet, Picture("c", image), 32, left + (image * Cell), top + Cell));
        }

        // Not the same twice.
        Assert.Contains(Enumerable.Range(0, 3), image => !SheetPart.Shows(sheet, Picture("n", image), 32, left + (image * Cell), top + Cell));

        Assert.Contains("\"comparison\":true", sheet.Text["l2c"], StringComparison.Ordinal);

        PngDecoder Picture(string stem, int image) => PngDecoder.Decode(File.ReadAllBytes(_runs.Cli.PathOf($"{stem}-00{image}.png")));

        float[] States(string option, string rule)
        {
            string path = _runs.Cli.PathOf($"{rule}.st");
            CliResult result = _runs.Sample($"{rule}.png", option, rule, "--trajectory", path, "--cfg-scale", "1");
            Assert.True(result.Code == 0, result.Err);
            (long[] shape, float[] values) = TensorReader.Floats(path, "x_steps");
            return values[^(values.Length / (int)shape[0])..];
        }
    }

    [Theory]
    [InlineData("--runs", "--runs says how often --compare measures; give --compare, too, or omit it")]
    [InlineData("--warmup", "--warmup says how often --compare measures; give --compare, too, or omit it")]
    public void Rounds_without_a_comparison_are_refused(string option, string message) =>
        _runs.Sample("a.png", "--cache", "all", option, "3").MustFail(2, message);

    [Fact]
    public void Comparing_equal_runs_finds_no_distance_and_no_psnr()
    {
        JsonElement json = _runs.Sample("a.png", "--cache", "none", "--compare", "--separate", "--json").Json;
        Assert.Equal((0.0, 1.0), (json.GetProperty("relativeL2").GetDouble(), json.GetProperty("macRatio").GetDouble()));
        Assert.False(json.TryGetProperty("psnr", out _));
        Assert.Contains("a-compare.png", _runs.Cli.Files());
        Assert.False(json.GetProperty("differenceMeasurable").GetBoolean() || json.TryGetProperty("realisedSpeedup", out _));
        Assert.True(json.GetProperty("identicalPlans").GetBoolean());
        CliResult told = _runs.Sample("b.png", "--cache", "none", "--compare", "--runs", "6");
        string[] lines = told.Out.TrimEnd('\n').Split('\n');
        Assert.Matches(
            @"^without caching [0-9.]+ ms per image; nothing is reused, so both runs are the same and any difference is noise: "
            + @"time ratio [0-9.]+ \([0-9.]+ to [0-9.]+\), 96\.9 % interval of 6 rounds$",
            lines[^2]);
        Assert.Equal("the images equal those without caching", lines[^1]);
        Assert.DoesNotContain("of the ideal", told.Out, StringComparison.Ordinal);
        Assert.Contains("l2c: note: nothing to compare: this run computes everything, too", told.Err, StringComparison.Ordinal);
    }

    [Fact]
    public void A_saved_schedule_is_overwritten_only_by_force_and_takes_no_other_files_name()
    {
        string path = _runs.Text("s.json", "kept");
        _runs.Sample("a.png", "--cache", "all", "--save-schedule", path).MustFail(1, $"{path} exists; use --force to overwrite");
        Assert.Equal("kept", File.ReadAllText(path));
        Assert.Equal(0, _runs.Sample("a.png", "--cache", "all", "--save-schedule", path, "--force").Code);
        Assert.Contains("l2c-schedule/1", File.ReadAllText(path), StringComparison.Ordinal);
        _runs.Sample("b.png", "--cache", "all", "--save-schedule", _runs.Cli.PathOf("b.png")).MustFail(2, "also the name of another output");
        string same = _runs.Cli.PathOf("same");
        _runs.Sample("b.png", "--cache", "all", "--save-schedule", same, "--trajectory", same).MustFail(2, "also the name of another output");
    }

    [Fact]
    public void A_schedule_is_saved_as_SmoothCache_lists_and_read_again()
    {
        string saved = _runs.Cli.PathOf("smooth.json");
        string[] save = ["--save-schedule", saved, "--schedule-format", "smoothcache"];
        Assert.Equal(0, _runs.Sample("a.png", ["--cache", "top:1", .. save]).Code);
        Assert.Equal("""{"attn-0":[1,1,1,1],"attn-1":[1,0,1,0],"mlp-0":[1,1,1,1],"mlp-1":[1,0,1,0]}""", File.ReadAllText(saved));
        Assert.Equal(_runs.Pixels("a.png"), _runs.Pixels("b.png", "--cache", saved));

        string[] before = _runs.Cli.Files();
        _runs.Sample("c.png", ["--cache", "drop:all", .. save, "--force"]).MustFail(2, "--schedule-format smoothcache: the lists cannot say");
        Assert.Equal(before, _runs.Cli.Files());
    }

    [Theory]
    [InlineData("tiny pixels", "ddim", "")]
    [InlineData("DiT-XL/2 256", "ddim", "was made for DiT-XL/2 256 and ddim; it fits tiny pixels and ddim in size")]
    [InlineData("tiny pixels", "ddpm", "was made for tiny pixels and ddpm; it fits tiny pixels and ddim in size")]
    public void A_schedule_for_another_model_or_sampler_is_remarked_on(string model, string sampler, string remark)
    {
        const string row = """{"role": "refresh", "compute": "1111"}""";
        string path = _runs.Schedule($"{row}, {row}, {row}, {row}", model, sampler);
        string[][] commands =
        [
            ["sample", "--out", _runs.Cli.PathOf("a.png")], ["profile", "--repeat", "1"], ["bench", "sample", "--repeat", "1", "--images", "1"],
        ];
        string checkpoint = TinyModel.Write(_runs.Cli.PathOf("model.safetensors"), TinyModel.Pixels);
        foreach (string[] command in commands)
        {
            CliResult result = _runs.Cli.Run([.. command, "--ckpt", checkpoint, "--steps", "4", "--cache", path, "--threads", "1"]);
            Assert.Equal((0, remark.Length == 0), (result.Code, result.Err.Length == 0));
            Assert.Contains(remark, result.Err, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_router_is_for_samplers_that_reuse_in_its_evaluations()
    {
        CacheRequest request = new() { Router = _runs.Router("r.st", 4, 4, (_, _) => 0) };
        NetworkInfo network = NetworkFamilies.Describe(TinyModel.Pixels);
        Assert.NotNull(CacheChoice.Decide(request, TinyModel.Pixels, SamplerCatalog.Create(network, "4", "dpm-solver++:2m")));
        RequestException refused = Assert.Throws<RequestException>(
            () => CacheChoice.Decide(request, TinyModel.Pixels, SamplerCatalog.Create(network, "4", "dpm-solver++:2s")));
        Assert.EndsWith(
            "a router for the evaluations in which ddim reuses, and dpm-solver++:2s reuses in others; sample with --sampler ddim",
            refused.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tiny pixels", 0, "router r.st, threshold 0.1")]
    [InlineData("DiT-XL/2 512", 8, "router r.st, threshold 0.9")]
    public void The_threshold_is_the_published_one_for_the_model(string model, int reused, string text)
    {
        CacheRequest request = new() { Router = _runs.Router("r.st", 4, 4, (_, _) => 0) }; // a score of 0.5
        CacheChoice choice = CacheChoice.Decide(request, TinyModel.Pixels with { Name = model }, Ddim.Table("4", eta: 0))!;
        Assert.Equal((reused, text), (choice.Reused, choice.Text));
    }

    public void Dispose() => _runs.Dispose();
}
