using System.Numerics;
using System.Runtime.InteropServices;

namespace L2c.Model.Metrics;

/// <summary>Mean and covariance of a set of feature vectors in binary64, gathered as the vectors come, or read from a file.</summary>
/// <remarks>
/// Formula  with the first vector as a fixed shift a: s = Σ (x - a), Q = Σ (x - a)(x - a)ᵀ; mean a + s / N, covariance (Q - s sᵀ / N) / (N - 1).
/// Numerics binary64 throughout; the same bits for any number of threads, any vectors of the processor and however the vectors came in batches.
/// Memory   D² numbers and a block of 256 vectors, whatever N. Not for use by several threads at once.
/// </remarks>
public sealed class FeatureStatistics
{
    private readonly int _threads;
    private readonly double[]? _givenMean, _givenCovariance;
    private readonly PackedRows? _pending;
    private readonly double[] _shift = [], _sum = [], _squares = [];

    /// <summary>Statistics of nothing yet.</summary>
    /// <param name="dimension">D, features of a vector.</param>
    /// <param name="name">What the set is called in messages.</param>
    /// <param name="threads">Threads that compute; 0 for one per core. The result does not depend on them.</param>
    public FeatureStatistics(int dimension, string name, int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1);
        (Dimension, Name, _threads) = (dimension, name, threads);
        _pending = new PackedRows(dimension);
        (_shift, _sum) = (new double[dimension], new double[dimension]);
        _squares = new double[_pending.Pitch * _pending.Pitch];
    }

    /// <summary>Statistics as a file has them; of how many vectors it does not say.</summary>
    /// <param name="name">What the set is called in messages.</param>
    /// <param name="mean">[D], kept.</param>
    /// <param name="covariance">[D, D], symmetric, kept.</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other, a value is not finite, or it is not symmetric.</exception>
    public FeatureStatistics(string name, double[] mean, double[] covariance)
    {
        (Dimension, Name, _givenMean, _givenCovariance) = (mean.Length, name, mean, covariance);
        Require(
            mean.Length > 0 && covariance.LongLength == (long)mean.Length * mean.Length,
            $"{name}: a mean of {mean.Length} numbers and a covariance of {covariance.Length} do not fit each other");
        int component = Array.FindIndex(mean, value => !double.IsFinite(value));
        int entry = Array.FindIndex(covariance, value => !double.IsFinite(value));
        Require(component < 0, $"{name}: number {component} of the mean is not finite, so there is no distance");
        Require(entry < 0, $"{name}: row {entry / mean.Length} of the covariance has a number that is not finite, so there is no distance");
        RequireSymmetric();
    }

    /// <summary>What the set is called in messages.</summary>
    public string Name { get; }

    /// <summary>D, features of a vector.</summary>
    public int Dimension { get; }

    /// <summary>N, vectors so far; 0 where a file does not say.</summary>
    public long Count { get; private set; }

    /// <summary>Whether there are too few vectors to span the space, so that the covariance is singular whatever the distribution.</summary>
    public bool IsRankDeficient => _givenMean is null && Count <= Dimension;

    /// <summary>Statistics of all vectors at once.</summary>
    /// <inheritdoc cref="Add(ReadOnlySpan{double}, ReadOnlySpan{int})"/>
    /// <param name="features">[N, D].</param>
    /// <param name="dimension">D.</param>
    /// <param name="name">What the set is called in messages.</param>
    /// <param name="times">N numbers of at least 0; empty for once each.</param>
    /// <param name="threads">Threads that compute; 0 for one per core. The result does not depend on them.</param>
    public static FeatureStatistics Of(
        ReadOnlySpan<double> features, int dimension, string name = "the features", ReadOnlySpan<int> times = default, int threads = 0)
    {
        FeatureStatistics statistics = new(dimension, name, threads);
        statistics.Add(features, times);
        return statistics;
    }

    /// <summary>Adds vectors.</summary>
    /// <param name="rows">[any number, D], row-major.</param>
    /// <exception cref="ArgumentException">No whole vectors, or a value that is not finite.</exception>
    public void Add(ReadOnlySpan<float> rows)
    {
        PackedRows pending = Open(rows.Length);
        for (; rows.Length > 0; rows = rows[Dimension..])
        {
            ReadOnlySpan<float> row = rows[..Dimension];
            if (!IsFinite(row))
            {
                throw NotFinite();
            }

            if (Count++ == 0)
            {
                for (int i = 0; i < Dimension; i++)
                {
                    _shift[i] = row[i];
                }
            }

            for (int i = 0; i < Dimension; i++)
            {
                _sum[i] += row[i] - _shift[i];
            }

            pending.Add(row, _shift);
            MultiplyIfFull();
        }
    }

    /// <summary>Adds vectors, each a number of times.</summary>
    /// <param name="rows">[n, D], row-major.</param>
    /// <param name="times">n numbers of at least 0; empty for once each.</param>
    /// <exception cref="ArgumentException">No whole vectors, or a value that is not finite.</exception>
    public void Add(ReadOnlySpan<double> rows, ReadOnlySpan<int> times = default)
    {
        PackedRows pending = Open(rows.Length);
        Require(times.IsEmpty || (long)times.Length * Dimension == rows.Length, $"{Name}: {times.Length} multiplicities of {rows.Length} numbers");
        for (int n = 0; n < rows.Length / Dimension; n++)
        {
            ReadOnlySpan<double> row = rows.Slice(n * Dimension, Dimension);
            int repeated = times.IsEmpty ? 1 : times[n];
            if (repeated == 0)
            {
                continue;
            }

            if (row.ContainsAnyExceptInRange(double.MinValue, double.MaxValue))
            {
                throw NotFinite();
            }

            if (Count == 0)
            {
                row.CopyTo(_shift);
            }

            Count += repeated;
            for (int i = 0; i < Dimension; i++)
            {
                _sum[i] += repeated * (row[i] - _shift[i]);
            }

            // The square of the root is how often it counts.
            pending.Add(row, _shift, Math.Sqrt(repeated));
            MultiplyIfFull();
        }
    }

    /// <summary>The mean, [D].</summary>
    /// <exception cref="ArgumentException">There are fewer than two vectors.</exception>
    public double[] Mean()
    {
        RequireTwo();
        double[] mean = _givenMean is null ? new double[Dimension] : [.. _givenMean];
        for (int i = 0; i < _sum.Length; i++)
        {
            mean[i] = _shift[i] + (_sum[i] / Count);
        }

        return mean;
    }

    /// <summary>The covariance, [D, D], dividing by N - 1; its rank is at most N - 1.</summary>
    /// <exception cref="ArgumentException">There are fewer than two vectors.</exception>
    public double[] Covariance()
    {
        double[] covariance = new double[Dimension * Dimension];
        WriteCovariance(covariance, Dimension);
        return covariance;
    }

    /// <summary>Writes the covariance, both triangles, into rows that are <paramref name="pitch"/> numbers apart, and zeros between them.</summary>
    /// <exception cref="ArgumentException">There are fewer than two vectors.</exception>
    internal void WriteCovariance(double[] target, int pitch)
    {
        RequireTwo();
        Multiply();
        Array.Clear(target);
        for (int i = 0; i < Dimension; i++)
        {
            for (int j = i; j < Dimension; j++)
            {
                target[(i * pitch) + j] = target[(j * pitch) + i] = _givenCovariance is { } given
                    ? given[(i * Dimension) + j]
                    : (_squares[(i * _pending!.Pitch) + j] - (_sum[i] * (_sum[j] / Count))) / (Count - 1);
            }
        }
    }

    private PackedRows Open(int values)
    {
        PackedRows pending = _pending ?? throw new InvalidOperationException("statistics of a file take no more vectors");
        Require(values % Dimension == 0, $"{Name}: {values} numbers are not vectors of {Dimension}");
        return pending;
    }

    private void MultiplyIfFull()
    {
        if (_pending!.Rows == _pending.Capacity)
        {
            Multiply();
        }
    }

    private void Multiply()
    {
        if (_pending is { Rows: > 0 })
        {
            TransposedProduct.Add(_pending, _pending, _squares, _pending.Pitch, _threads, upper: true);
            _pending.Clear();
        }
    }

    // 0 times anything finite is 0.
    private static bool IsFinite(ReadOnlySpan<float> row)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(row);
        Vector<float> zeros = Vector<float>.Zero;
        foreach (Vector<float> vector in vectors)
        {
            zeros += vector * Vector<float>.Zero;
        }

        float rest = Vector.Sum(zeros);
        foreach (float value in row[(vectors.Length * Vector<float>.Count)..])
        {
            rest += value * 0;
        }

        return rest == 0;
    }

    private ArgumentException NotFinite() =>
        new($"{Name}: row {Count} of the features, counted from 0, has a value that is not finite; check the images");

    private void RequireTwo() =>
        Require(_givenMean is not null || Count >= 2, $"{Name}: {Count} vectors of features do not make a covariance; give at least two images");

    private void RequireSymmetric()
    {
        double[] covariance = _givenCovariance!;
        const double Tolerance = 1e-6; // binary32 files, and sums that were rounded in either order
        for (int i = 0; i < Dimension; i++)
        {
            for (int j = 0; j < i; j++)
            {
                double one = covariance[(i * Dimension) + j], other = covariance[(j * Dimension) + i];
                double scale = Math.Sqrt(Math.Abs(covariance[i * (Dimension + 1)] * covariance[j * (Dimension + 1)]));
                if (Math.Abs(one - other) > Tolerance * Math.Max(scale, Math.Max(Math.Abs(one), Math.Abs(other))))
                {
                    throw new ArgumentException($"{Name}: row {i} of the covariance differs from column {i}, so it is none; make the file again");
                }
            }
        }
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new ArgumentException(message);
        }
    }
}
