using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class ReplayAllocationTests
{
    public static MatrixTheoryData<string, int> Cases => new(Chain.Names, [1, 2, 3]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_replay_allocates_nothing_on_any_thread(string name, int threads)
    {
        using Chain chain = Chain.Open(name, InstructionSets.Best.ToString(), threads, first: 0, count: 2);
        using OpSequence sequence = chain.Capture();
        TeamAllocations.AssertNone(chain.Device, sequence.Run);
    }
}
