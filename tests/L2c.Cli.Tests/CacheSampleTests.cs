using System.Text.Json;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Testing;

namespace L2c.Cli.Tests;

public sealed partial class CacheSampleTests : IDisposable
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
