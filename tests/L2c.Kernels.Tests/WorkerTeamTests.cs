namespace L2c.Kernels.Tests;

public sealed class WorkerTeamTests
{
    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 1)]
    [InlineData(3, 1000)]
    [InlineData(8, 13)]
    public void Every_tile_runs_once(int threads, int tiles)
    {
        using var team = new WorkerTeam(threads);
        var counting = new Counting(tiles);
        for (int run = 1; run <= 200; run++)
        {
            team.Run(counting);
            Assert.All(counting.Counts, count => Assert.Equal(run, count));
        }
    }

    [Fact]
    public void Workers_that_have_gone_to_sleep_wake_up()
    {
        using var team = new WorkerTeam(2);
        for (int run = 0; run < 20; run++)
        {
            Thread.Sleep(2);
            var meeting = new Meeting();
            team.Run(meeting);
            Assert.True(meeting.Met, "both tiles ran on one thread");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void An_exception_of_a_tile_reaches_the_caller_and_the_team_goes_on(int threads)
    {
        using var team = new WorkerTeam(threads);
        for (int run = 0; run < 50; run++)
        {
            Assert.Equal("tile 7", Assert.Throws<InvalidOperationException>(() => team.Run(new Failing())).Message);
        }

        var counting = new Counting(10);
        team.Run(counting);
        Assert.All(counting.Counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void Threads_end_with_the_team()
    {
        Thread? worker = null;
        var team = new WorkerTeam(2);
        var meeting = new Meeting(thread => worker = thread);
        team.Run(meeting);
        Assert.True(worker!.IsAlive);
        team.Dispose();
        Assert.False(worker.IsAlive);
    }

    private sealed class Counting(int tiles) : CpuOp
    {
        public int[] Counts { get; } = new int[tiles];

        public override string Name => nameof(Counting);

        public override int Tiles => tiles;

        public override long Bytes => 0;

        public override void Run(int tile, nint scratch) => Interlocked.Increment(ref Counts[tile]);
    }

    /// <summary>Two tiles that wait for each other, so each needs a thread of its own.</summary>
    private sealed class Meeting(Action<Thread>? onWorker = null) : CpuOp
    {
        private readonly Thread _caller = Thread.CurrentThread;
        private int _arrived;
        private int _met;

        public bool Met => _met == 2;

        public override string Name => nameof(Meeting);

        public override int Tiles => 2;

        public override long Bytes => 0;

        public override void Run(int tile, nint scratch)
        {
            if (Thread.CurrentThread != _caller)
            {
                onWorker?.Invoke(Thread.CurrentThread);
            }

            Interlocked.Increment(ref _arrived);
            if (SpinWait.SpinUntil(() => Volatile.Read(ref _arrived) == 2, TimeSpan.FromSeconds(20)))
            {
                Interlocked.Increment(ref _met);
            }
        }
    }

    private sealed class Failing : CpuOp
    {
        public override string Name => nameof(Failing);

        public override int Tiles => 20;

        public override long Bytes => 0;

        public override void Run(int tile, nint scratch)
        {
            if (tile == 7)
            {
                throw new InvalidOperationException("tile 7");
            }
        }
    }
}
