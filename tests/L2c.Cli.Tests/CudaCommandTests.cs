using System.Text.Json;
using L2c.Emulation;
using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>The commands that compute, on a CUDA device.</summary>
public sealed class CudaCommandTests : IDisposable
{
    // Rounding of fp32 sums in another order, over four evaluations of a network of two blocks.
    private const double Fp32Bound = 1e-4;

    private readonly EmulatedCuda _cuda = new();
    private readonly CliRunner _cli;

    public CudaCommandTests() => _cli = new CliRunner { Cuda = _cuda.Access };

    [Fact]
    public void A_batch_is_one_graph_and_its_samples_are_the_cpus_but_for_rounding()
    {
        JsonElement json = Sample("on.png", "--dtype", "fp32", "--cache", "all").Json;
        Assert.Equal((2, "fp32"), (_cuda.GraphLaunches, json.GetProperty("dtype").GetString())); // three images, two a batch
        double evaluation = json.GetProperty("evaluationMs").GetDouble();
        Assert.True(evaluation > 0 && evaluation <= json.GetProperty("sampleMs").GetDouble());
        float[] graph = Latents("on");
        Sample("off.png", "--dtype", "fp32", "--cache", "all", "--graph", "off");
        Assert.Equal(0, _cuda.GraphLaunches);
        Assert.Equal(graph, Latents("off"));

        Assert.Equal(0, Sample("cpu.png", "--device", "cpu", "--cache", "all").Code);
        float[] cpu = Latents("cpu");
        Assert.InRange(RelativeDistance(graph, cpu), 0, Fp32Bound);
        Assert.Equal(0, Sample("full.png", "--device", "cpu").Code);

        // The bound would see a run that ignores the schedule.
        Assert.InRange(RelativeDistance(graph, Latents("full")), 10 * Fp32Bound, double.MaxValue);
    }

    [Fact]
    public void Latents_are_decoded_on_the_device_by_one_graph_to_the_cpus_pictures_but_for_rounding()
    {
        string vae = TinyModel.Write(_cli.PathOf("vae.safetensors"), TinyModel.Autoencoder), model = TinyModel.Write(_cli.PathOf("z.st"), TinyModel.Latents);
        byte[] cuda = Decoded("cuda", "--dtype", "fp32");
        Assert.Equal(2, _cuda.GraphLaunches); // the batch, the decoding
        byte[] cpu = Decoded("cpu"), other = Decoded("cpu", "--seed", "1");
        Assert.InRange(Distance(cuda, cpu), 0, 0.5);
        Assert.InRange(Distance(other, cpu), 5, 255);

        byte[] Decoded(string device, params string[] more)
        {
            string file = _cli.PathOf($"{device}{more.Length}.png");
            CliResult result = _cli.Run(
                ["sample", "--ckpt", model, "--vae", vae, "--steps", "2", "--count", "1", "--separate", "--device", device, "--out", file, .. more]);
            Assert.True(result.Code == 0, result.Err);
            return PngDecoder.Decode(File.ReadAllBytes(file.Replace(".png", "-000.png", StringComparison.Ordinal))).Pixels;
        }

        // Levels that a value differs by, in the mean.
        static double Distance(byte[] one, byte[] another) => one.Zip(another, (a, b) => Math.Abs(a - b)).Average();
    }

    [Fact]
    public void A_trajectory_has_a_graph_per_evaluation_and_ends_with_the_samples()
    {
        string file = _cli.PathOf("t.safetensors");
        JsonElement json = Sample("a.png", "--trajectory", file).Json;
        Assert.Equal((8, "bf16"), (_cuda.GraphLaunches, json.GetProperty("dtype").GetString()));
        float[] states = TensorReader.Floats(file, "x_steps").Values, samples = Latents("a");
        Assert.Equal(samples, states[^samples.Length..]);
        Assert.Equal("bf16", _cli.Run("inspect", _cli.PathOf("a.png"), "--json").Json.GetProperty("parameters").GetProperty("dtype").GetString());
    }

    [Fact]
    public void A_profile_measures_shares_of_the_devices_own_products_and_counts_the_graphs_nodes()
    {
        string[] profile = ["profile", "--ckpt", Checkpoint(), "--steps", "2", "--batch", "1", "--repeat", "1", "--cfg-scale", "1"];
        JsonElement json = _cli.Run([.. profile, "--json"]).Json;
        Assert.False(json.TryGetProperty("fmaPeakGflops", out _) || json.TryGetProperty("threads", out _));
        double peak = json.GetProperty("matmulPeakGflops").GetDouble();
        Assert.True(peak > 0 && json.GetProperty("matmulPeakSide").GetInt32() >= 128);
        JsonElement total = json.GetProperty("total");
        Assert.Equal(total.GetProperty("gflops").GetDouble() / peak, total.GetProperty("shareOfPeak").GetDouble(), 1e-9);
        Assert.True(json.GetProperty("graphNodes").GetInt32() >= total.GetProperty("calls").GetInt32());
        string text = _cli.Run(profile).Out;
        Assert.Contains("TFLOP/s  peak", text, StringComparison.Ordinal);
        Assert.Matches(@"as one graph of [0-9]+ nodes, its ops .* one by one .*; bf16 products of side [0-9]+ reach ", text);
    }

    [Fact]
    public void A_forward_tells_its_graph_and_launches_per_block()
    {
        string[] bench = ["bench", "forward", "--model", "3x32x2/2", "--image-size", "32", "--batch", "2", "--repeat", "2", "--json"];
        JsonElement json = _cli.Run([.. bench, "--dtype", "fp16"]).Json;
        int nodes = json.GetProperty("graphNodes").GetInt32(), perBlock = json.GetProperty("launchesPerBlock").GetInt32();
        Assert.InRange(perBlock, 6, 8); // norm, qkv, attention, projection, norm, two of the MLP, and at most an activation
        Assert.InRange(nodes, (3 * perBlock) + 8, int.MaxValue);
        Assert.Equal((0, "fp16"), (json.GetProperty("nonFiniteCount").GetInt32(), json.GetProperty("dtype").GetString()));
        Assert.True(json.GetProperty("productsMs").GetDouble() > 0);
        JsonElement eager = _cli.Run([.. bench, "--graph", "off"]).Json;
        Assert.DoesNotContain(eager.EnumerateObject(), property => property.Name is "graphNodes" or "launchesPerBlock" or "productsMs");
    }

    [Fact]
    public void The_modulations_of_a_measured_forward_are_one_product()
    {
        const int Batch = 2, Width = 32;
        _cli.Run("bench", "forward", "--model", "3x32x2/2", "--image-size", "32", "--batch", $"{Batch}", "--repeat", "2", "--graph", "off", "--json");

        // With one row per image, not per token: those of the time MLP, then the modulations. Column-major, so rows are the batch's columns.
        (int, int)[] products =
            [.. _cuda.Log.OfType<MatmulLaunch>().Where(product => product.N == Batch).Select(product => (product.M, product.K))];
        Assert.NotEmpty(products);
        Assert.All(products.Chunk(3), forward => Assert.Equal([(Width, 256), (Width, Width), (((6 * 3) + 2) * Width, Width)], forward));
    }

    [Fact]
    public void A_sampling_run_is_measured_against_the_one_that_computes_everything()
    {
        JsonElement json = _cli.Run(
            "bench", "sample", "--model", "2x32x2/2", "--image-size", "32", "--images", "1", "--steps", "4", "--cache", "all", "--repeat", "2",
            "--json").Json;
        Assert.Equal(
            json.GetProperty("timeRatio").GetDouble() / json.GetProperty("macRatio").GetDouble(),
            json.GetProperty("timeToMacRatio").GetDouble(),
            1e-9);
        Assert.True(json.GetProperty("graphNodes").GetInt32() > 0 && json.GetProperty("fullMedianMs").GetDouble() > 0);
    }

    public void Dispose()
    {
        _cli.Dispose();
        _cuda.Dispose();
    }

    private CliResult Sample(string name, params string[] more) => _cli.Run(
        [
            "sample", "--ckpt", Checkpoint(), "--steps", "4", "--classes", "0,1,2", "--count", "3", "--batch", "2", "--out", _cli.PathOf(name),
            "--json", .. more,
        ]);

    private float[] Latents(string name) => TensorReader.Floats(_cli.PathOf($"{name}.safetensors"), "latents").Values;

    private string Checkpoint()
    {
        string checkpoint = _cli.PathOf("tiny.st");
        return File.Exists(checkpoint) ? checkpoint : TinyModel.Write(checkpoint, TinyModel.Latents);
    }

    private static double RelativeDistance(float[] values, float[] reference) =>
        Math.Sqrt(values.Zip(reference, (v, r) => Math.Pow(v - r, 2)).Sum() / reference.Sum(r => (double)r * r));
}
