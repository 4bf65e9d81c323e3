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

    /// <summary>The count is worth something: it sees what is allocated on workers alone.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void An_op_that_allocates_on_a_worker_is_caught(int threads)
    {
        using var device = new CpuDevice(threads);
        var op = new AllocatingOnWorkers(threads, Environment.CurrentManagedThreadId);
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => TeamAllocations.AssertNone(device, () => device.Execute(op)));
    }

    /// <summary>A tile per thread: none ends before all have begun, so every worker runs one.</summary>
    private sealed class AllocatingOnWorkers(int threads, int caller) : CpuOp
    {
        private int _arrived;

        public override string Name => nameof(AllocatingOnWorkers);

        public override int Tiles => threads;

        public override long Bytes => 0;

        public override void Run(int tile, nint scratch)
        {
            if (Environment.CurrentManagedThreadId != caller)
            {
                GC.KeepAlive(new byte[64]);
            }

            int round = (Interlocked.Increment(ref _arrived) - 1) / threads;
            SpinWait wait = default;
            while (Volatile.Read(ref _arrived) < (round + 1) * threads)
            {
                wait.SpinOnce(sleep1Threshold: -1);
            }
        }
    }
}
