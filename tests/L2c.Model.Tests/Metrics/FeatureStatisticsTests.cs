using L2c.Model.Metrics;
using L2c.Testing;

namespace L2c.Model.Tests.Metrics;

public class FeatureStatisticsTests
{
    [Theory]
    [InlineData(2, 1)] // the smallest
    [InlineData(700, 48)]
    [InlineData(517, 37)] // no multiples of tiles and blocks
    public void They_are_those_of_the_definition(int count, int dimension)
    {
        float[] rows = RandomData.Normal(3, count * dimension, mean: 2);
        FeatureStatistics statistics = Statistics(rows, dimension);
        (double[] mean, double[] covariance) = Reference(rows, dimension, count - 1);
        Assert.Equal(count, statistics.Count);
        RequireClose(mean, statistics.Mean());
        RequireClose(covariance, statistics.Covariance());

        // The mistake that is easily made is beyond the tolerance.
        (_, double[] ofCount) = Reference(rows, dimension, count);
        Assert.ThrowsAny<Exception>(() => RequireClose(ofCount, statistics.Covariance()));
    }

    [Fact]
    public void Batches_and_threads_change_no_bit()
    {
        const int Dimension = 45, Count = 611;
        float[] rows = RandomData.Normal(4, Count * Dimension, mean: 1);
        FeatureStatistics one = Statistics(rows, Dimension, threads: 1), other = new(Dimension, "the set", 3);
        for (int first = 0, size = 1; first < Count; first += size, size++)
        {
            other.Add(rows.AsSpan(first * Dimension, Math.Min(size, Count - first) * Dimension));
        }

        Assert.Equal(one.Mean(), other.Mean());
        Assert.Equal(one.Covariance(), other.Covariance());
    }

    [Fact]
    public void A_common_offset_costs_no_digits()
    {
        const int Dimension = 5, Count = 400;
        double[] rows = [.. RandomData.Normal(5, Count * Dimension).Select(value => (double)value)];
        double[] covariance = FeatureStatistics.Of(rows, Dimension).Covariance();
        double[] far = [.. rows.Select(value => value + (1 << 20))]; // exact: 53 bits hold both
        RequireClose(covariance, FeatureStatistics.Of(far, Dimension).Covariance());
    }

    [Fact]
    public void They_take_a_block_of_vectors_beside_a_square_matrix()
    {
        const int Dimension = 256, Rows = 2000;
        float[] rows = RandomData.Normal(6, Rows * Dimension);
        FeatureStatistics statistics = Statistics(rows, Dimension, threads: 1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        statistics.Add(rows);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024); // closures of the products, whatever the number of rows
    }

    [Fact]
    public void A_number_that_is_none_is_told_by_set_and_row()
    {
        float[] rows = RandomData.Normal(7, 30);
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            for (int at = 0; at < 10; at++)
            {
                float[] broken = [.. rows];
                broken[20 + at] = bad;
                FeatureStatistics statistics = new(10, "the set");
                string message = Assert.Throws<ArgumentException>(() => statistics.Add(broken)).Message;
                Assert.StartsWith("the set: row 2 of the features", message);
                Assert.DoesNotContain('\n', message);
            }
        }
    }

    [Fact]
    public void What_makes_no_statistics_is_refused()
    {
        FeatureStatistics one = new(2, "the set");
        one.Add([1f, 2f]);
        Assert.Contains("at least two", Assert.Throws<ArgumentException>(() => one.Covariance()).Message);
        Assert.Contains("not vectors of 2", Assert.Throws<ArgumentException>(() => one.Add([1f])).Message);
        Assert.Contains("fit each other", Refusal([1], [1, 2]));
        Assert.Contains("not finite", Refusal([double.NaN], [1]));
        Assert.Contains("row 1 of the covariance has a number", Refusal([0, 0], [1, 0, double.NaN, 1]));
        Assert.Contains("row 1 of the covariance differs", Refusal([0, 0], [1, 0.5, 0.4, 1]));
        Assert.Throws<InvalidOperationException>(() => new FeatureStatistics("a file", [0], [1]).Add([1f]));

        static string Refusal(double[] mean, double[] covariance) =>
            Assert.Throws<ArgumentException>(() => new FeatureStatistics("a file", mean, covariance)).Message;
    }

    private static FeatureStatistics Statistics(float[] rows, int dimension, int threads = 0)
    {
        FeatureStatistics statistics = new(dimension, "the set", threads);
        statistics.Add(rows);
        return statistics;
    }

    private static (double[] Mean, double[] Covariance) Reference(float[] rows, int dimension, int divisor)
    {
        double[] mean = new double[dimension], covariance = new double[dimension * dimension];
        int count = rows.Length / dimension;
        for (int i = 0; i < rows.Length; i++)
        {
            mean[i % dimension] += (double)rows[i] / count;
        }

        for (int i = 0; i < dimension; i++)
        {
            for (int j = 0; j < dimension; j++)
            {
                for (int row = 0; row < count; row++)
                {
                    covariance[(i * dimension) + j] += (rows[(row * dimension) + i] - mean[i]) * (rows[(row * dimension) + j] - mean[j]) / divisor;
                }
            }
        }

        return (mean, covariance);
    }

    private static void RequireClose(double[] expected, double[] actual)
    {
        double largest = expected.Max(Math.Abs);
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-12 * largest));
    }
}
