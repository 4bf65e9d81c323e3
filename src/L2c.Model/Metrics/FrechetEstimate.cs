using L2c.Model.Randomness;

namespace L2c.Model.Metrics;

/// <summary>A Fréchet distance with a bootstrap interval.</summary>
/// <param name="Distance">Of all vectors to the reference, at least 0.</param>
/// <param name="Low">Lower end of the interval, at least 0.</param>
/// <param name="High">Upper end.</param>
/// <param name="Resampled">Distances of the <see cref="Resamples"/> resamples, as drawn.</param>
/// <remarks>
/// Each resample draws with replacement from the samples, as many as there are; the reference stays. A distance grows when fewer distinct
/// vectors estimate the covariance, so every resample lies above the estimate by about as much as the estimate lies above the limit of many samples.
/// That excess is not uncertainty: the interval is the estimate plus the least and the greatest deviation of the resamples from their mean. A value
/// more from their distribution lies between the least and the greatest of 20 with probability 19/21, so the ends are its 4.8 % and 95.2 % quantiles
/// on average.
/// </remarks>
public sealed record FrechetEstimate(double Distance, double Low, double High, IReadOnlyList<double> Resampled)
{
    /// <summary>Resamples of an interval.</summary>
    public const int Resamples = 20;

    // Counter word 3 of the draws: keeps them apart from noise (0) and pictures of shapes under the same seed.
    private const uint Domain = 0x424F_4F54;
    private const int WordsPerCounter = 4;

    /// <summary>Bytes that <see cref="Of"/> takes at most apart from the features.</summary>
    /// <param name="count">N.</param>
    /// <param name="dimension">D.</param>
    /// <param name="threads">Threads that compute; 0 for one per core.</param>
    public static long Bytes(int count, int dimension, int threads)
    {
        // Of each resample that is computed at a time: its covariance, the factor, room for products; blocks of rows, whose panels have an odd
        // number of lines; and how often a vector is in it.
        const int matrices = 3, blocks = 4;
        long pitch = PackedRows.PitchOf(dimension), numbers = (matrices * pitch * pitch) + (blocks * (PackedRows.RowsAtOnce | 1) * pitch);
        int parallel = Math.Min(Resamples, threads == 0 ? Environment.ProcessorCount : threads);
        return ((sizeof(double) * numbers) + (sizeof(int) * (long)count)) * parallel;
    }

    /// <summary>Estimates.</summary>
    /// <param name="features">[N, D], N at least 2.</param>
    /// <param name="dimension">D.</param>
    /// <param name="reference">What the distance is to.</param>
    /// <param name="seed">Of the resamples.</param>
    /// <param name="threads">Threads that compute; 0 for one per core. The result does not depend on them.</param>
    /// <param name="done">Called after the distance of all vectors and after that of each resample, by several threads at a time; null for
    /// nobody.</param>
    /// <param name="cancel">Looked at before each resample.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static FrechetEstimate Of(
        double[] features,
        int dimension,
        FrechetDistance reference,
        ulong seed = 0,
        int threads = 0,
        Action? done = null,
        CancellationToken cancel = default)
    {
        double distance = Distance([], threads);
        done?.Invoke();
        double[] resampled = new double[Resamples];
        ParallelOptions options = new() { MaxDegreeOfParallelism = threads == 0 ? -1 : threads, CancellationToken = cancel };
        Parallel.For(0, Resamples, options, resample =>
        {
            int[] times = Draw(seed, resample, features.Length / dimension);
            resampled[resample] = Distance(times, threads: 1);
            done?.Invoke();
        });
        double mean = resampled.Average();
        return new FrechetEstimate(distance, Math.Max(distance + resampled.Min() - mean, 0), distance + resampled.Max() - mean, resampled);

        // Of equal sets, rounding may leave less than nothing.
        double Distance(int[] times, int threads) =>
            Math.Max(reference.To(FeatureStatistics.Of(features, dimension, times: times, threads: threads), threads).Distance, 0);
    }

    /// <summary>How often each of <paramref name="count"/> vectors is in a resample: a function of its arguments, the same everywhere.</summary>
    internal static int[] Draw(ulong seed, int resample, int count)
    {
        int[] times = new int[count];
        Span<uint> words = stackalloc uint[WordsPerCounter];
        for (int i = 0; i < count; i++)
        {
            if (i % WordsPerCounter == 0)
            {
                Philox4x32.Block(seed, (uint)(i / WordsPerCounter), (uint)resample, 0, Domain, words);
            }

            times[(int)(((ulong)words[i % WordsPerCounter] * (ulong)count) >> 32)]++;
        }

        return times;
    }
}
