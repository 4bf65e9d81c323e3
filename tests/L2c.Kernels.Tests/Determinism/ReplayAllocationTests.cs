namespace L2c.Kernels.Tests;

/// <summary>Tests that count what the whole process allocates: nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;

[Collection(nameof(AloneInTheProcess))]
public sealed class ReplayAllocationTests
{
    public static MatrixTheoryData<string, int> Cases => new(Chain.Names, [1, 2, 3]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_replay_allocates_nothing_on_any_thread(string name, int threads)
    {
        using Chain chain = Chain.Open(name, InstructionSets.Best.ToString(), threads, first: 0, count: 2);
        using OpSequence sequence = chain.Capture();
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
