using System.Text.Json.Nodes;
using L2c.Cli.Output;

namespace L2c.Bench.Tests;

/// <summary>`l2c-bench emulated`: l2c finds a CUDA device that is not there.</summary>
public sealed class EmulatedVerbTests
{
    [Fact]
    public void A_forward_pass_is_measured_on_the_emulator()
    {
        (int code, string output) = Run(
            "emulated", "--", "bench", "forward", "--model", "1x16x2/2", "--image-size", "16", "--batch", "1", "--device", "cuda", "--dtype", "bf16",
            "--repeat", "1", "--json");
        Assert.Equal(ExitCode.Ok, code);
        JsonNode report = JsonNode.Parse(output)!;
        Assert.Equal("bf16", (string?)report["dtype"]);
        Assert.True((int)report["graphNodes"]! > 0 && (double)report["medianMs"]! > 0);
    }

    [Fact]
    public void The_exit_code_is_that_of_l2c() => Assert.Equal(ExitCode.Usage, Run("emulated", "--", "bench", "forward", "--model", "nothing").Code);

    private static (int Code, string Output) Run(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = Program.Run(args, new Terminal(output, error, false, default));
        return (code, output.ToString());
    }
}
