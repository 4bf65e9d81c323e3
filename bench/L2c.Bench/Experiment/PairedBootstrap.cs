using L2c.Model.Metrics;

namespace L2c.Bench.Experiment;

/// <summary>A distance, and those of resamples.</summary>
/// <param name="Distance">Of all images to all data.</param>
/// <param name="Resampled">By resample; those of two rows with as many images are of the same images and data, so that their differences are
/// paired.</param>
internal sealed record ResampledDistance(double Distance, IReadOnlyList<double> Resampled)
{
    // Of the resamples, what lies between these quantiles: 95 %.
    private const double Low = 0.025, High = 0.975;

    /// <summary>Interval of the distance.</summary>
    public (double Low, double High) Interval => Around(Distance, Resampled);

    /// <summary>Interval of the difference to another row's.</summary>
    public (double Low, double High) DifferenceTo(ResampledDistance other) =>
        Around(Distance - other.Distance, [.. Resampled.Zip(other.Resampled, (own, its) => own - its)]);

    /// <summary>An estimate and the quantiles of its resamples' deviations from their mean, which lies above it, since resamples have fewer distinct
    /// images.</summary>
    private static (double Low, double High) Around(double estimate, IReadOnlyList<double> resampled)
    {
        double mean = resampled.Average();
        double[] sorted = [.. resampled.Order()];
        return (estimate + Quantile(Low) - mean, estimate + Quantile(High) - mean);

        double Quantile(double share)
        {
            double place = share * (sorted.Length - 1);
            int below = (int)place;
            return sorted[below] + ((place - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]));
        }
    }
}

/// <summary>Fréchet distances of resamples: images and data are drawn anew with replacement, the same ones for every row.</summary>
internal sealed class PairedBootstrap
{
    private const int Length = RandomConvFeatures.Length;
    private const ulong ImageSeed = 0, DataSeed = 1;

    private readonly int _threads;
    private readonly FrechetDistance _reference;
    private readonly FrechetDistance[] _resampled;

    /// <summary>Factors the covariances of the data and of its resamples, 4 MB each.</summary>
    /// <param name="data">Features, [N, 448].</param>
    /// <param name="resamples">How many.</param>
    /// <param name="context">For progress and cancellation.</param>
    /// <param name="threads">0 for one per core. No result depends on them.</param>
    public PairedBootstrap(double[] data, int resamples, TaskContext context, int threads)
    {
        _threads = threads;
        _reference = new FrechetDistance(FeatureStatistics.Of(data, Length, "the data", threads: threads), threads);
        _resampled = new FrechetDistance[resamples];
        Each(resamples, context, "resamples of the data", i =>
        {
            int[] times = FrechetEstimate.Draw(DataSeed, i, data.Length / Length);
            _resampled[i] = new FrechetDistance(FeatureStatistics.Of(data, Length, "a resample of the data", times, threads: 1), threads: 1);
        });
    }

    /// <summary>The distances of a row.</summary>
    /// <param name="features">[N, 448].</param>
    /// <param name="what">What they are of.</param>
    /// <param name="context">For progress and cancellation.</param>
    public ResampledDistance Of(double[] features, string what, TaskContext context)
    {
        double[] resampled = new double[_resampled.Length];
        Each(resampled.Length, context, $"distance of {what}", i =>
        {
            int[] times = FrechetEstimate.Draw(ImageSeed, i, features.Length / Length);
            resampled[i] = Distance(_resampled[i], FeatureStatistics.Of(features, Length, what, times, threads: 1), threads: 1);
        });
        return new ResampledDistance(Distance(_reference, FeatureStatistics.Of(features, Length, what, threads: _threads), _threads), resampled);
    }

    private static double Distance(FrechetDistance reference, FeatureStatistics set, int threads) => Math.Max(reference.To(set, threads).Distance, 0);

    private void Each(int count, TaskContext context, string work, Action<int> body)
    {
        Lock one = new();
        Action step = context.Begin(work, count);
        ParallelOptions options = new() { MaxDegreeOfParallelism = _threads == 0 ? -1 : _threads, CancellationToken = context.Cancel };
        Parallel.For(0, count, options, i =>
        {
            body(i);
            lock (one)
            {
                step();
            }
        });
    }
}
