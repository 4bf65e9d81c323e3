namespace L2c.Kernels.Tests;

/// <summary>Tests that count what the whole process allocates: nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;

[Collection(nameof(AloneInTheProcess))]
public sealed class ReplayAllocationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_replay_allocates_nothing_on_any_thread(int threads)
    {
        using var chain = new DeterminismTests.Chain(InstructionSets.Best.ToString(), threads, first: 0, count: 2);
        using OpSequence sequence = chain.Capture();
        AssertAllocatesNothing(sequence);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Nor_does_a_replay_of_the_backward_ops(int threads)
    {
        using var chain = new BackwardDeterminismTests.Chain(InstructionSets.Best.ToString(), threads, first: 0, count: 2);
        using OpSequence sequence = chain.Capture();
        AssertAllocatesNothing(sequence);
    }

    private static void AssertAllocatesNothing(OpSequence sequence)
    {
        sequence.Run();
        long before = GC.GetTotalAllocatedBytes(precise: true), beforeHere = GC.GetAllocatedBytesForCurrentThread();
        for (int run = 0; run < 20; run++)
        {
            sequence.Run();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - beforeHere);

        // The test platform's own threads allocate now and then; a worker that allocated per op would show in every window.
        long least = GC.GetTotalAllocatedBytes(precise: true) - before;
        for (int window = 0; window < 50 && least > 0; window++)
        {
            before = GC.GetTotalAllocatedBytes(precise: true);
            sequence.Run();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        Assert.Equal(0, least);
    }
}
