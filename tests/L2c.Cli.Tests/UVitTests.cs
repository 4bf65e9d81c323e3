using System.Text.Json;
using L2c.Cli.Tests.Evaluation;
using L2c.Testing;
using L2c.Weights.Layouts;

namespace L2c.Cli.Tests;

/// <summary>What the commands do with a network of another family: everything, with its own sampler and roles.</summary>
public sealed class UVitTests : IDisposable
{
    private readonly CachedRuns _runs = new();
    private readonly CliRunner _cli;
    private readonly string _ckpt;

    public UVitTests()
    {
        _cli = _runs.Cli;
        _ckpt = TinyModel.Write(_cli.PathOf("skips.safetensors"), TinyModel.LongSkips);
    }

    [Fact]
    public void A_sample_takes_its_authors_sampler_and_a_router_reuses_in_the_first_evaluation_of_a_step()
    {
        // Rows 1 and 2 of six are read: evaluations 2 and 4. Six branches.
        string router = _runs.Router("r.safetensors", 6, 6, (row, branch) => branch < 4 ? -9 : 9);
        string saved = _cli.PathOf("s.json");
        JsonElement json = Sample("a.png", "--steps", "6", "--router", router, "--save-schedule", saved, "--json").Json;
        Assert.Equal(("dpm-solver++:2s", 6), (json.GetProperty("sampler").GetString(), json.GetProperty("evaluations").GetInt32()));
        Assert.Equal((8, 12), (json.GetProperty("reusedBranches").GetInt32(), json.GetProperty("cacheBranches").GetInt32()));
        Assert.Equal("router r.safetensors, threshold 0.9", json.GetProperty("cache").GetString());
        Assert.Equal(
            ["refresh", "refresh", "cache", "refresh", "cache", "refresh"],
            JsonElement.Parse(File.ReadAllText(saved)).GetProperty("evaluations").EnumerateArray().Select(e => e.GetProperty("role").GetString()));
        Assert.Equal(8, Sample("b.png", "--steps", "6", "--cache", saved, "--json").Json.GetProperty("reusedBranches").GetInt32());
        Assert.Equal(Pixels("a.png"), Pixels("b.png"));

        // An odd number loses one, and a row of guidance less is half the work.
        Assert.Equal(6, Sample("c.png", "--steps", "7", "--cfg-scale", "1", "--json").Json.GetProperty("evaluations").GetInt32());
        Assert.Equal(0, Sample("d.png", "--steps", "6", "--sampler", "ddim", "--compare", "--cache", "all").Code);
    }

    [Fact]
    public void A_segment_that_cuts_a_long_skip_is_refused_in_one_line_before_weights_are_read()
    {
        Sample("a.png", "--steps", "6", "--cache", "delta-dit:2:2:3").MustFail(
            2, "--cache: schedule: segment 0 to 3 (block 0 attention to block 1 mlp) cuts the long skip of ");
        Assert.Equal(0, Sample("b.png", "--steps", "6", "--cache", "taylor-lite:2:1").Code);
    }

    [Fact]
    public void A_network_without_classes_is_sampled_without_any()
    {
        UVitArchitecture bare = TinyModel.LongSkips with { Name = "bare", NumClasses = 0, HasNullClass = false, ClassNames = [], FinalConv = true };
        string ckpt = TinyModel.Write(_cli.PathOf("bare.safetensors"), bare);
        JsonElement json = _cli.Run("sample", "--ckpt", ckpt, "--steps", "4", "--out", _cli.PathOf("a.png"), "--json").Json;
        Assert.Equal((8, 1), (json.GetProperty("images").GetInt32(), json.GetProperty("cfgScale").GetDouble()));
        _cli.Run("sample", "--ckpt", ckpt, "--classes", "0", "--out", _cli.PathOf("b.png")).MustFail(2, "bare has no classes");
        _cli.Run("sample", "--ckpt", ckpt, "--cfg-scale", "2", "--out", _cli.PathOf("b.png")).MustFail(2, "has no null class");
    }

    [Fact]
    public void A_router_is_trained_continued_and_used()
    {
        string ckpt = TinyModel.Write(_cli.PathOf("shapes.safetensors"), TinyModel.LongSkips with
        {
            Name = "shapes",
            InputSize = 32,
            PatchSize = 8,
            HiddenSize = 16,
            NumClasses = 10,
            ClassNames = [],
        });
        Assert.Equal(0, _cli.Run(TrainingRuns.Router(ckpt, _cli.PathOf("run"))).Code);
        string router = _cli.PathOf("run/router.pt");
        JsonElement inspected = _cli.Run("inspect", router, "--json").Json;
        Assert.Equal((10, 6), (inspected.GetProperty("steps").GetInt32(), inspected.GetProperty("branches").GetInt32()));
        Assert.Equal("uvit", inspected.GetProperty("router").GetProperty("model").GetProperty("architecture").GetProperty("target").GetString());

        // Rows 0 and 5 .. 9 belong to no cache evaluation.
        float[] logits = TensorReader.Floats(_cli.PathOf("run/router.safetensors"), "logits").Values;
        Assert.Equal(0, _cli.Run(TrainingRuns.Router(ckpt, _cli.PathOf("more"), "--init", router, "--image-free")).Code);
        float[] more = TensorReader.Floats(_cli.PathOf("more/router.safetensors"), "logits").Values;
        Assert.Equal(logits[..6], more[..6]);
        Assert.Equal(logits[30..], more[30..]);
        Assert.NotEqual(logits[6..30], more[6..30]);

        // An odd row is read by nothing, so the router is one for ten evaluations.
        string odd = _runs.Router("odd.safetensors", 11, 6, (row, branch) => row - branch);
        Assert.Equal(0, _cli.Run(TrainingRuns.Router(ckpt, _cli.PathOf("odd"), "--init", odd, "--image-free")).Code);
        Assert.Equal(
            0, _cli.Run("sample", "--ckpt", ckpt, "--steps", "10", "--count", "2", "--router", router, "--threshold", "0.5", "--out", _cli.PathOf("a.png")).Code);
        _cli.Run(TrainingRuns.Router(ckpt, _cli.PathOf("none"), "--steps", "2")).MustFail(2, "one step has nothing to reuse");
        _cli.Run("train", "--init", ckpt, "--device", "cpu", "--out", _cli.PathOf("model")).MustFail(2, "the weights of a U-ViT are not trained here");
    }

    [Fact]
    public void It_is_profiled_and_measured_by_name_and_by_checkpoint()
    {
        string plan = _cli.Run("profile", "--plan", "--ckpt", _ckpt, "--steps", "4", "--cache", "all", "--device", "cpu").Out;
        Assert.Contains("6 reused (100.00 % of the 6 in 1 cache evaluation)", plan, StringComparison.Ordinal);
        JsonElement forward = _cli.Run(
            "bench", "forward", "--model", "U-ViT-2x32x2/2", "--image-size", "64", "--batch", "2", "--repeat", "1", "--threads", "1", "--json").Json;
        Assert.Equal((0, "U-ViT-2x32x2/2 64"), (forward.GetProperty("nonFiniteCount").GetInt32(), forward.GetProperty("model").GetString()));
        JsonElement sample = _cli.Run(
            "bench", "sample", "--ckpt", _ckpt, "--images", "2", "--steps", "4", "--cache", "all", "--repeat", "2", "--threads", "1", "--json").Json;
        Assert.Equal((4, 0), (sample.GetProperty("evaluations").GetInt32(), sample.GetProperty("nonFiniteCount").GetInt32()));
    }

    [Fact]
    public void A_sweep_takes_numbers_of_evaluations_that_fill_whole_steps()
    {
        CliResult result = _cli.Run(
            "sweep", "--ckpt", _ckpt, "--steps", "8", "--rules", "steps,top", "--mac-ratios", "0.8,0.6", "--count", "12", "--data", Data(), "--data-count", "12",
            "--device", "cpu", "--out", _cli.PathOf("out"));
        Assert.True(result.Code == 0, result.Err);
        string[] rows = File.ReadAllLines(_cli.PathOf("out/sweep.csv"))[1..];
        string[] steps = [.. rows.Where(row => row.StartsWith("steps,", StringComparison.Ordinal)).Select(row => row.Split(',')[2])];
        Assert.NotEmpty(steps);
        Assert.All(steps, count => Assert.Equal(0, int.Parse(count) % 2));
    }

    [Fact]
    public void Its_samples_are_evaluated_like_those_of_any_network()
    {
        JsonElement json = _cli.Run(
            "evaluate", "--ckpt", _ckpt, "--steps", "8", "--count", "12", "--ddim", "none", "--cache", "all", "--data", Data(), "--data-count", "12",
            "--device", "cpu", "--json").Json;
        Assert.Equal("dpm-solver++:2s", json.GetProperty("parameters").GetProperty("sampler").GetString());
        Assert.True(json.GetProperty("samples").GetProperty("frechet").GetDouble() > json.GetProperty("floor").GetProperty("frechet").GetDouble());
    }

    public void Dispose() => _runs.Dispose();

    private CliResult Sample(string picture, params string[] options) =>
        _cli.Run(["sample", "--ckpt", _ckpt, "--count", "3", "--out", _cli.PathOf(picture), .. options]);

    private byte[] Pixels(string picture) => SheetPart.Pictures(_cli.PathOf(picture));

    private string Data()
    {
        string path = _cli.PathOf("data.safetensors");
        EvaluationRuns.Write(path, EvaluationRuns.Pixels(20, 8, seed: 1), 8);
        return path;
    }
}
