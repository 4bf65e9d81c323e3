using System.Text;
using System.Text.Json;
using L2c.Weights.Safetensors;

namespace L2c.Cli.Tests;

public sealed class CacheSampleTests : IDisposable
{
    // Four steps: evaluations 0 and 2 refresh, 1 and 3 are cache evaluations with rows 2 and 0 of a router. Two blocks: four branches.
    private const string Refresh = """{"role": "refresh", "compute": "1111"}""";

    private readonly CliRunner _cli = new();

    [Fact]
    public void A_router_and_its_saved_schedule_give_the_same_picture_and_count_what_they_reuse()
    {
        string router = Router("r.safetensors", 4, 4, (row, branch) => row % 2 == 0 && branch < 3 ? -3 : 3); // sigmoid(-3) = 0.047
        string saved = _cli.PathOf("schedule.json");
        JsonElement json = Sample("a.png", "--path", router, "--save-schedule", saved, "--json").Json;
        Assert.Equal((6, 8), (json.GetProperty("reusedBranches").GetInt32(), json.GetProperty("cacheBranches").GetInt32()));
        Assert.Equal("router r.safetensors, threshold 0.1", json.GetProperty("cache").GetString());
        Assert.Equal([_cli.PathOf("a.png"), saved], json.GetProperty("files").EnumerateArray().Select(file => file.GetString()));

        // Three branches are kept for one evaluation each; a later one takes a slot over only when its reader is done: three slots of 3 x 2 rows, fp32.
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

        Assert.Equal(6, Sample("b.png", "--cache", saved, "--json").Json.GetProperty("reusedBranches").GetInt32());
        Assert.Equal(Pixels("a.png"), Pixels("b.png"));
        Assert.NotEqual(Pixels("a.png"), Pixels("c.png", "--cache", "none"));

        string Word(string name) => schedule.GetProperty(name).GetString()!;
    }

    [Fact]
    public void The_threshold_decides_and_no_reuse_is_the_uncached_picture()
    {
        string router = Router("r.safetensors", 4, 4, (_, _) => 0); // a score of 0.5, computed only where it is above the threshold
        Assert.Equal(0, Reused("--threshold", "0.49"));
        Assert.Equal(8, Reused("--thres", "0.5"));
        Assert.Equal(Pixels("none.png"), Pixels("t.png", "--router", router, "--threshold", "0.49"));

        int Reused(string option, string value) =>
            Sample($"{option}.png", "--router", router, option, value, "--json").Json.GetProperty("reusedBranches").GetInt32();
    }

    [Theory]
    [InlineData("none", 0, 8)]
    [InlineData("all", 8, 8)]
    [InlineData("interval:4", 12, 12)]
    [InlineData("top:1", 4, 8)]
    [InlineData("deepcache:0-0", 4, 8)]
    public void Rules_reuse_what_they_say_and_the_picture_tells_the_rule(string rule, int reused, int of)
    {
        JsonElement json = Sample("a.png", "--cache", rule, "--json").Json;
        Assert.Equal((reused, of), (json.GetProperty("reusedBranches").GetInt32(), json.GetProperty("cacheBranches").GetInt32()));
        Assert.False(json.TryGetProperty("droppedBranches", out _));
        Assert.Equal(rule, _cli.Run("inspect", _cli.PathOf("a.png"), "--json").Json.GetProperty("parameters").GetProperty("cache").GetString());
        string[] lines = Sample("b.png", "--cache", rule).Out.TrimEnd('\n').Split('\n');
        Assert.StartsWith($"cache {rule}: {reused} of {of} branches of the cache evaluations reused", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Dropped_branches_are_not_called_reused()
    {
        CliResult result = Sample("a.png", "--cache", "drop:all", "--json");
        Assert.Equal((0, 8), (result.Json.GetProperty("reusedBranches").GetInt32(), result.Json.GetProperty("droppedBranches").GetInt32()));
        Assert.Contains(
            "8 of 8 branches of the cache evaluations dropped (100.00 %)", Sample("b.png", "--cache", "drop:all").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_SmoothCache_file_is_recognised_by_its_content()
    {
        string path = Text("smooth.json", """{"attn": [1, 0, 1, 0], "mlp": [1, 1, 1, 0]}""");
        JsonElement json = Sample("a.png", "--cache", path, "--json").Json;
        Assert.Equal((6, "smooth.json"), (json.GetProperty("reusedBranches").GetInt32(), json.GetProperty("cache").GetString()));
    }

    [Theory]
    [InlineData(4, 6, "a router for a U-ViT of 3 blocks, but tiny pixels is a DiT")]
    [InlineData(4, 8, "a router for 4 blocks, but tiny pixels has 2")]
    [InlineData(6, 4, "a router for 6 evaluations, but --steps makes 4; sample with --steps 6")]
    public void A_router_for_something_else_ends_with_code_2(int rows, int branches, string message)
    {
        string router = Router("r.safetensors", rows, branches, (_, _) => 1);
        Sample("a.png", "--router", router).MustFail(2, $"{router}: {message}");
        Assert.DoesNotContain("a.png", _cli.Files());
    }

    [Theory]
    [InlineData(
        "{\"role\": \"cache\", \"compute\": \"1011\"}, " + Refresh + ", " + Refresh + ", " + Refresh,
        "evaluation 0 reuses branch 1 (block 0 mlp) before any")]
    [InlineData(Refresh + ", " + Refresh + ", " + Refresh, "3 evaluations, but the sampler makes 4")]
    [InlineData(
        Refresh + ", {\"role\": \"cache\", \"compute\": \"101\"}, " + Refresh + ", " + Refresh,
        "evaluation 1 has 3 branches, evaluation 0 has 4")]
    [InlineData("{\"role\": \"refresh\", \"compute\": \"111111\"}", "6 branches (3 blocks), but the network has 4 (2 blocks)")]
    [InlineData(
        Refresh + ", {\"role\": \"refresh\", \"compute\": \"1011\"}, " + Refresh + ", " + Refresh,
        "evaluation 1 is a refresh but skips branch 1")]
    public void A_schedule_that_cannot_be_run_ends_with_code_2(string evaluations, string message)
    {
        string path = Schedule(evaluations);
        CliResult result = Sample("a.png", "--cache", path);
        result.MustFail(2, message);
        Assert.Contains($"error: {path}: ", result.Err, StringComparison.Ordinal);
    }

    [Fact]
    public void SmoothCache_that_reuses_before_it_computes_ends_with_code_2()
    {
        string path = Text("s.json", """{"attn": [0, 0, 1, 0], "mlp": [1, 1, 1, 0]}""");
        Sample("a.png", "--cache", path).MustFail(
            2, $"{path}: schedule: evaluation 0 reuses branch 0 (block 0 attention) before any evaluation computed it");
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Logits_that_are_not_finite_end_with_code_4(float value)
    {
        string router = Router("r.safetensors", 4, 4, (row, branch) => (row, branch) == (2, 1) ? value : 1);
        Sample("a.png", "--router", router).MustFail(4, router);
    }

    [Fact]
    public void A_file_that_holds_no_router_ends_with_code_4()
    {
        string vectors = _cli.PathOf("v.safetensors");
        SafetensorsData.Write(vectors, [("0.prob", [4], new float[4]), ("1.prob", [3], new float[3])], new Dictionary<string, string>(), false);
        Sample("a.png", "--router", vectors).MustFail(4, vectors);
        string noise = Text("r.pt", "no router");
        Sample("a.png", "--router", noise).MustFail(4, noise);
        string model = TinyModel.Write(_cli.PathOf("m.safetensors"), TinyModel.Pixels);
        Sample("a.png", "--router", model).MustFail(4, model);
    }

    [Theory]
    [InlineData("{", "is no valid JSON (line 1)")]
    [InlineData("[]", "not a SmoothCache schedule")]
    [InlineData("{\"attn\": [1, 2]}", "not a SmoothCache schedule")]
    [InlineData("{\"format\": \"l2c-schedule/2\", \"model\": \"\", \"sampler\": \"\", \"steps\": 4, \"evaluations\": []}", "this version reads")]
    [InlineData("{\"format\": \"l2c-schedule/1\"}", "not a schedule")]
    public void A_damaged_schedule_file_ends_with_code_4(string text, string message)
    {
        string path = Text("s.json", text);
        CliResult result = Sample("a.png", "--cache", path);
        result.MustFail(4, message);
        Assert.Contains($"error: {path}: ", result.Err, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--router and --cache exclude each other", "--router", "r.pt", "--cache", "all")]
    [InlineData("--threshold belongs to a router", "--cache", "all", "--threshold", "0.5")]
    [InlineData("--threshold 1.5: scores lie between 0 and 1", "--router", "r.pt", "--threshold", "1.5")]
    [InlineData("--save-schedule needs a schedule", "--save-schedule", "s.json")]
    [InlineData("--compare needs a schedule", "--compare")]
    [InlineData("cache rule \"most\": no such rule", "--cache", "most")]
    [InlineData("cache rule \"top:3\": 3 is no whole number between 0 and 2", "--cache", "top:3")]
    public void Options_that_do_not_fit_together_end_with_code_2(string message, params string[] options) =>
        Sample("a.png", options).MustFail(2, message);

    [Fact]
    public void Compare_measures_against_the_run_without_caching_and_shows_both()
    {
        JsonElement json = Sample("a.png", "--cache", "all", "--compare", "--cfg-scale", "1", "--json").Json;
        Assert.Equal(
            [_cli.PathOf("a.png"), _cli.PathOf("a-compare.png")], json.GetProperty("files").EnumerateArray().Select(file => file.GetString()));
        (double psnr, double distance) = (json.GetProperty("psnr").GetDouble(), json.GetProperty("relativeL2").GetDouble());
        Assert.True(json.GetProperty("timeRatio").GetDouble() > 0);
        Assert.Equal(5, json.GetProperty("timedRounds").GetInt32());
        (long before, long after) = (json.GetProperty("macsBefore").GetInt64(), json.GetProperty("macsAfter").GetInt64());

        // Per block 12 C^2 for qkv, projection and MLP and 2 T C for the attention products per token;
        // T 16, C 32, two blocks, two evaluations of four.
        Assert.Equal(2 * 2 * ((16 * 12 * 32 * 32) + (2 * 16 * 16 * 32)), before - after);
        Assert.Equal((double)after / before, json.GetProperty("macRatio").GetDouble(), 12);
        (double ideal, double realised) = (json.GetProperty("idealSpeedup").GetDouble(), json.GetProperty("realisedSpeedup").GetDouble());
        Assert.Equal((double)before / after, ideal, 12);
        Assert.Equal(1 / json.GetProperty("timeRatio").GetDouble(), realised, 12);
        Assert.Equal(realised / ideal, json.GetProperty("realisedToIdeal").GetDouble(), 12);
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

        PngDecoder sheet = PngDecoder.Decode(File.ReadAllBytes(_cli.PathOf("a-compare.png")));
        PngDecoder left = PngDecoder.Decode(File.ReadAllBytes(_cli.PathOf("none.png")));
        PngDecoder right = PngDecoder.Decode(File.ReadAllBytes(_cli.PathOf("a.png")));
        int title = sheet.Height - left.Height;
        Assert.Equal(2 * left.Width, sheet.Width);
        Assert.True(title > 0);
        Assert.Contains((byte)232, sheet.Pixels[..(3 * title * sheet.Width)]); // ink of the titles
        for (int y = 0; y < left.Height; y++)
        {
            Assert.Equal(left.Pixels.AsSpan(3 * y * left.Width, 3 * left.Width), sheet.Pixels.AsSpan(3 * (title + y) * sheet.Width, 3 * left.Width));
            Assert.Equal(
                right.Pixels.AsSpan(3 * y * left.Width, 3 * left.Width),
                sheet.Pixels.AsSpan(3 * (((title + y) * sheet.Width) + left.Width), 3 * left.Width));
        }

        Assert.Contains("\"comparison\":true", sheet.Text["l2c"], StringComparison.Ordinal);

        float[] States(string option, string rule)
        {
            string path = _cli.PathOf($"{rule}.st");
            CliResult result = Sample($"{rule}.png", option, rule, "--trajectory", path, "--cfg-scale", "1");
            Assert.True(result.Code == 0, result.Err);
            (long[] shape, float[] values) = TensorReader.Floats(path, "x_steps");
            return values[^(values.Length / (int)shape[0])..];
        }
    }

    [Fact]
    public void Comparing_equal_runs_finds_no_distance_and_no_psnr()
    {
        JsonElement json = Sample("a.png", "--cache", "none", "--compare", "--separate", "--json").Json;
        Assert.Equal((0.0, 1.0), (json.GetProperty("relativeL2").GetDouble(), json.GetProperty("macRatio").GetDouble()));
        Assert.False(json.TryGetProperty("psnr", out _));
        Assert.Contains("a-compare.png", _cli.Files());
        string[] lines = Sample("b.png", "--cache", "none", "--compare").Out.TrimEnd('\n').Split('\n');
        Assert.EndsWith("0.00 % of the MACs saved: ideal speed-up 1.0000", lines[^2], StringComparison.Ordinal);
        Assert.Matches(@"^against no caching: speed-up [0-9.]+ \(median of 5 interleaved rounds\), [0-9.]+ % of the ideal", lines[^1]);
    }

    [Fact]
    public void A_missing_file_ends_with_code_1()
    {
        Sample("a.png", "--cache", _cli.PathOf("none.json")).MustFail(1, "none.json: no such file");
        Sample("a.png", "--router", _cli.PathOf("none.pt")).MustFail(1, "none.pt: no such file");
    }

    [Fact]
    public void A_saved_schedule_is_overwritten_only_by_force_and_takes_no_other_files_name()
    {
        string path = Text("s.json", "kept");
        Sample("a.png", "--cache", "all", "--save-schedule", path).MustFail(1, $"{path} exists; use --force to overwrite");
        Assert.Equal("kept", File.ReadAllText(path));
        Assert.Equal(0, Sample("a.png", "--cache", "all", "--save-schedule", path, "--force").Code);
        Assert.Contains("l2c-schedule/1", File.ReadAllText(path), StringComparison.Ordinal);
        Sample("b.png", "--cache", "all", "--save-schedule", _cli.PathOf("b.png")).MustFail(2, "also the name of another file");
        string same = _cli.PathOf("same");
        Sample("b.png", "--cache", "all", "--save-schedule", same, "--trajectory", same).MustFail(2, "also the name of another file");
    }

    public void Dispose() => _cli.Dispose();

    private CliResult Sample(string picture, params string[] options)
    {
        string checkpoint = _cli.PathOf("model.safetensors");
        if (!File.Exists(checkpoint))
        {
            TinyModel.Write(checkpoint, TinyModel.Pixels);
        }

        return _cli.Run(["sample", "--ckpt", checkpoint, "--steps", "4", "--count", "3", "--out", _cli.PathOf(picture), .. options]);
    }

    /// <summary>Pixels of a picture, sampled now unless it exists.</summary>
    private byte[] Pixels(string picture, params string[] options)
    {
        if (!File.Exists(_cli.PathOf(picture)))
        {
            CliResult result = Sample(picture, options);
            Assert.True(result.Code == 0, result.Err);
        }

        return PngDecoder.Decode(File.ReadAllBytes(_cli.PathOf(picture))).Pixels;
    }

    private string Router(string name, int rows, int branches, Func<int, int, float> logit)
    {
        string path = _cli.PathOf(name);
        (string, long[], float[])[] tensors =
            [.. Enumerable.Range(0, rows).Select(
                r => ($"{r}.prob", new long[] { branches }, Enumerable.Range(0, branches).Select(b => logit(r, b)).ToArray()))];
        SafetensorsData.Write(path, tensors, new Dictionary<string, string>(), overwrite: false);
        return path;
    }

    private string Schedule(string evaluations) => Text(
        "s.json", $$"""{"format": "l2c-schedule/1", "model": "m", "sampler": "ddim", "steps": 4, "evaluations": [{{evaluations}}]}""");

    private string Text(string name, string content)
    {
        File.WriteAllText(_cli.PathOf(name), content, new UTF8Encoding(false));
        return _cli.PathOf(name);
    }
}
