using L2c.Model.Metrics;
using L2c.Model.Metrics.Inception;
using L2c.Weights;
using L2c.Weights.Npy;

namespace L2c;

/// <summary>One of the two sets of <c>l2c metrics</c>: images, statistics of images, or both.</summary>
internal sealed class MetricsSource : IDisposable
{
    private MetricsSource(string name, IImageSet? images, int count, FeatureStatistics? pool, FeatureStatistics? spatial) =>
        (Name, Images, Count, Pool, Spatial) = (name, images, count, pool, spatial);

    /// <summary>For messages: without folders.</summary>
    public string Name { get; }

    /// <summary>The images; null where there are statistics alone.</summary>
    public IImageSet? Images { get; }

    /// <summary>Images that count; 0 without images.</summary>
    public int Count { get; }

    /// <summary>The same for reports: null without images.</summary>
    public int? ImageCount => Images is null ? null : Count;

    /// <summary>C H W of an image; 0 without images.</summary>
    public int Elements => Images is null ? 0 : Images.Channels * Images.Height * Images.Width;

    /// <summary>Statistics of the features of FID that the file has; null where they follow from the images.</summary>
    public FeatureStatistics? Pool { get; }

    /// <summary>Those of sFID.</summary>
    public FeatureStatistics? Spatial { get; }

    /// <summary>Features of FID of an image: those of the statistics, or of the network.</summary>
    public int PoolLength => Pool?.Dimension ?? InceptionFeatures.Pool.Length();

    /// <summary>Those of sFID; null where the file has statistics without them.</summary>
    public int? SpatialLength => Spatial?.Dimension ?? (Pool is null ? InceptionFeatures.Spatial.Length() : null);

    /// <summary>Opens what the text names.</summary>
    /// <param name="text">A file of tensors, a folder of PNG, or any data set to train on.</param>
    /// <param name="count">Images that count, from the first on; null for all.</param>
    /// <param name="option">Which option says how many.</param>
    /// <param name="cancel">Looked at before every file.</param>
    /// <exception cref="RequestException">The text names nothing, or the images are too few, too many or endless.</exception>
    /// <exception cref="MalformedFileException">A file is damaged, or holds neither images nor statistics.</exception>
    public static MetricsSource Open(string text, int? count, string option, CancellationToken cancel)
    {
        (FeatureStatistics? pool, FeatureStatistics? spatial, bool hasImages) = Statistics(text);
        if (!hasImages)
        {
            return count is null
                ? new MetricsSource(pool!.Name, null, 0, pool, spatial)
                : throw new RequestException($"{option} {count}: {text} has only statistics, no images to count; omit it");
        }

        IImageSet images = ImageSets.Open(text, cancel: cancel);
        try
        {
            long there = Math.Min(count ?? long.MaxValue, images.Count ?? count
                ?? throw new RequestException($"{images.Name} is endless; say how many images to take with {option}"));
            string? problem = there switch
            {
                < 2 when pool is null => "one image does not make a distribution; give at least two",
                > MetricsRequest.MaxImages =>
                    $"{there} images are more than the {MetricsRequest.MaxImages} that can be compared; give fewer with {option}",
                _ => null,
            };
            return problem is null
                ? new MetricsSource(images.Name, images, (int)there, pool, spatial)
                : throw new RequestException($"{images.Name}: {problem}");
        }
        catch
        {
            images.Dispose();
            throw;
        }
    }

    /// <summary>What the metrics need of the images' features.</summary>
    /// <param name="score">Whether its Inception Score is wanted.</param>
    /// <param name="rows">Whether precision and recall are.</param>
    /// <param name="threads">Threads that compute; 0 for one per core.</param>
    public FeatureSet Set(bool score, bool rows, int threads) => Images is null
        ? new FeatureSet(Name, 0, statistics: false, score: false, rows: false, threads)
        : new FeatureSet(Name, Count, Pool is null, score, rows, threads);

    /// <inheritdoc/>
    public void Dispose() => Images?.Dispose();

    private static (FeatureStatistics? Pool, FeatureStatistics? Spatial, bool HasImages) Statistics(string text)
    {
        using NpzArchive? archive = File.Exists(text) ? NpzArchive.TryOpen(text) : null;
        if (archive is null)
        {
            return (null, null, true);
        }

        string name = Path.GetFileName(text);
        try
        {
            FeatureStatistics? pool = Of(archive.Statistics()), spatial = archive.HasSpatialStatistics ? Of(archive.SpatialStatistics()) : null;
            if (!archive.HasImages && pool is null)
            {
                _ = archive.Images(); // says what is missing
            }

            return (pool, spatial, archive.HasImages);
        }
        catch (ArgumentException e)
        {
            throw new MalformedFileException(text, $"its statistics cannot be used: {e.Message}", e);
        }

        FeatureStatistics? Of(NpzStatistics? read) => read is null ? null : new FeatureStatistics(name, read.Mean, read.Covariance);
    }
}
