using L2c.Model.Metrics;
using L2c.Testing;

namespace L2c.Model.Tests.Metrics;

public class FrechetDistanceTests
{
    [Fact]
    public void Two_normal_distributions_on_a_line()
    {
        // (1 - 4)² + (3 - 1)²
        Assert.Equal(13, Between(Given([1], [9]), Given([4], [1])), 1e-12);
        Assert.Equal(0, Between(Given([1], [9]), Given([1], [9])), 1e-12);
    }

    [Fact]
    public void Diagonal_covariances_commute()
    {
        FeatureStatistics a = Given([1, 0, 2], [4, 0, 0, 0, 9, 0, 0, 0, 0]), b = Given([1, 1, 0], [1, 0, 0, 0, 25, 0, 0, 0, 16]);

        // |μ - μ'|² = 0 + 1 + 4; (2 - 1)² + (3 - 5)² + (0 - 4)²
        Assert.Equal(5 + 21, Between(a, b), 1e-10);
        Assert.Equal(5 + 21, Between(b, a), 1e-10);
    }

    [Fact]
    public void Covariances_that_do_not_commute_agree_with_NumPy()
    {
        FeatureStatistics a = Given([1, 2, 3], [4, 1, 0.5, 1, 3, -1, 0.5, -1, 2]);
        FeatureStatistics b = Given([0.5, 2.5, 1], [1, -0.5, 0.25, -0.5, 2, 0.75, 0.25, 0.75, 5]);
        Assert.Equal(7.479697513687132, Between(a, b), 1e-12);
    }

    [Theory]
    [InlineData(40, 25.69774216474208)] // fewer vectors than components
    [InlineData(200, 13.547874909203948)]
    public void Sets_of_vectors_agree_with_NumPy(int count, double expected)
    {
        const int Dimension = 48;
        FeatureStatistics a = Fit(Waves(count, 1)), b = Fit(Waves(300, 2));
        Assert.Equal((count <= Dimension, false), (a.IsRankDeficient, b.IsRankDeficient));
        Assert.Equal(expected, Between(a, b), 1e-5);
        Assert.Equal(expected, Between(b, a), 1e-5);
        Assert.Equal(0, Between(a, a), 1e-5);
        Assert.NotEqual(expected, Between(a, Fit(Waves(299, 2))), 1e-5);

        // As the script that made the expected values with numpy.cov and numpy.linalg.eigvals.
        static double[] Waves(int count, double k) => [.. Enumerable.Range(0, count * Dimension).Select(n =>
            Math.Sin(0.37 * k * ((n / Dimension) + 1) * ((n % Dimension) + 1)) + (0.1 * Math.Cos((n / Dimension) + (k * (n % Dimension)))))];

        static FeatureStatistics Fit(double[] features) => FeatureStatistics.Of(features, Dimension);
    }

    [Fact]
    public void Mean_and_covariance_are_those_of_the_definition_for_any_number_of_threads()
    {
        const int Dimension = 13, Count = 700; // no multiples of tiles and blocks
        double[] features = [.. RandomData.Normal(3, Count * Dimension, mean: 2).Select(value => (double)value)];
        int[] times = RandomData.Integers(4, Count, 4);
        var fit = FeatureStatistics.Of(features, Dimension, times: times);
        double[] mean = fit.Mean(), covariance = fit.Covariance();
        double[][] listed =
            [.. Enumerable.Range(0, Count).SelectMany(i => Enumerable.Repeat(features[(i * Dimension)..((i + 1) * Dimension)], times[i]))];
        Assert.Equal(listed.Length, fit.Count);
        for (int i = 0; i < Dimension; i++)
        {
            Assert.Equal(listed.Average(row => row[i]), mean[i], 1e-12);
            for (int j = 0; j < Dimension; j++)
            {
                double expected = listed.Sum(row => (row[i] - mean[i]) * (row[j] - mean[j])) / (listed.Length - 1);
                Assert.Equal(expected, covariance[(i * Dimension) + j], 1e-12);
            }
        }

        Assert.Equal(covariance, FeatureStatistics.Of(features, Dimension, times: times, threads: 1).Covariance());
        double[] flat = [.. listed.SelectMany(row => row)];
        Assert.Equal(covariance.Max(), FeatureStatistics.Of(flat, Dimension).Covariance().Max(), 1e-12);
    }

    [Fact]
    public void The_interval_holds_the_estimate_and_repeats()
    {
        const int Dimension = 8;
        double[] samples = Normal(5, 400, 0.1), data = Normal(6, 400, 0);
        FrechetDistance reference = new(FeatureStatistics.Of(data, Dimension));
        var estimate = FrechetEstimate.Of(samples, Dimension, reference);
        var again = FrechetEstimate.Of(samples, Dimension, reference, threads: 1);
        Assert.Equal(reference.To(FeatureStatistics.Of(samples, Dimension)).Distance, estimate.Distance);
        Assert.True(estimate.Low < estimate.Distance && estimate.Distance < estimate.High);
        Assert.Equal(FrechetEstimate.Resamples, estimate.Resampled.Count);
        Assert.Equal(estimate.Resampled.Max() - estimate.Resampled.Min(), estimate.High - estimate.Low, 1e-12);
        Assert.Equal(estimate.Resampled, again.Resampled);
        Assert.NotEqual(estimate.Resampled, FrechetEstimate.Of(samples, Dimension, reference, seed: 1).Resampled);

        static double[] Normal(int seed, int count, double mean) =>
            [.. RandomData.Normal(seed, count * Dimension, mean: mean).Select(value => (double)value)];
    }

    [Fact]
    public void A_resample_draws_as_many_with_replacement()
    {
        int[] times = FrechetEstimate.Draw(0, 3, 10_001);
        Assert.Equal(10_001, times.Sum());

        // A vector is left out with probability 1/e; standard deviation of the share about 0.003.
        Assert.InRange(times.Count(number => number == 0) / 10_001.0, 0.355, 0.38);
        Assert.NotEqual(times, FrechetEstimate.Draw(0, 4, 10_001));
    }

    [Fact]
    public void What_cannot_be_compared_is_refused()
    {
        FrechetDistance reference = new(Given([0, 0], [1, 0, 0, 1]));
        Assert.Throws<ArgumentException>(() => reference.To(Given([0], [1])));
        Assert.Throws<ArgumentException>(() => FeatureStatistics.Of([1, 2], 2).Covariance());
        Assert.Throws<ArgumentException>(() => FeatureStatistics.Of([1, 2, 3], 2));
        Assert.Throws<ArgumentException>(() => FeatureStatistics.Of([1, 2, double.NaN, 4], 2));
        Assert.Throws<OperationCanceledException>(() =>
            FrechetEstimate.Of([1, 2, 3, 4], 2, reference, cancel: new CancellationToken(canceled: true)));
    }

    private static FeatureStatistics Given(double[] mean, double[] covariance) => new("a file", mean, covariance);

    private static double Between(FeatureStatistics a, FeatureStatistics b) => FrechetDistance.Between(a, b).Distance;
}
