using L2c.Model.Evaluation;
using L2c.Testing;

namespace L2c.Model.Tests.Evaluation;

public class FrechetDistanceTests
{
    [Fact]
    public void Independent_features_have_the_sum_of_their_own_distances()
    {
        FeatureStatistics a = new(9, [1, 2, 3], [4, 0, 0, 0, 9, 0, 0, 0, 0]), b = new(9, [1, 0, 3.5], [1, 0, 0, 0, 16, 0, 0, 0, 25]);
        const double Expected = (0 + 1) + (4 + 1) + (0.25 + 25); // (m - m')^2 + (s - s')^2 of each
        Assert.Equal(Expected, new FrechetDistance(a).To(b), 1e-12);
        Assert.Equal(Expected, new FrechetDistance(b).To(a), 1e-12);
        Assert.Equal(0, new FrechetDistance(a).To(a), 1e-12);
    }

    [Fact]
    public void Correlated_features_agree_with_the_matrix_root_by_iteration()
    {
        const int Features = 12;
        FeatureStatistics a = FeatureStatistics.Of(Correlated(1, 60, Features), Features);
        FeatureStatistics b = FeatureStatistics.Of(Correlated(2, 80, Features), Features);
        double[] product = Multiply(a.Covariance, b.Covariance, Features);
        double expected = a.Mean.Zip(b.Mean, (x, y) => (x - y) * (x - y)).Sum()
            + Trace(a.Covariance, Features) + Trace(b.Covariance, Features) - (2 * Trace(Root(product, Features), Features));
        double distance = new FrechetDistance(a).To(b);
        Assert.Equal(expected, distance, 1e-8 * expected);
        Assert.Equal(distance, new FrechetDistance(b).To(a), 1e-9 * expected);
        double withoutCross = expected + (2 * Trace(Root(product, Features), Features)) - (2 * Trace(product, Features));
        Assert.True(Math.Abs(withoutCross - distance) > 0.01 * expected); // the root matters
    }

    [Fact]
    public void Fewer_samples_than_features_are_no_obstacle()
    {
        FeatureStatistics few = FeatureStatistics.Of(Correlated(1, 5, 12), 12);
        Assert.Equal(0, new FrechetDistance(few).To(few), 1e-4); // the root of an eigenvalue that should be 0 is that of its rounding
        Assert.True(new FrechetDistance(few).To(FeatureStatistics.Of(Correlated(2, 5, 12), 12)) > 0.1);
    }

    [Fact]
    public void Statistics_are_means_and_unbiased_covariances_of_the_rows_picked()
    {
        double[] features = [1, 10, 2, 20, 4, 10];
        FeatureStatistics all = FeatureStatistics.Of(features, 2);
        Assert.Equal([7 / 3.0, 40 / 3.0], all.Mean.Select(v => Math.Round(v, 12)).ToArray(), (x, y) => Math.Abs(x - y) < 1e-9);
        Assert.Equal([7 / 3.0, -10 / 6.0, -10 / 6.0, 100 / 3.0], all.Covariance, (x, y) => Math.Abs(x - y) < 1e-9);
        FeatureStatistics twice = FeatureStatistics.Of(features, 2, [0, 2, 2]);
        Assert.Equal((3, 3.0, 10.0), (twice.Samples, twice.Mean[0], twice.Mean[1]));
        Assert.Equal([3, 0, 0, 0], twice.Covariance, (x, y) => Math.Abs(x - y) < 1e-9);

        double[] many = Correlated(5, 50, 37); // rows that fill no whole block
        FeatureStatistics blocks = FeatureStatistics.Of(many, 37);
        for (int i = 0; i < 37; i++)
        {
            for (int j = 0; j < 37; j++)
            {
                double sum = Enumerable.Range(0, 50).Sum(s => (many[(s * 37) + i] - blocks.Mean[i]) * (many[(s * 37) + j] - blocks.Mean[j]));
                Assert.Equal(sum / 49, blocks.Covariance[(i * 37) + j], 1e-12);
            }
        }

        Assert.Throws<ArgumentException>(() => FeatureStatistics.Of([1, 2], 2));
        Assert.Throws<ArgumentException>(() => FeatureStatistics.Of([1, double.NaN, 2, 3], 2));
        Assert.Throws<ArgumentException>(() => new FrechetDistance(all).To(blocks));
    }

    [Fact]
    public void The_interval_holds_the_true_distance_about_as_often_as_it_says_and_has_the_same_bits_again()
    {
        // Normal features of deviation 1 against a reference of mean 1: the distance is 1 and a bias of sampling that 400 samples make small.
        FrechetDistance reference = new(new FeatureStatistics(1000, [1, 0], [1, 0, 0, 1]));
        int inside = 0;
        for (int trial = 0; trial < 60; trial++)
        {
            double[] features = Array.ConvertAll(RandomData.Normal(100 + trial, 2 * 400), v => (double)v);
            (double distance, double low, double high) = reference.Interval(features, 9);
            Assert.True(low < distance && distance < high);
            Assert.Equal((distance, low, high), reference.Interval(features, 9));
            Assert.NotEqual(low, reference.Interval(features, 10).Low);
            inside += low <= 1 && high >= 1 ? 1 : 0;
        }

        Assert.InRange(inside, 50, 60);
    }

    private static double[] Correlated(int seed, int samples, int features)
    {
        float[] independent = RandomData.Normal(seed, samples * features), mixing = RandomData.Normal(seed + 50, features * features);
        double[] mixed = new double[samples * features];
        for (int s = 0; s < samples; s++)
        {
            for (int i = 0; i < features; i++)
            {
                mixed[(s * features) + i] = Enumerable.Range(0, features)
                    .Sum(k => (double)mixing[(i * features) + k] * independent[(s * features) + k]);
            }
        }

        return mixed;
    }

    /// <summary>The principal root of a matrix with positive eigenvalues: Denman and Beavers' iteration.</summary>
    private static double[] Root(double[] matrix, int n)
    {
        double[] y = matrix, z = [.. Enumerable.Range(0, n * n).Select(i => i / n == i % n ? 1.0 : 0)];
        for (int i = 0; i < 60; i++)
        {
            double[] yInverse = Inverse(y, n), zInverse = Inverse(z, n);
            (y, z) = ([.. y.Zip(zInverse, (a, b) => (a + b) / 2)], [.. z.Zip(yInverse, (a, b) => (a + b) / 2)]);
        }

        return y;
    }

    /// <summary>Gauss and Jordan, with pivots.</summary>
    private static double[] Inverse(double[] matrix, int n)
    {
        double[][] rows = [.. matrix.Chunk(n).Select((row, r) => (double[])[.. row, .. Enumerable.Range(0, n).Select(c => c == r ? 1.0 : 0)])];
        for (int column = 0; column < n; column++)
        {
            int pivot = Enumerable.Range(column, n - column).MaxBy(row => Math.Abs(rows[row][column]));
            (rows[column], rows[pivot]) = (rows[pivot], rows[column]);
            double head = rows[column][column];
            rows[column] = Array.ConvertAll(rows[column], value => value / head);
            for (int row = 0; row < n; row++)
            {
                if (row != column)
                {
                    double factor = rows[row][column];
                    rows[row] = [.. rows[row].Zip(rows[column], (a, b) => a - (factor * b))];
                }
            }
        }

        return [.. rows.SelectMany(row => row[n..])];
    }

    private static double[] Multiply(double[] a, double[] b, int n) =>
        [.. Enumerable.Range(0, n * n).Select(i => Enumerable.Range(0, n).Sum(k => a[(i / n * n) + k] * b[(k * n) + (i % n)]))];

    private static double Trace(double[] matrix, int n) => Enumerable.Range(0, n).Sum(i => matrix[(i * n) + i]);
}
