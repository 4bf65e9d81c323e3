using System.Text.Json;
using System.Text.Json.Nodes;
using L2c.Model.Caching;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary><c>l2c calibrate</c> and <c>l2c methods</c> on the tiny model: files in and out, and what is refused.</summary>
public sealed class CalibrateTests : IDisposable
{
    private readonly CachedRuns _runs = new();

    [Fact]
    public void A_calibrated_schedule_is_sampled_with_and_a_table_gives_it_again_without_sampling()
    {
        // Between the errors, so that some branches reuse and some do not.
        string table = PathOf("a/smoothcache-table.json");
        Assert.Equal(0, Calibrate("a", "--alpha", "0").Code);
        JsonObject figures = JsonNode.Parse(File.ReadAllText(table))!["figures"]!.AsObject();
        Assert.Equal(4 * 3, figures.Count);
        double alpha = (Mean("attn") + Mean("mlp")) / 2;
        string text = alpha.ToString("R", System.Globalization.CultureInfo.InvariantCulture);

        JsonElement sampled = Calibrate("b", "--alpha", $"{text},9", "--json").Json;
        Assert.Equal(
            [PathOf($"b/smoothcache-{text}.json"), PathOf("b/smoothcache-9.json")],
            sampled.GetProperty("schedules").EnumerateArray().Select(s => s.GetProperty("file").GetString()));
        Assert.Equal(File.ReadAllText(table), File.ReadAllText(PathOf("b/smoothcache-table.json")));
        JsonElement first = sampled.GetProperty("schedules")[0];
        Assert.InRange(first.GetProperty("computedBranches").GetInt32(), 9, 15); // of 16, all of the first and last evaluation
        Assert.InRange(first.GetProperty("macRatio").GetDouble(), 0.3, 0.99);
        Assert.Equal(8, sampled.GetProperty("schedules")[1].GetProperty("computedBranches").GetInt32());

        CliResult again = Calibrate("c", "--alpha", text, "--table", table);
        Assert.Equal((0, ""), (again.Code, again.Err));
        Assert.DoesNotContain("(", again.Out, StringComparison.Ordinal);
        Assert.Contains("4 evaluations, 3 images", again.Out, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllText(PathOf($"b/smoothcache-{text}.json")), File.ReadAllText(PathOf($"c/smoothcache-{text}.json")));
        Assert.Equal([$"smoothcache-{text}.json"], _runs.Cli.Files("c"));

        string remarks = Calibrate("e", "--alpha", "9,10", "--table", table).Out;
        Assert.Contains("smoothcache-9.json (computes nothing but the first and the last evaluation; try a smaller alpha)\n", remarks, StringComparison.Ordinal);
        Assert.Contains("smoothcache-10.json (the same schedule as for 9)\n", remarks, StringComparison.Ordinal);
        _runs.Sample("t.png", "--cache", table).MustFail(4, "this is the table of a calibration; l2c calibrate --table FILE makes schedules of it");

        int skipped = 16 - first.GetProperty("computedBranches").GetInt32();
        Assert.Equal(skipped, Reused(PathOf($"b/smoothcache-{text}.json"), "b.png"));
        Assert.Equal(0, Calibrate("d", "--alpha", text, "--schedule-format", "smoothcache").Code);
        Assert.Equal(skipped, Reused(PathOf($"d/smoothcache-{text}.json"), "d.png"));

        double Mean(string component) => Enumerable.Range(0, 2).Average(block => figures[$"{component}-{block}:1"]![1]!.GetValue<double>());
    }

    [Theory]
    [InlineData("teacache", "--delta", "9")]
    [InlineData("magcache", "--delta", "9")]
    [InlineData("easycache", "--tau", "9", "--ret-steps", "2")]
    public void Methods_for_the_whole_network_replace_all_blocks(string method, params string[] options)
    {
        JsonElement made = Calibrate("a", ["--method", method, .. options, "--json"]).Json.GetProperty("schedules")[0];
        int computed = made.GetProperty("computedBranches").GetInt32();
        Assert.True(computed is > 0 and < 16 && computed % 4 == 0, $"{computed}");
        JsonElement json = _runs.Sample("a.png", "--cache", made.GetProperty("file").GetString()!, "--json").Json;
        Assert.Equal(made.GetProperty("macRatio").GetDouble(), json.GetProperty("macRatio").GetDouble());
        Assert.NotEqual(_runs.Pixels("a.png"), _runs.Pixels("none.png", "--cache", "none"));
    }

    [Fact]
    public void What_does_not_fit_is_told_in_one_line_and_leaves_nothing()
    {
        Assert.Equal(0, Calibrate("a", "--alpha", "1").Code);
        string table = PathOf("a/smoothcache-table.json");
        Calibrate("a", "--alpha", "2").MustFail(1, "smoothcache-table.json");
        Calibrate("x", "--delta", "1").MustFail(2, "--delta applies to teacache, not to smoothcache; omit it, or give --method teacache");
        Calibrate("x", "--method", "magcache", "--lookahead", "1").MustFail(2, "--lookahead applies to smoothcache");
        Calibrate("x", "--alpha", "0.1,x").MustFail(2, "--alpha needs numbers of at least 0 with commas between them, not '0.1,x'");
        Calibrate("x", "--method", "magcache", "--table", table).MustFail(2, "measured for smoothcache, not for magcache");
        Calibrate("x", "--table", table, "--lookahead", "4", "--steps", "5").MustFail(2, "measured over 4 evaluations, but --steps gives 5");
        Calibrate("x", "--method", "teacache", "--schedule-format", "smoothcache").MustFail(2, "all blocks are replaced together, as teacache does");
        Calibrate("x", "--table", _runs.Text("t.json", "{}")).MustFail(4, "not a calibration table");
        Calibrate("x", "--table", _runs.Text("t.json", File.ReadAllText(table).Replace("attn-1:2", "attn-1:9", StringComparison.Ordinal)))
            .MustFail(2, "the table has no figures \"attn-1:2\"");
        Calibrate("a/smoothcache-table.json").MustFail(1, "is a file; name a folder");
        Assert.False(Directory.Exists(PathOf("x")));
    }

    [Fact]
    public void An_interrupted_calibration_leaves_nothing()
    {
        CliResult result = _runs.Cli.Run(new CancellationToken(canceled: true), Arguments("a", []));
        Assert.Equal(130, result.Code);
        Assert.False(Directory.Exists(PathOf("a")));
    }

    [Fact]
    public void A_table_of_another_sampler_is_used_and_told()
    {
        Assert.Equal(0, Calibrate("a", "--alpha", "1", "--sampler", "ddpm").Code);
        CliResult result = Calibrate("b", "--alpha", "1", "--table", PathOf("a/smoothcache-table.json"));
        Assert.Equal(0, result.Code);
        Assert.Contains("was measured on tiny pixels with ddpm; it fits tiny pixels and ddim in size", result.Err, StringComparison.Ordinal);
    }

    [Fact]
    public void Methods_are_listed_and_the_manual_has_them()
    {
        JsonElement methods = _runs.Cli.Run("methods", "--json").Json.GetProperty("methods");
        Assert.Equal(CachingMethods.All.Count, methods.GetArrayLength());
        JsonElement smooth = methods.EnumerateArray().Single(m => m.GetProperty("use").GetString() == "l2c calibrate --method smoothcache");
        Assert.Equal("SmoothCache", smooth.GetProperty("name").GetString());
        string printed = _runs.Cli.Run("methods").Out;
        Assert.All(CachingMethods.All, m => Assert.Contains($"{m.Name}: {m.Use}\n  {m.Formula}\n", printed, StringComparison.Ordinal));

        string page = Path.Combine(RepositoryPaths.Root ?? "", "docs", "caching-methods.md");
        Assert.SkipUnless(File.Exists(page), "the repository's manuals are not here");
        string text = File.ReadAllText(page);
        Assert.All(CachingMethods.All, m => Assert.Contains($"| {m.Name} | `{m.Use}` | {m.Kept} | {m.Traffic} |\n", text, StringComparison.Ordinal));
    }

    public void Dispose() => _runs.Dispose();

    private string PathOf(string name) => _runs.Cli.PathOf(name);

    private int Reused(string schedule, string picture) =>
        _runs.Sample(picture, "--cache", schedule, "--json").Json.GetProperty("reusedBranches").GetInt32();

    private CliResult Calibrate(string folder, params string[] options) => _runs.Cli.Run(Arguments(folder, options));

    /// <summary>Four evaluations of the tiny model, whose two blocks make four branches, on three images in two batches.</summary>
    private string[] Arguments(string folder, string[] options)
    {
        string checkpoint = PathOf("model.safetensors");
        if (!File.Exists(checkpoint))
        {
            TinyModel.Write(checkpoint, TinyModel.Pixels);
        }

        string[] steps = options.Contains("--steps") ? [] : ["--steps", "4"];
        return ["calibrate", "--ckpt", checkpoint, "--count", "3", "--batch", "2", .. steps, "--out", PathOf(folder), .. options];
    }
}
