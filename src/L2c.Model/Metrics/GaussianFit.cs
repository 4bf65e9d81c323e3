using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace L2c.Model.Metrics;

/// <summary>Mean and covariance of a set of feature vectors, in binary64.</summary>
/// <param name="Count">N, vectors.</param>
/// <param name="Mean">[D].</param>
/// <param name="Covariance">[D, D], symmetric, dividing by N - 1; its rank is at most N - 1.</param>
public sealed record GaussianFit(int Count, double[] Mean, double[] Covariance)
{
    private const int TileRows = 4;
    private const int Lanes = 4;
    private const int TileColumns = 2 * Lanes;
    private const int RowsAtOnce = 256;

    /// <summary>D, components of a vector.</summary>
    public int Dimension => Mean.Length;

    /// <summary>Whether there are too few vectors to span the space, so that the covariance is singular whatever the distribution.</summary>
    public bool IsRankDeficient => Count <= Dimension;

    /// <summary>F, [r, D], with FᵀF the covariance and r below D, where few vectors give one; otherwise null.</summary>
    internal double[]? Factor { get; private init; }

    /// <summary>Fits.</summary>
    /// <param name="features">[N, D], N at least 2.</param>
    /// <param name="dimension">D.</param>
    /// <param name="threads">Threads that compute; 0 for one per core. The result does not depend on them.</param>
    /// <exception cref="ArgumentException">No whole vectors, fewer than two, or values that are not finite.</exception>
    public static GaussianFit Of(ReadOnlySpan<double> features, int dimension, int threads = 0)
    {
        int count = features.Length / dimension;
        int[] once = new int[count];
        Array.Fill(once, 1);
        return Of(features, dimension, once, threads);
    }

    /// <summary>Fits a multiset: vector i counts <paramref name="times"/>[i] times.</summary>
    /// <inheritdoc cref="Of(ReadOnlySpan{double}, int, int)"/>
    /// <param name="features">[N, D].</param>
    /// <param name="dimension">D.</param>
    /// <param name="times">N numbers of at least 0, whose sum is at least 2.</param>
    /// <param name="threads">Threads that compute; 0 for one per core. The result does not depend on them.</param>
    public static GaussianFit Of(ReadOnlySpan<double> features, int dimension, ReadOnlySpan<int> times, int threads = 0)
    {
        int count = 0, distinct = 0;
        foreach (int number in times)
        {
            count += number;
            distinct += number > 0 ? 1 : 0;
        }

        if (features.Length != (long)times.Length * dimension || count < 2)
        {
            throw new ArgumentException($"{features.Length} values are not {times.Length} vectors of {dimension}, or fewer than two vectors count");
        }

        double[] mean = new double[dimension];
        for (int i = 0; i < times.Length; i++)
        {
            for (int j = 0; j < dimension; j++)
            {
                mean[j] += times[i] * features[(i * dimension) + j];
            }
        }

        for (int j = 0; j < dimension; j++)
        {
            mean[j] /= count;
            if (!double.IsFinite(mean[j]))
            {
                throw new ArgumentException($"component {j} of the features is not finite");
            }
        }

        // Centred vectors times the root of their number: their Gram matrix is the sum of squares.
        int pitch = (dimension + TileColumns - 1) / TileColumns * TileColumns;
        double[] centred = new double[distinct * pitch];
        for (int i = 0, row = 0; i < times.Length; i++)
        {
            if (times[i] > 0)
            {
                double root = Math.Sqrt(times[i]);
                for (int j = 0; j < dimension; j++)
                {
                    centred[(row * pitch) + j] = root * (features[(i * dimension) + j] - mean[j]);
                }

                row++;
            }
        }

        return new GaussianFit(count, mean, Covariances(Gram(centred, pitch, threads), pitch, dimension, count - 1))
        {
            Factor = distinct < dimension ? Scaled(centred, pitch, dimension, count - 1) : null,
        };
    }

    private static double[] Scaled(double[] centred, int pitch, int dimension, int divisor)
    {
        double[] factor = new double[centred.Length / pitch * dimension];
        for (int i = 0; i < factor.Length; i++)
        {
            factor[i] = centred[(i / dimension * pitch) + (i % dimension)] / Math.Sqrt(divisor);
        }

        return factor;
    }

    private static double[] Covariances(double[] gram, int pitch, int dimension, int divisor)
    {
        double[] covariance = new double[dimension * dimension];
        for (int i = 0; i < dimension; i++)
        {
            for (int j = i; j < dimension; j++)
            {
                covariance[(i * dimension) + j] = covariance[(j * dimension) + i] = gram[(i * pitch) + j] / divisor;
            }
        }

        return covariance;
    }

    /// <summary>XᵀX of [rows, pitch], the upper triangle in tiles; each entry is summed in the order of the rows.</summary>
    private static double[] Gram(double[] x, int pitch, int threads)
    {
        int rows = x.Length / pitch;
        double[] gram = new double[pitch * pitch];
        ParallelOptions options = new() { MaxDegreeOfParallelism = threads == 0 ? -1 : threads };
        for (int first = 0; first < rows; first += RowsAtOnce)
        {
            (int from, int end) = (first, Math.Min(first + RowsAtOnce, rows));
            Parallel.For(0, pitch / TileRows, options, tile =>
            {
                int i = tile * TileRows;
                for (int j = i / TileColumns * TileColumns; j < pitch; j += TileColumns)
                {
                    Accumulate(x, pitch, from, end, i, j, gram);
                }
            });
        }

        return gram;
    }

    private static void Accumulate(double[] x, int pitch, int first, int end, int i, int j, double[] gram)
    {
        ref double g = ref MemoryMarshal.GetArrayDataReference(gram);
        nuint at = (nuint)((i * pitch) + j), next = (nuint)pitch;
        Vector256<double> a0 = Vector256.LoadUnsafe(ref g, at), a1 = Vector256.LoadUnsafe(ref g, at + Lanes);
        Vector256<double> b0 = Vector256.LoadUnsafe(ref g, at + next), b1 = Vector256.LoadUnsafe(ref g, at + next + Lanes);
        Vector256<double> c0 = Vector256.LoadUnsafe(ref g, at + (2 * next)), c1 = Vector256.LoadUnsafe(ref g, at + (2 * next) + Lanes);
        Vector256<double> d0 = Vector256.LoadUnsafe(ref g, at + (3 * next)), d1 = Vector256.LoadUnsafe(ref g, at + (3 * next) + Lanes);
        ref double values = ref MemoryMarshal.GetArrayDataReference(x);
        for (int row = first; row < end; row++)
        {
            int left = (row * pitch) + i;
            nuint right = (nuint)((row * pitch) + j);
            Vector256<double> y0 = Vector256.LoadUnsafe(ref values, right), y1 = Vector256.LoadUnsafe(ref values, right + Lanes);
            Vector256<double> a = Vector256.Create(x[left]), b = Vector256.Create(x[left + 1]);
            Vector256<double> c = Vector256.Create(x[left + 2]), d = Vector256.Create(x[left + 3]);
            (a0, a1) = (Vector256.FusedMultiplyAdd(a, y0, a0), Vector256.FusedMultiplyAdd(a, y1, a1));
            (b0, b1) = (Vector256.FusedMultiplyAdd(b, y0, b0), Vector256.FusedMultiplyAdd(b, y1, b1));
            (c0, c1) = (Vector256.FusedMultiplyAdd(c, y0, c0), Vector256.FusedMultiplyAdd(c, y1, c1));
            (d0, d1) = (Vector256.FusedMultiplyAdd(d, y0, d0), Vector256.FusedMultiplyAdd(d, y1, d1));
        }

        a0.StoreUnsafe(ref g, at);
        a1.StoreUnsafe(ref g, at + Lanes);
        b0.StoreUnsafe(ref g, at + next);
        b1.StoreUnsafe(ref g, at + next + Lanes);
        c0.StoreUnsafe(ref g, at + (2 * next));
        c1.StoreUnsafe(ref g, at + (2 * next) + Lanes);
        d0.StoreUnsafe(ref g, at + (3 * next));
        d1.StoreUnsafe(ref g, at + (3 * next) + Lanes);
    }
}
