namespace L2c.Engine.Tests;

public sealed class MeasuringTests
{
    [Fact]
    public void Contestants_take_turns_and_the_order_moves_on()
    {
        List<int> calls = [];
        Action[] contestants = [.. Enumerable.Range(0, 3).Select<int, Action>(who => () => calls.Add(who))];
        IReadOnlyList<double[]> milliseconds = InterleavedTiming.Measure(contestants, rounds: 3).Milliseconds;
        Assert.Equal([0, 1, 2, 1, 2, 0, /* measured from here */ 2, 0, 1, 0, 1, 2, 1, 2, 0], calls);
        Assert.Equal([3, 3, 3], milliseconds.Select(list => list.Length));
    }

    [Fact]
    public void Each_contestants_time_is_its_own()
    {
        Clock clock = new();
        IReadOnlyList<double[]> milliseconds = InterleavedTiming.Measure([() => clock.Now += 60, () => { }], rounds: 3, clock: clock).Milliseconds;
        Assert.Equal([60, 60, 60], milliseconds[0]);
        Assert.Equal([0, 0, 0], milliseconds[1]);
    }

    [Fact]
    public void Rounds_before_the_measured_ones_go_on_for_the_time_of_the_warm_up()
    {
        Clock clock = new();
        int runs = 0;
        Action contestant = () =>
        {
            runs++;
            clock.Now += 60;
        };
        var timing = InterleavedTiming.Measure([contestant], rounds: 1, TimeSpan.FromMilliseconds(200), clock: clock);
        Assert.Equal([60], timing.Milliseconds[0]);
        Assert.Equal((4 + 1, 4), (runs, timing.WarmUpRounds));
        Assert.Equal(0, InterleavedTiming.Measure([contestant], rounds: 1, warmUpRounds: 0, clock: clock).WarmUpRounds);
    }

    [Fact]
    public void Cancelling_ends_between_two_runs()
    {
        using CancellationTokenSource source = new();
        int runs = 0;
        Action contestant = () =>
        {
            runs++;
            source.Cancel();
        };
        Assert.Throws<OperationCanceledException>(() => InterleavedTiming.Measure([contestant, contestant], rounds: 3, cancel: source.Token));
        Assert.Equal(1, runs);
    }

    [Fact]
    public void Quartiles_lie_between_their_neighbours()
    {
        Assert.Equal(new Quartiles(2, 3, 4), Quartiles.Of([5, 1, 4, 2, 3]));
        Assert.Equal(new Quartiles(1.75, 2.5, 3.25), Quartiles.Of([4, 3, 2, 1]));
        Assert.Equal(new Quartiles(7, 7, 7), Quartiles.Of([7]));
    }

    [Theory]
    [InlineData(1, 2, 2)]
    [InlineData(6, 2, 6)]
    [InlineData(7, 2, 8)]
    [InlineData(7, 1, 7)]
    public void Rounds_are_raised_so_that_each_goes_first_equally_often(int rounds, int contestants, int raised) =>
        Assert.Equal(raised, InterleavedTiming.Balanced(rounds, contestants));

    [Fact]
    public void Ratios_are_taken_round_by_round() => Assert.Equal([0.5, 2], new InterleavedTiming([[1, 8], [2, 4]]).Ratios(0, 1));

    /// <summary>A clock that the test moves.</summary>
    private sealed class Clock : TimeProvider
    {
        /// <summary>Milliseconds.</summary>
        public long Now { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => Now;
    }
}
