using L2c.Model.Metrics;
using L2c.Testing;

namespace L2c.Model.Tests.Metrics;

public class FrechetDistanceTests
{
    private const int Waved = 48;

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
    [InlineData(40, 25.69774221454921)] // fewer vectors than components
    [InlineData(200, 13.547874909203863)]
    public void Sets_of_vectors_agree_with_NumPy(int count, double expected)
    {
        FeatureStatistics a = Waves(count, 1), b = Waves(300, 2);
        double rounding = 1e-11 * (FrechetDistance.Between(a, b).Trace + FrechetDistance.Between(a, b).ReferenceTrace);
        Assert.Equal((count <= Waved, false), (a.IsRankDeficient, b.IsRankDeficient));
        Assert.Equal(expected, Between(a, b), rounding);
        Assert.Equal(expected, Between(b, a), rounding);
        Assert.Equal(0, Between(a, a), rounding);
        Assert.NotEqual(expected, Between(a, Waves(299, 2)), 1e-5);
    }

    [Fact]
    public void Sets_on_two_lines_through_a_space_of_more_components()
    {
        const int Dimension = 40;
        double[] u = [.. Enumerable.Range(0, Dimension).Select(i => 1.0 + (i % 3))];
        double[] v = [.. Enumerable.Range(0, Dimension).Select(i => 2.0 - (i % 4))];
        var a = FeatureStatistics.Of([.. Line(u, 3, -1, 0, 1)], Dimension); // of variance 1 along u
        var b = FeatureStatistics.Of([.. Line(v, 1, -3, -1, 1, 3)], Dimension); // 20 / 3 along v
        double expected = (Dimension * 4) + Dot(u, u) + (20 / 3.0 * Dot(v, v)) - (2 * Math.Sqrt(20 / 3.0) * Math.Abs(Dot(u, v)));
        Assert.Equal(expected, Between(a, b), 1e-10);
        Assert.Equal(expected, Between(b, a), 1e-10);

        static IEnumerable<double> Line(double[] direction, double mean, params double[] places) =>
            places.SelectMany(place => direction.Select(component => mean + (place * component)));

        static double Dot(double[] one, double[] other) => one.Zip(other, (x, y) => x * y).Sum();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(20)]
    [InlineData(33)]
    [InlineData(47)]
    public void Singular_covariances_that_were_rounded_to_binary32_are_taken(int count)
    {
        FeatureStatistics whole = Waves(count, 1), other = Waves(300, 2);
        FeatureStatistics rounded = Given(whole.Mean(), Array.ConvertAll(whole.Covariance(), value => (double)(float)value));
        FrechetTerms terms = FrechetDistance.Between(whole, other);
        Assert.Equal(terms.Distance, Between(rounded, other), 1e-4 * terms.Trace);
        Assert.Equal(0, Between(rounded, whole), 1e-4 * terms.Trace);
    }

    [Fact]
    public void A_resample_takes_the_memory_that_is_counted()
    {
        const int Dimension = 512, Count = 600;
        double[] features = [.. RandomData.Normal(7, Count * Dimension).Select(value => (double)value)];
        FrechetDistance reference = new(FeatureStatistics.Of(features, Dimension, threads: 1), threads: 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        _ = reference.To(FeatureStatistics.Of(features, Dimension, threads: 1), threads: 1);
        long counted = FrechetEstimate.Bytes(Count, Dimension, threads: 1);

        // Less than a tenth is let go of before the rest is there.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, counted, counted * 11 / 10);
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

    // As the script that made the expected values: covariances of the centred vectors A and B, and the singular values of A Bᵀ by numpy.linalg.svd.
    private static FeatureStatistics Waves(int count, double k) => FeatureStatistics.Of(
        [.. Enumerable.Range(0, count * Waved).Select(n =>
            Math.Sin(0.37 * k * ((n / Waved) + 1) * ((n % Waved) + 1)) + (0.1 * Math.Cos((n / Waved) + (k * (n % Waved)))))],
        Waved);

    private static FeatureStatistics Given(double[] mean, double[] covariance) => new("a file", mean, covariance);

    private static double Between(FeatureStatistics a, FeatureStatistics b) => FrechetDistance.Between(a, b).Distance;
}
