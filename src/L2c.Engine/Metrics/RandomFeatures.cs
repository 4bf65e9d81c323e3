using L2c.Model.Metrics;

namespace L2c;

/// <summary>The features of <see cref="RandomConvFeatures"/>: of pixels as they are, for small images.</summary>
/// <param name="threads">Threads that compute; 0 for one per core.</param>
/// <param name="context">For progress and cancellation.</param>
internal sealed class RandomFeatures(int threads, TaskContext context) : IDistanceFeatures
{
    private readonly ImageReader _reader = new(threads, context);

    /// <inheritdoc/>
    public string Name => EvaluateResult.FeatureName;

    /// <inheritdoc/>
    public int Length => RandomConvFeatures.Length;

    /// <inheritdoc/>
    public string? FindProblem(int channels, int height, int width) => RandomConvFeatures.FindProblem(channels, height, width);

    /// <summary>What the features of images take, themselves and while they are computed.</summary>
    /// <param name="net">The features.</param>
    /// <param name="images">N.</param>
    /// <param name="threads">Threads that compute; 0 for one per core.</param>
    public static MemoryNeed Need(RandomConvFeatures net, int images, int threads)
    {
        int parallel = threads == 0 ? Environment.ProcessorCount : threads;
        return new MemoryNeed(0, (sizeof(double) * (long)images * RandomConvFeatures.Length) + (parallel * net.BytesPerThread));
    }

    /// <inheritdoc/>
    public MemoryNeed Need(int channels, int height, int width, int count)
    {
        RandomConvFeatures net = new(channels, height, width);
        return Need(net, count, threads) + new MemoryNeed(0, ImageReader.Bytes(net.ElementsPerImage, count));
    }

    /// <inheritdoc/>
    public void Extract(IImageSet images, long first, int count, double[] features)
    {
        RandomConvFeatures net = new(images.Channels, images.Height, images.Width);
        _reader.Read(images, first, count, "features", (start, pixels) => net.Extract(
            pixels, features.AsMemory(start * Length, pixels.Length / net.ElementsPerImage * Length), threads));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
