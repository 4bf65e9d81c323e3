namespace L2c.Kernels.Tests.Devices;

/// <summary>The peak of rates that are given, as a busy machine would give them.</summary>
public sealed class BestRateTests
{
    private int _measured, _pauses;

    [Fact]
    public void A_quiet_machine_is_measured_in_few_series_with_pauses_between_them()
    {
        BestRate best = Measure(i => 100 - (i % 3));
        Assert.Equal((100, 0, 64, 3), (best.Value, best.Spread, best.Count, _pauses));
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
        Assert.Equal((100, 0), (best.Value, best.Spread));
        Assert.InRange(best.Count, 441, 512);
    }

    [Fact]
    public void A_clock_that_errs_once_is_told_by_the_spread()
    {
        BestRate best = Measure(i => i == 30 ? 200 : 100);
        Assert.Equal((200, 0.5, 512), (best.Value, best.Spread, best.Count));
    }

    [Fact]
    public void A_second_measurement_goes_on_from_the_first()
    {
        BestRate best = Measure(_ => 50);
        best.Measure(() => 100, () => { });
        Assert.Equal((100, 0, 128), (best.Value, best.Spread, best.Count));
        best.Measure(() => 60, () => { });
        Assert.Equal((100, 192), (best.Value, best.Count));
    }

    private BestRate Measure(Func<int, double> rate)
    {
        BestRate best = new();
        best.Measure(() => rate(_measured++), () => _pauses++);
        return best;
    }
}
