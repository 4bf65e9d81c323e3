using L2c.Kernels;

namespace L2c.Testing;

/// <summary>Counts the managed bytes that the threads of a CPU device allocate, and no others: the test platform's own threads allocate as they like.</summary>
public static class TeamAllocations
{
    /// <summary>Fails if work that has run once, and so is planned, allocates on any thread of the device or on the caller, which is one of them,
    /// in each of several runs.</summary>
    public static void AssertNone(CpuDevice device, Action run)
    {
        const int runs = 20;
        var count = new Count(device.Threads);
        device.Execute(count);
        run();
        long least = long.MaxValue;
        for (int i = 0; i < runs; i++)
        {
            long before = count.Take(device);
            run();
            least = Math.Min(least, count.Take(device) - before);
        }

        // The runtime allocates on the thread that is the first to take a path through the code or to fall asleep, the caller included: tiles go to
        // whoever claims them. Work that allocated would do so in every run.
        Assert.Equal(0, least);
    }

    /// <summary>As many tiles as threads, none of which ends before all have begun: every thread runs one and adds its bytes.</summary>
    private sealed class Count(int threads) : CpuOp
    {
        private int _arrived;
        private long _bytes;

        public override string Name => nameof(TeamAllocations);

        public override int Tiles => threads;

        public override long Bytes => 0;

        public long Take(CpuDevice device)
        {
            _bytes = 0;
            device.Execute(this);
            return _bytes;
        }

        public override void Run(int tile, nint scratch)
        {
            Interlocked.Add(ref _bytes, GC.GetAllocatedBytesForCurrentThread());
            if (threads == 1)
            {
                return;
            }

            // Counts on through all calls: the barrier opens whenever the last of a round has come.
            int round = (Interlocked.Increment(ref _arrived) - 1) / threads;
            SpinWait wait = default;
            while (Volatile.Read(ref _arrived) < (round + 1) * threads)
            {
                wait.SpinOnce(sleep1Threshold: -1);
            }
        }
    }
}
