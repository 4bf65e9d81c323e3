namespace L2c.Cli.Tests.Latents;

/// <summary>Encoding on a CUDA device, which is the emulator unless L2C_CUDA says otherwise.</summary>
[Trait("Category", "Cuda")]
public sealed class EncodeCudaTests : IDisposable
{
    private readonly EmulatedCuda _emulated = new();
    private readonly EncodeRuns _runs;

    public EncodeCudaTests() => _runs = new EncodeRuns(_emulated.Access);

    [Theory]
    [InlineData("fp32", "2", 1e-4)]
    [InlineData("bf16", "4", 0.1)]
    public void Moments_are_those_of_the_cpu(string dtype, string batch, double tolerance)
    {
        // The last batch is not full, be it the first.
        _runs.Pictures("set", 3);
        CliResult cpu = _runs.Cli.Run(Arguments("cpu", "--device", "cpu"));
        Assert.True(cpu.Code == 0, cpu.Err);
        CliResult cuda = _runs.Cli.Run(Arguments("cuda", "--device", "cuda", "--dtype", dtype, "--batch", batch, "--json"));
        Assert.Equal((dtype, 3), (cuda.Json.GetProperty("dtype").GetString(), cuda.Json.GetProperty("images").GetInt32()));
        float[] expected = Moments("cpu"), actual = Moments("cuda");
        double difference = Math.Sqrt(expected.Zip(actual, (a, b) => Math.Pow(a - b, 2)).Sum()), size = Math.Sqrt(expected.Sum(a => Math.Pow(a, 2)));
        Assert.InRange(difference / size, 0, tolerance);

        // Algorithms are chosen by shape: another batch may be other bits, and does not meet these.
        _runs.Cli.Run(Arguments("cuda", "--device", "cuda", "--dtype", dtype, "--batch", "3")).MustFail(2, $", batch {batch}\", and now it is ");
    }

    public void Dispose()
    {
        _runs.Dispose();
        _emulated.Dispose();
    }

    private string[] Arguments(string folder, params string[] more) =>
    [
        "encode", _runs.Cli.PathOf("set"), _runs.Cli.PathOf(folder), "--vae", _runs.Cli.PathOf("vae.safetensors"), "--image-size", "16",
        "--no-progress", .. more,
    ];

    private float[] Moments(string folder) => TensorReader.Floats(_runs.Cli.PathOf($"{folder}/latents-00000.safetensors"), "moments").Values;
}
