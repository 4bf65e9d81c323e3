using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class SharedRowsTests
{
    /// <summary>Gates, scales and shifts with fewer rows than images: the last row serves the rest, bit for bit as if it were repeated.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void The_last_row_serves_all_further_images(int rows)
    {
        const int Images = 5, Tokens = 3, Channels = 37;
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        float[] few = RandomData.Normal(seed: 81, rows * 3 * Channels);
        float[] all = [.. Enumerable.Range(0, Images).SelectMany(b => few.AsSpan(Math.Min(b, rows - 1) * 3 * Channels, 3 * Channels).ToArray())];
        Tensor x = bench.Put(RandomData.Normal(seed: 82, Images * Tokens * Channels), Images, Tokens, Channels);
        Tensor branch = bench.Put(RandomData.Normal(seed: 83, Images * Tokens * Channels), Images, Tokens, Channels);
        Assert.Equal(Run(bench.Put(all, Images, 3 * Channels)), Run(bench.Put(few, rows, 3 * Channels)));

        float[] Run(Tensor modulation)
        {
            Tensor y = bench.Take(Images, Tokens, Channels);
            Norm norm = Norm.Modulated(modulation.SliceColumns(0, Channels), modulation.SliceColumns(Channels, Channels), 1e-6f);
            bench.Device.ResidualNorm(x, [new ResidualTerm(branch, modulation.SliceColumns(2 * Channels, Channels))], default, norm, y);
            return bench.Get(y);
        }
    }

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
