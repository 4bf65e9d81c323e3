using L2c.Bench.Micro;
using L2c.Cli.Output;
using L2c.Kernels;

namespace L2c.Bench.Tests;

public sealed class KernelsBenchTests
{
    public static TheoryData<string> Ops => [.. KernelCases.All.Keys];

    [Theory]
    [MemberData(nameof(Ops))]
    public void Every_case_is_one_op_that_runs_on_what_it_took(string name)
    {
        NetworkShape shape = new("tiny", Batch: 2, Channels: 3, Size: 8, Patch: 4, Width: 16, Heads: 2, Labels: 5);
        using CpuDevice device = new(threads: 2);
        (Arena memory, (Operands operands, Action<Device> call)) = Arena.Carve(device, "kernels", arena =>
        {
            Operands operands = new(arena);
            return (operands, KernelCases.All[name](operands, shape));
        });
        using (memory)
        {
            operands.Fill(device);
            using OpSequence sequence = device.Capture(() => call(device));
            sequence.Run();
            OpInfo op = Assert.Single(sequence.Ops);
            Assert.StartsWith(op.Name, name, StringComparison.Ordinal);
            Assert.InRange(op.Bytes, 1, 2 * memory.CapacityBytes); // read, written, or both
        }
    }

    [Fact]
    public void Patterns_choose_by_name()
    {
        Assert.Equal(KernelCases.All.Keys, KernelCases.Named("*"));
        Assert.Equal(["NormBackward", "NormBackward (with dScale, dShift)"], KernelCases.Named("normback*"));
        Assert.Empty(KernelCases.Named("Norm"));
    }

    [Theory]
    [InlineData("--filter nothing: no such op; there are Linear (qkv), ", "--filter", "nothing")]
    [InlineData("--job needs one of default, dry, short, long, not 'quick'", "--job", "quick")]
    public void What_does_not_exist_is_refused(string message, params string[] options)
    {
        StringWriter output = new(), error = new();
        int code = Program.Run(["kernels", .. options], new Terminal(output, error, Interactive: false, TestContext.Current.CancellationToken));
        Assert.Equal(ExitCode.Usage, code);
        Assert.StartsWith("l2c: error: " + message, error.ToString(), StringComparison.Ordinal);
        Assert.Equal("", output.ToString());
    }
}
