using L2c.Bench.Experiment;
using L2c.Model.Metrics;

namespace L2c.Bench.Tests;

public sealed class PairedBootstrapTests
{
    private const int Length = RandomConvFeatures.Length, Images = 40;

    private static readonly TaskContext _context = new(null, TestContext.Current.CancellationToken);

    [Fact]
    public void Resamples_are_distances_of_the_images_and_data_that_were_drawn()
    {
        double[] data = Features(1, 30), row = Features(2, Images);
        ResampledDistance distance = new PairedBootstrap(data, 3, _context, threads: 2).Of(row, "row", _context);
        Assert.Equal(Plain(row, data), distance.Distance, 1e-9);
        for (int i = 0; i < 3; i++)
        {
            double expected = Plain(Drawn(row, FrechetEstimate.Draw(0, i, Images)), Drawn(data, FrechetEstimate.Draw(1, i, 30)));
            Assert.Equal(expected, distance.Resampled[i], 1e-6 * expected);
        }

        Assert.Equal(3, distance.Resampled.Distinct().Count());

        static double Plain(double[] set, double[] reference) =>
            FrechetDistance.Between(FeatureStatistics.Of(set, Length), FeatureStatistics.Of(reference, Length)).Distance;

        static double[] Drawn(double[] features, int[] times) =>
            [.. times.SelectMany((count, i) => Enumerable.Repeat(features[(i * Length)..((i + 1) * Length)], count)).SelectMany(image => image)];
    }

    [Fact]
    public void A_difference_of_paired_rows_is_known_more_closely_than_either_distance()
    {
        double[] data = Features(1, 60), row = Features(2, Images);
        double[] near = [.. row.Select((value, i) => value + (0.02 * Math.Sin(i)))];
        PairedBootstrap bootstrap = new(data, 20, _context, threads: 2);
        ResampledDistance one = bootstrap.Of(row, "one", _context), other = bootstrap.Of(near, "other", _context);
        (double low, double high) = one.DifferenceTo(other);
        (double ownLow, double ownHigh) = one.Interval;
        Assert.InRange(one.Distance - other.Distance, low, high);
        Assert.True(high - low < 0.5 * (ownHigh - ownLow), $"{high - low} and {ownHigh - ownLow}");
        Assert.Equal((0.0, 0.0), one.DifferenceTo(one));
    }

    [Fact]
    public void An_interval_is_what_lies_between_the_quantiles_around_the_mean()
    {
        // Of 41 even deviations from -2 to 2 the quantiles lie one place from the ends, and the mean's excess is no uncertainty.
        ResampledDistance distance = new(1, [.. Enumerable.Range(0, 41).Select(i => 5 + ((i - 20) * 0.1))]);
        Assert.Equal(1 - 1.9, distance.Interval.Low, 1e-9);
        Assert.Equal(1 + 1.9, distance.Interval.High, 1e-9);
    }

    private static double[] Features(int seed, int images)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, images * Length).Select(_ => random.NextDouble())];
    }
}
