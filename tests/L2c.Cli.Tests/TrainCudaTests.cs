using L2c.Testing;

namespace L2c.Cli.Tests;

/// <summary>Both commands on a CUDA device, which is the emulator unless L2C_CUDA says otherwise.</summary>
[Trait("Category", "Cuda")]
public sealed class TrainCudaTests : IDisposable
{
    private readonly EmulatedCuda _emulated = new();
    private readonly CliRunner _cli;

    public TrainCudaTests() => _cli = new CliRunner { Cuda = _emulated.Access };

    [Theory]
    [InlineData("fp32", 1e-4)]
    [InlineData("bf16", 0.2)]
    public void A_router_step_is_that_of_the_cpu(string dtype, double tolerance)
    {
        string ckpt = TinyModel.Write(_cli.PathOf("tiny.safetensors"), TrainingRuns.Network);
        string[] one = ["--max-steps", "1", "--draws", "1", "--json"];
        double expected = Loss(_cli.Run(TrainingRuns.Router(ckpt, _cli.PathOf("cpu"), one)));
        CliResult result = _cli.Run(TrainingRuns.Router(ckpt, _cli.PathOf("cuda"), [.. one, "--device", "cuda", "--dtype", dtype]));
        Assert.Equal(dtype, result.Json.GetProperty("dtype").GetString());
        Assert.InRange(Loss(result) / expected, 1 - tolerance, 1 + tolerance);
    }

    [Fact]
    public void A_training_step_is_that_of_the_cpu_and_halves_are_refused()
    {
        string[] two = ["--max-steps", "2", "--batch", "2", "--model", "1x16x2/16", "--json"];
        string[] cpu = TrainingRuns.Model(_cli.PathOf("cpu"), two);
        string[] cuda = TrainingRuns.Model(_cli.PathOf("cuda"), [.. two, "--device", "cuda", "--dtype", "fp32"]);
        CliResult result = _cli.Run(cuda);
        Assert.InRange(Loss(result) / Loss(_cli.Run(cpu)), 1 - 1e-5, 1 + 1e-5);
        _cli.Run([.. cuda.Select(word => word == "fp32" ? "bf16" : word)]).MustFail(2, "--dtype needs one of fp32, tf32 (on the CPU fp32), not 'bf16'");
        _cli.Run(TrainingRuns.Model(_cli.PathOf("cuda"), [.. two, "--resume-from-checkpoint", "latest"])).MustFail(2, "--device was ");
    }

    public void Dispose()
    {
        _cli.Dispose();
        _emulated.Dispose();
    }

    private static double Loss(CliResult result) => result.Json.GetProperty("loss").GetDouble();
}
