using L2c.Cli.Printing;
using L2c.Kernels;

namespace L2c.Cli.Tests;

/// <summary>What is told of two runs by their times; the times are given.</summary>
public sealed class RatioTextTests
{
    private static readonly double[] _reference = [.. Enumerable.Repeat(100.0, 12)];
    private static readonly double[] _noise = [90, 110, 95, 105, 80, 120, 99, 101, 97, 103, 85, 108];
    private static readonly double[] _faster = [80, 81, 79, 82, 78, 80, 80, 160, 79, 81, 80, 80];

    [Fact]
    public void A_difference_is_told_with_its_interval()
    {
        Assert.Equal("time ratio 0.800 (0.790 to 0.810), 96.1 % interval of 12 rounds", RatioText.Of(Ratio(_faster)));
        Assert.Equal(
            "without caching 50.00 ms per image; speed-up 1.250 (1.235 to 1.266), 100 % (99 % to 101 %) of the ideal, "
            + "96.1 % interval of 12 rounds",
            SampleSummary.TimeLine(Compared(Ratio(_faster)), ideal: 1.25));
    }

    [Fact]
    public void Noise_is_told_as_no_difference_and_no_share_of_the_ideal_is_claimed()
    {
        const string text = "no difference measurable: time ratio 1.000 (0.900 to 1.080), 96.1 % interval of 12 rounds";
        Assert.Equal(text, RatioText.Of(Ratio(_noise)));
        Assert.Equal($"without caching 50.00 ms per image; {text}", SampleSummary.TimeLine(Compared(Ratio(_noise)), ideal: 1));
    }

    [Fact]
    public void Plans_that_are_the_same_are_told_as_such_however_their_times_differ()
    {
        Assert.Equal(
            "without caching 50.00 ms per image; nothing is reused, so both runs are the same and any difference is noise: "
            + "time ratio 0.800 (0.790 to 0.810), 96.1 % interval of 12 rounds",
            SampleSummary.TimeLine(Compared(Ratio(_faster, identicalPlans: true)), ideal: 1));
    }

    [Fact]
    public void Too_few_rounds_are_told_as_such() => Assert.Equal(
        "5 rounds are too few to tell a difference from noise; give --runs 6 or more; median time ratio 0.800", RatioText.Of(Ratio(_faster[..5])));

    [Fact]
    public void A_benchmark_tells_the_same()
    {
        Assert.Contains(
            "\ncache all: 125.000 ms without; MAC ratio 0.800; time ratio 0.800 (0.790 to 0.810), 96.1 % interval of 12 rounds; "
            + "over the MAC ratio 1.000 (0.988 to 1.013)\n",
            Bench(Ratio(_faster)),
            StringComparison.Ordinal);
        string noise = Bench(Ratio(_noise));
        Assert.Contains("MAC ratio 0.800; no difference measurable: time ratio 1.000 (0.900 to 1.080)", noise, StringComparison.Ordinal);
        Assert.DoesNotContain("over the MAC ratio", noise, StringComparison.Ordinal);
    }

    private static PairedRatio Ratio(double[] times, bool identicalPlans = false) =>
        PairedRatio.Of(new InterleavedTiming([times, _reference[..times.Length]]), 0, 1, identicalPlans);

    private static Comparison Compared(PairedRatio time) => new([], null, 0, 40, 50, time, null, null);

    private static string Bench(PairedRatio time)
    {
        using CpuDevice device = new(threads: 1);
        using StringWriter text = new();
        BenchText.Print(
            new BenchResult
            {
                Facts = RunFacts.Of("a model", device),
                Weights = "random",
                Batch = 1,
                Cache = "all",
                Repeat = 12,
                MedianMs = 100,
                MinMs = 90,
                MaxMs = 110,
                Gflop = 1,
                Gflops = 10,
                PeakShare = 0.5,
                PeakGflops = 20,
                PeakSpread = 0.01,
                ResidentMiB = 1,
                WeightBytes = 1,
                RunBytes = 1,
                FullMedianMs = 125,
                Time = time,
                MacRatio = 0.8,
                TimeToMacRatio = time.TimeRatio / 0.8,
                LoadMs = 1,
                PlanMs = 1,
                NonFiniteCount = 0,
            },
            text);
        return text.ToString().ReplaceLineEndings("\n");
    }
}
