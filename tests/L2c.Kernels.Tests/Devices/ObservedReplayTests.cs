using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class ObservedReplayTests
{
    [Fact]
    public void An_observed_replay_reports_every_op_with_its_scope_and_gives_the_same_result()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        Tensor x = bench.Put(RandomData.Normal(seed: 84, 12), 3, 4), y = bench.Take(3, 2);
        Matrix weight = bench.PutMatrix(RandomData.Normal(seed: 85, 8), 2, 4);
        using OpSequence sequence = bench.Device.Capture(() =>
        {
            bench.Device.Scope = new OpScope(4, 7);
            bench.Device.Linear(x, weight, default, y);
            bench.Device.Scope = OpScope.None;
            bench.Device.Linear(x, weight, default, y);
        });
        sequence.Run();
        float[] plain = bench.Get(y);
        List<int> seen = [];
        sequence.Run((index, start, end) =>
        {
            Assert.True(end >= start);
            seen.Add(index);
        });
        Assert.Equal(plain, bench.Get(y));
        Assert.Equal([0, 1], seen);
        Assert.Equal([new OpScope(4, 7), OpScope.None], sequence.Ops.Select(op => op.Scope));
        Assert.All(sequence.Ops, op => Assert.Equal(("Linear", 2L * 3 * 4 * 2), (op.Name, op.Flops)));
    }
}
