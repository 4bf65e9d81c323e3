using System.Text.Json;
using L2c.Model.Accounting;
using L2c.Testing;

namespace L2c.Cli.Tests;

public sealed class BenchTests : IDisposable
{
    private const string Tiny = "2x32x2/2";

    private readonly CliRunner _cli = new();

    [Fact]
    public void A_forward_is_measured_on_random_weights_and_its_figures_fit_together()
    {
        JsonElement json = Forward("--json").Json;
        Assert.Equal(
            [
                "model", "device", "dtype", "threads", "isa", "weights", "batch", "repeat", "medianMs", "minMs", "maxMs", "gflop", "gflops",
                "peakShare", "peakGflops", "residentMiB", "weightBytes", "runBytes", "loadMs", "planMs", "nonFiniteCount",
            ],
            json.EnumerateObject().Select(property => property.Name).Where(name => name != "peakSpread")); // missing where other work held the cores
        Assert.Equal(("2x32x2/2 64", "random", "fp32"), (Text("model"), Text("weights"), Text("dtype")));
        Assert.Equal((3, 5, 1, 0), (Number("batch"), Number("repeat"), Number("threads"), Number("nonFiniteCount")));
        Assert.Contains(Text("isa"), Text("device"), StringComparison.Ordinal);

        // What the ops count is what the formula says.
        NetworkCost cost = NetworkCost.Of(NamedNetwork.Find(Tiny, 64));
        Assert.Equal(2 * 3 * cost.Evaluation / 1e9, Number("gflop"), 1e-6);
        Assert.InRange(Number("medianMs"), Number("minMs"), Number("maxMs"));
        Assert.True(Number("minMs") > 0);
        Assert.InRange(Number("gflops") / (Number("gflop") / Number("medianMs") * 1e3), 0.95, 1.05); // the printed median is rounded
        Assert.Equal(Number("gflops") / Number("peakGflops"), Number("peakShare"), 1e-9);
        Assert.True(Number("peakShare") > 0);
        Assert.InRange(Number("residentMiB"), 10, 10_000);

        string Text(string name) => json.GetProperty(name).GetString()!;
        double Number(string name) => json.GetProperty(name).GetDouble();
    }

    [Fact]
    public void A_person_reads_lines_and_a_checkpoint_is_measured_too()
    {
        string[] lines = Forward().Out.TrimEnd('\n').Split('\n');
        Assert.StartsWith("2x32x2/2 64 (random weights), forward, batch 3, on cpu (", lines[0], StringComparison.Ordinal);
        Assert.Matches(@"^median [0-9.]+ ms, [0-9.]+ to [0-9.]+ ms \(5 runs\)$", lines[1]);
        Assert.Matches(@"^[0-9.]+ [kMGT]FLOP, [0-9.]+ GFLOP/s, [0-9.]+ % of the [0-9.]+ GFLOP/s measured now "
            + @"\((best five rounds within [0-9.]+ %|estimated, [a-z ]+)\)$", lines[2]);
        Assert.Equal(4, lines.Length);

        string checkpoint = TinyModel.Write(_cli.PathOf("tiny.st"), TinyModel.Pixels);
        JsonElement json = _cli.Run("bench", "forward", "--ckpt", checkpoint, "--batch", "1", "--repeat", "1", "--threads", "1", "--json").Json;
        CliResult Bench(params string[] more) =>
            _cli.Run(["bench", "forward", "--batch", "1", "--repeat", "1", "--threads", "1", .. more]);
        string bare = TinyModel.Write(_cli.PathOf("bare.st"), TinyModel.Latents, described: false);
        Bench("--ckpt", bare).MustFail(4, "--heads");
        Assert.Equal(0, Bench("--ckpt", bare, "--heads", "2").Code);
        Bench("--ckpt", checkpoint, "--use", "ema").MustFail(4, checkpoint);
        Bench("--model", Tiny, "--heads", "2").MustFail(2, "--use, --heads and --num-classes apply to a checkpoint");
        Assert.Equal((checkpoint, "tiny pixels"), (json.GetProperty("weights").GetString(), json.GetProperty("model").GetString()));
    }

    [Fact]
    public void A_cached_run_is_measured_in_turn_with_the_full_one()
    {
        string[] bench =
        [
            "bench", "sample", "--model", Tiny, "--image-size", "64", "--images", "1", "--steps", "4", "--threads", "1", "--json",
        ];
        JsonElement full = _cli.Run([.. bench, "--repeat", "3"]).Json;
        Assert.False(full.TryGetProperty("timeRatio", out _) || full.TryGetProperty("cache", out _));
        JsonElement json = _cli.Run([.. bench, "--repeat", "3", "--cache", "all"]).Json;
        Assert.Equal((3, 4), (full.GetProperty("repeat").GetInt32(), json.GetProperty("repeat").GetInt32())); // each goes first equally often
        Assert.Equal(("all", 4), (json.GetProperty("cache").GetString(), json.GetProperty("evaluations").GetInt32()));
        double time = json.GetProperty("timeRatio").GetDouble(), macs = json.GetProperty("macRatio").GetDouble();
        Assert.InRange(macs, 0.5, 0.65); // two of four evaluations compute no branch
        Assert.True(time > 0);
        Assert.InRange(time, json.GetProperty("timeRatioLow").GetDouble(), json.GetProperty("timeRatioHigh").GetDouble());
        Assert.Equal((4, 0.875), (json.GetProperty("timedRounds").GetInt32(), json.GetProperty("confidence").GetDouble()));
        Assert.False(json.GetProperty("differenceMeasurable").GetBoolean()); // too few rounds, however large it is
        Assert.True(json.GetProperty("warmupRounds").GetInt32() >= 2);
        JsonElement warm = _cli.Run([.. bench, "--cache", "none", "--warmup", "0", "--runs", "8"]).Json;
        Assert.Equal((8, 0), (warm.GetProperty("repeat").GetInt32(), warm.GetProperty("warmupRounds").GetInt32()));
        Assert.True(warm.GetProperty("identicalPlans").GetBoolean() && !warm.GetProperty("differenceMeasurable").GetBoolean());
        Assert.Equal(time / macs, json.GetProperty("timeToMacRatio").GetDouble(), 1e-9);
        Assert.Equal(macs, json.GetProperty("gflop").GetDouble() / full.GetProperty("gflop").GetDouble(), 0.02); // modulations of the null class
        Assert.True(json.GetProperty("fullMedianMs").GetDouble() > 0);
    }

    [Fact]
    public void Random_weights_are_the_same_each_time_and_have_the_variance_that_keeps_activations_in_size()
    {
        const string name = "blocks.1.mlp.fc1.weight";
        RandomWeights weights = new(NamedNetwork.Find("DiT-S/2", null));
        float[] first = new float[1536 * 384], again = new float[1536 * 384], other = new float[1536 * 384];
        weights.Read(name, first);
        weights.Read("blocks.0.mlp.fc1.weight", other);
        new RandomWeights(NamedNetwork.Find("DiT-S/2", null)).Read(name, again);
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
        Assert.Equal(0, first.Average(), 1e-3);
        Assert.Equal(1.0 / 384, first.Average(value => (double)value * value), 2e-5);
        Assert.True(first.Distinct().Count() > 500_000);
    }

    public void Dispose() => _cli.Dispose();

    private CliResult Forward(params string[] more) =>
        _cli.Run(["bench", "forward", "--model", Tiny, "--image-size", "64", "--batch", "3", "--threads", "1", "--repeat", "5", .. more]);
}
