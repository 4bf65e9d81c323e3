using System.Runtime.InteropServices;
using L2c.Model.Metrics;
using L2c.Model.Metrics.Inception;
using L2c.Weights;

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
}
