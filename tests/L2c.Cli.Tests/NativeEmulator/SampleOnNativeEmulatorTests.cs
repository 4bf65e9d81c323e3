using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using L2c.Testing;

namespace L2c.Cli.Tests.NativeEmulator;

/// <summary>The program as it is shipped, with the bindings that a GPU gets, on vendor libraries that are the emulator.</summary>
public sealed class SampleOnNativeEmulatorTests : IDisposable
{
    // Rounding of fp32 sums in another order, over the twenty steps of the demo model. Fewer steps magnify it: the first divides by what signal is
    // left in the noise.
    private const double Fp32Bound = 1e-5;

    private readonly CliRunner _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public void States_of_the_demo_model_are_the_emulators_to_the_bit_and_the_cpus_but_for_rounding()
    {
        float[] native = States(arguments => NativeEmulator.Run(_cli, arguments), "native", "--device", "cuda", "--dtype", "fp32");
        using EmulatedCuda cuda = new();
        using CliRunner emulated = new() { Cuda = cuda.Access };
        Assert.Equal(native, States(emulated.Run, "emulated", "--device", "cuda", "--dtype", "fp32"));
        Assert.InRange(RelativeDistance(native, States(_cli.Run, "cpu", "--device", "cpu")), 0, Fp32Bound);
        Assert.InRange(RelativeDistance(native, States(_cli.Run, "other", "--device", "cpu", "--seed", "1")), 10_000 * Fp32Bound, double.MaxValue);
    }

    [Theory]
    [InlineData("fp16", "on", 0.5)]
    [InlineData("bf16", "off", 2)]
    public void A_picture_in_halves_as_one_graph_or_op_by_op_is_the_emulators_to_the_level(string dtype, string graph, double bound)
    {
        CliResult result = NativeEmulator.Run(_cli, Sample("native", "--device", "cuda", "--dtype", dtype, "--graph", graph));
        Assert.Equal($"cuda:0 (emulated sm_90, {dtype})", result.Json.GetProperty("device").GetString());
        Assert.Equal("", result.Err); // no fault
        using EmulatedCuda cuda = new();
        using CliRunner emulated = new() { Cuda = cuda.Access };
        Assert.Equal(0, emulated.Run(Sample("emulated", "--device", "cuda", "--dtype", dtype, "--graph", graph)).Code);
        Assert.Equal(graph == "on" ? 1 : 0, cuda.GraphLaunches);
        byte[] native = Pixels("native");
        Assert.Equal(Pixels("emulated"), native);

        Assert.Equal(0, _cli.Run(Sample("cpu", "--device", "cpu")).Code);
        Assert.Equal(0, _cli.Run(Sample("other", "--device", "cpu", "--seed", "1")).Code);
        Assert.InRange(Distance(native, Pixels("cpu")), 0, bound);
        Assert.InRange(Distance(native, Pixels("other")), 10 * bound, 255);
    }

    [Fact]
    public void A_profile_and_a_tuned_forward_run_through_the_bindings()
    {
        JsonElement profile = NativeEmulator.Run(
            _cli, "profile", "--steps", "1", "--batch", "1", "--runs", "1", "--cache", "none", "--cfg-scale", "1", "--device", "cuda", "--json").Json;
        Assert.True(profile.GetProperty("graphNodes").GetInt32() > 50);
        string[] bench = ["bench", "forward", "--model", "2x32x2/2", "--image-size", "32", "--batch", "1", "--runs", "2", "--tune"];
        JsonElement forward = NativeEmulator.Run(_cli, [.. bench, "--device", "cuda", "--json"]).Json;
        Assert.Equal((7, 0), (forward.GetProperty("launchesPerBlock").GetInt32(), forward.GetProperty("nonFiniteCount").GetInt32()));
        string choices = Assert.Single(Directory.GetFiles(_cli.PathOf("cache"), "matmul-*-120901.txt"));
        Assert.NotEmpty(File.ReadAllLines(choices));
    }

    [Fact]
    public void A_kernel_that_faults_is_told_with_its_place_and_ends_the_program_with_one_line()
    {
        string[] sample = Sample("fault", "--device", "cuda", "--dtype", "fp16", "--force");
        Assert.Equal(0, NativeEmulator.Run(_cli, sample).Code);
        foreach (string file in Directory.EnumerateFiles(_cli.PathOf("cache"), "*.ptx", SearchOption.AllDirectories))
        {
            string[] parts = File.ReadAllText(file).Split('\n', 2);
            string text = parts[1].Replace("ret;", "trap;", StringComparison.Ordinal);
            string entry = parts[0].Split(' ')[^2];
            File.WriteAllText(file, $"// l2c ptx {entry} {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}\n{text}");
        }

        CliResult result = NativeEmulator.Run(_cli, sample);
        Assert.Equal((1, ""), (result.Code, result.Out));
        Assert.Matches(
            @"^emulated GPU: (\S+, PTX line \d+, block \(\d+,\d+,\d+\) thread \(\d+,\d+,\d+\): .*trap.*)\n"
            + @"l2c: error: cu\w+: CUDA_ERROR_LAUNCH_FAILED \(719\): unspecified launch failure \(\1\)",
            result.Err);
        Assert.Equal(2, result.Err.Count(c => c == '\n'));
    }

    private string[] Sample(string name, params string[] more) =>
        ["sample", "--count", "1", "--classes", "0", "--json", "--separate", "--out", _cli.PathOf($"{name}.png"), .. more];

    // Of every step, not only the last.
    private float[] States(Func<string[], CliResult> run, string name, params string[] more)
    {
        string file = _cli.PathOf($"{name}.st");
        CliResult result = run(Sample(name, [.. more, "--trajectory", file]));
        Assert.True(result.Code == 0, result.Err);
        return TensorReader.Floats(file, "x_steps").Values;
    }

    private byte[] Pixels(string name) => PngDecoder.Decode(File.ReadAllBytes(_cli.PathOf($"{name}-000.png"))).Pixels;

    // Levels that a value differs by, in the mean.
    private static double Distance(byte[] one, byte[] another) => one.Zip(another, (a, b) => Math.Abs(a - b)).Average();

    private static double RelativeDistance(float[] values, float[] reference) =>
        Math.Sqrt(values.Zip(reference, (v, r) => Math.Pow(v - r, 2)).Sum() / reference.Sum(r => (double)r * r));
}
