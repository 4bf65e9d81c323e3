using System.Numerics;
using System.Runtime.InteropServices;

namespace L2c.Model.Evaluation;

/// <summary>Mean and covariance of a set of feature vectors.</summary>
/// <param name="Samples">How many vectors.</param>
/// <param name="Mean">[n].</param>
/// <param name="Covariance">[n, n], symmetric, unbiased: sums over samples - 1.</param>
public sealed record FeatureStatistics(int Samples, double[] Mean, double[] Covariance)
{
    // Rows of the covariance that are summed while the samples stream by once: 16 x 448 doubles stay in the cache.
    private const int RowsAtATime = 16;

    /// <summary>Counts a set, on all cores; the same bits however many there are.</summary>
    /// <param name="features">[samples, n].</param>
    /// <param name="length">n.</param>
    /// <param name="picked">Rows to count, repeated ones as often as they occur; null for all.</param>
    /// <exception cref="ArgumentException">Fewer than two samples, or a value that is not finite.</exception>
    public static FeatureStatistics Of(double[] features, int length, int[]? picked = null)
    {
        int samples = picked?.Length ?? features.Length / length;
        if (samples < 2 || features.Length % length != 0)
        {
            throw new ArgumentException($"statistics: {features.Length} values of {length} features; two samples are the least");
        }

        double[] mean = new double[length];
        for (int s = 0; s < samples; s++)
        {
            ReadOnlySpan<double> row = Row(s);
            for (int i = 0; i < length; i++)
            {
                mean[i] += row[i];
            }
        }

        for (int i = 0; i < length; i++)
        {
            mean[i] /= samples;
            if (!double.IsFinite(mean[i]))
            {
                throw new ArgumentException($"statistics: feature {i} is not finite in every sample");
            }
        }

        double[] centred = new double[(long)samples * length];
        for (int s = 0; s < samples; s++)
        {
            ReadOnlySpan<double> row = Row(s);
            for (int i = 0; i < length; i++)
            {
                centred[(s * length) + i] = row[i] - mean[i];
            }
        }

        return new FeatureStatistics(samples, mean, Products(centred, length, samples));

        ReadOnlySpan<double> Row(int s) => features.AsSpan((picked?[s] ?? s) * length, length);
    }

    /// <summary>Sums of products over samples, divided by samples - 1.</summary>
    private static double[] Products(double[] centred, int length, int samples)
    {
        double[] covariance = new double[length * length];
        Parallel.For(0, (length + RowsAtATime - 1) / RowsAtATime, block =>
        {
            int first = block * RowsAtATime, end = Math.Min(length, first + RowsAtATime);
            for (int s = 0; s < samples; s++)
            {
                ReadOnlySpan<double> sample = centred.AsSpan(s * length, length);
                for (int i = first; i < end; i++)
                {
                    AddScaled(sample[first..], sample[i], covariance.AsSpan((i * length) + first, length - first));
                }
            }
        });

        for (int i = 0; i < length; i++)
        {
            for (int j = i; j < length; j++)
            {
                covariance[(i * length) + j] /= samples - 1;
                covariance[(j * length) + i] = covariance[(i * length) + j];
            }
        }

        return covariance;
    }

    private static void AddScaled(ReadOnlySpan<double> source, double factor, Span<double> destination)
    {
        Vector<double> factors = new(factor);
        ReadOnlySpan<Vector<double>> from = MemoryMarshal.Cast<double, Vector<double>>(source);
        Span<Vector<double>> to = MemoryMarshal.Cast<double, Vector<double>>(destination);
        for (int v = 0; v < to.Length; v++)
        {
            to[v] += factors * from[v];
        }

        for (int i = to.Length * Vector<double>.Count; i < destination.Length; i++)
        {
            destination[i] += factor * source[i];
        }
    }
}
