namespace L2c.Kernels.Tests.Devices;

/// <summary>The peak of rates that are given, as a busy machine would give them.</summary>
public sealed class BestRateTests
{
    private int _measured, _pauses;

    [Fact]
    public void A_quiet_machine_is_measured_in_few_series_with_pauses_between_them()
    {
        BestRate best = Measure(i => 100 - (i % 3));
        Assert.Equal((100, 0.0, 64, 3), (best.Value, best.Spread, best.Count, _pauses));
    }

    [Theory]
    [InlineData(17)]
    [InlineData(40)]
    [InlineData(63 - BestRate.Few)]
    public void Rounds_at_half_for_a_while_do_not_halve_the_peak(int halved) =>
        Assert.Equal(100, Measure(i => i < halved ? 50 : 100).Value);

    [Fact]
    public void As_long_as_the_best_few_do_not_agree_it_is_measured_on()
    {
        // One full round in a hundred: nothing is settled before five of them were seen.
        BestRate best = Measure(i => i % 100 == 40 ? 100 : 50 + (i % 7));
        Assert.Equal((100, 0.0), (best.Value, best.Spread));
        Assert.InRange(best.Count, 441, 512);
    }

    [Fact]
    public void A_clock_that_errs_once_is_told_by_the_spread()
    {
        BestRate best = Measure(i => i == 30 ? 200 : 100);
        Assert.Equal((200, 0.5, 512), (best.Value, best.Spread, best.Count));
    }

    [Theory]
    [InlineData(300)]
    [InlineData(500)]
    public void Threads_that_share_a_core_agree_at_half_and_are_not_believed(int shared)
    {
        // Steadily at half, as long as another program holds the other core; longer than the quiet machine is measured.
        BestRate best = Measure(i => i < shared ? 50 : 100, i => i < shared ? 0.5 : 1);
        Assert.Equal((100, 0.0, false), (best.Value, best.Spread, best.IsEstimate));
        Assert.True(best.Count > shared);
    }

    [Fact]
    public void Where_the_threads_never_had_their_cores_the_peak_is_what_they_did_per_time_on_one()
    {
        BestRate best = Measure(_ => 50, i => i % 40 == 7 ? 0.1 : 0.5); // now and then processor time is told too late
        Assert.Equal((100, null, true, 512), (best.Value, best.Spread, best.IsEstimate, best.Count));
        Assert.Equal(0, Measure(_ => 50, _ => 0).Value); // no processor time at all: nothing is known
    }

    [Fact]
    public void Where_processor_time_is_not_known_the_best_rate_counts() => Assert.Equal(100, Measure(_ => 100, _ => null).Value);

    [Fact]
    public void A_second_measurement_goes_on_from_the_first()
    {
        BestRate best = Measure(_ => 50);
        best.Measure(() => (100, 1), () => { });
        Assert.Equal((100, 0.0, 128), (best.Value, best.Spread, best.Count));
        best.Measure(() => (60, 1), () => { });
        Assert.Equal((100, 192), (best.Value, best.Count));
    }

    // On a quiet machine the threads have their cores all the time but for what waking them takes.
    private BestRate Measure(Func<int, double> rate, Func<int, double?>? occupancy = null)
    {
        BestRate best = new();
        best.Measure(() => (rate(_measured), (occupancy ?? (_ => 0.99))(_measured++)), () => _pauses++);
        return best;
    }
}
