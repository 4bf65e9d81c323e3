namespace L2c.Kernels.Tests;

public sealed class ThreadTeamTests
{
    // A watchdog, no measure: what these tests wait for takes microseconds, and where wake-up is broken it never comes. Then a test shall fail, not hang.
    private const int Watchdog = 120_000;

    [Theory(Timeout = Watchdog)]
    [InlineData(1, 5)]
    [InlineData(2, 1)]
    [InlineData(3, 1000)]
    [InlineData(8, 13)]
    public Task Every_tile_runs_once(int threads, int tiles) => Task.Run(
        () =>
        {
            using var team = new ThreadTeam(threads);
            var counting = new Counting(tiles);
            for (int run = 1; run <= 200; run++)
            {
                team.Run(counting);
                Assert.All(counting.Counts, count => Assert.Equal(run, count));
            }
        },
        TestContext.Current.CancellationToken);

    [Fact(Timeout = Watchdog)]
    public Task Workers_that_have_gone_to_sleep_wake_up() => Task.Run(
        () =>
        {
            using var team = new ThreadTeam(2);
            var meeting = new Meeting();
            team.Run(meeting);
            Thread worker = meeting.Worker!;
            for (int run = 0; run < 20; run++)
            {
                while (!worker.ThreadState.HasFlag(ThreadState.WaitSleepJoin))
                {
                    TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
                    Thread.Yield();
                }

                meeting = new Meeting();
                team.Run(meeting);
                Assert.Same(worker, meeting.Worker);
            }
        },
        TestContext.Current.CancellationToken);

    [Theory(Timeout = Watchdog)]
    [InlineData(1)]
    [InlineData(3)]
    public Task An_exception_of_a_tile_reaches_the_caller_and_the_team_goes_on(int threads) => Task.Run(
        () =>
        {
            using var team = new ThreadTeam(threads);
            for (int run = 0; run < 50; run++)
            {
                Assert.Equal("tile 7", Assert.Throws<InvalidOperationException>(() => team.Run(new Failing())).Message);
            }

            var counting = new Counting(10);
            team.Run(counting);
            Assert.All(counting.Counts, count => Assert.Equal(1, count));
        },
        TestContext.Current.CancellationToken);

    [Fact(Timeout = Watchdog)]
    public Task Threads_end_with_the_team() => Task.Run(
        () =>
        {
            var team = new ThreadTeam(2);
            var meeting = new Meeting();
            team.Run(meeting);
            Assert.True(meeting.Worker!.IsAlive);
            team.Dispose();
            Assert.False(meeting.Worker.IsAlive);
        },
        TestContext.Current.CancellationToken);

    private sealed class Counting(int tiles) : CpuOp
    {
        public int[] Counts { get; } = new int[tiles];

        public override string Name => nameof(Counting);

        public override int Tiles => tiles;

        public override long Bytes => 0;

        public override void Run(int tile, nint scratch) => Interlocked.Increment(ref Counts[tile]);
    }

    /// <summary>Two tiles that wait for each other, so each needs a thread of its own; without one, the runner's token ends the wait.</summary>
    private sealed class Meeting : CpuOp
    {
        private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;
        private readonly Thread _caller = Thread.CurrentThread;
        private int _arrived;

        /// <summary>The thread of the tile that did not run on the caller's; null until then.</summary>
        public Thread? Worker { get; private set; }

        public override string Name => nameof(Meeting);

        public override int Tiles => 2;

        public override long Bytes => 0;

        public override void Run(int tile, nint scratch)
        {
            if (Thread.CurrentThread != _caller)
            {
                Worker = Thread.CurrentThread;
            }

            Interlocked.Increment(ref _arrived);
            for (SpinWait wait = default; Volatile.Read(ref _arrived) != 2; wait.SpinOnce())
            {
                _cancel.ThrowIfCancellationRequested();
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
