using L2c.Kernels;

namespace L2c.Engine.Tests;

/// <summary>The peak of multiply-adds, from rates that are given.</summary>
public sealed class PeakMeterTests
{
    private int _calls;

    [Fact]
    public void A_peak_that_came_out_at_half_is_found_by_the_measurement_at_the_end()
    {
        Peak peak = Meter(50, 100).Finish(reachedGflops: 45);
        Assert.Equal(new Peak(100, null, 0), peak);
        Assert.Equal(2, _calls);
    }

    [Fact]
    public void What_was_faster_than_the_peak_has_it_measured_again_until_it_is_believed_or_the_limit_is_reached()
    {
        Assert.Equal(100, Meter(50, 50, 50, 100).Finish(reachedGflops: 90).Gflops);
        Assert.Equal(4, _calls);
        _calls = 0;
        Assert.Equal(50, Meter(50).Finish(reachedGflops: 90).Gflops);
        Assert.Equal(5, _calls);
    }

    [Fact]
    public void A_quiet_machine_is_measured_twice()
    {
        Assert.Equal(100, Meter(100).Finish(reachedGflops: 90).Gflops);
        Assert.Equal(2, _calls);
    }

    [Fact]
    public void What_a_process_has_found_is_measured_again_only_where_something_was_faster()
    {
        BestRate found = new();
        found.Measure(() => (50, 1), () => { });
        Assert.Equal(50, Meter(found, 100).Finish(reachedGflops: 45).Gflops);
        Assert.Equal(0, _calls);
        Assert.Equal(100, Meter(found, 100).Finish(reachedGflops: 55).Gflops);
        Assert.Equal(1, _calls);
    }

    [Fact]
    public void The_cpu_is_measured_by_itself()
    {
        using CpuDevice device = new(threads: 1);
        Peak peak = new PeakMeter(device).Finish(reachedGflops: 0);
        Assert.True(peak is { Gflops: > 0, MatmulSide: null, Spread: null or (>= 0 and < 1) });
    }

    private PeakMeter Meter(params double[] rates) => Meter(new BestRate(), rates);

    // The last rate stays.
    private PeakMeter Meter(BestRate found, params double[] rates) => new(found, best =>
    {
        double rate = rates[Math.Min(_calls++, rates.Length - 1)];
        best.Measure(() => (rate, 1), () => { });
    });
}
