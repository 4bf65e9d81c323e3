using L2c.Model.Metrics.Inception;

namespace L2c;

/// <summary>Features that are kept in a folder: those of a set that are there are read, the others computed and appended.</summary>
/// <param name="folder">A folder that this process has taken.</param>
/// <param name="content">What features follow from beside the images: recipe, weights, precision.</param>
/// <param name="extractor">Computes.</param>
/// <param name="threads">Threads that read images; 0 for one per core.</param>
/// <param name="context">For progress and cancellation.</param>
internal sealed class KeptFeatures(string folder, string content, InceptionExtractor extractor, int threads, TaskContext context)
{
    /// <summary>Hands out the features of the first images of a set.</summary>
    /// <param name="images">The set.</param>
    /// <param name="count">Images.</param>
    /// <param name="use">Receives rows of features in the order of the images, which are overwritten after it returns.</param>
    public void Extract(IImageSet images, int count, Action<ReadOnlySpan<float>> use)
    {
        // Other pixels are another file: what was computed of images that have changed since is not used.
        string pixels = new ImageReader(threads, context).Sha256(images, count);
        using FeatureFile file = new(folder, $"{content}\n{pixels}", extractor.Features.Length(), count, use);
        int kept = file.Count;
        if (kept > 0)
        {
            context.Remark($"note: {images.Name}: {(kept == count ? "all" : $"{kept} of {count}")} features are in {folder}");
        }

        if (kept < count)
        {
            extractor.Extract(images, kept, count - kept, rows =>
            {
                use(rows);
                file.Append(rows);
            });
        }
    }
}
