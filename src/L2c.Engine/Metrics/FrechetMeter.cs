using L2c.Model.Metrics;
using L2c.Weights.Memory;

namespace L2c;

/// <summary>Measures Fréchet distances to a data set: its features are computed once.</summary>
internal sealed class FrechetMeter
{
    /// <summary>Images of a set, at most: their features are one array.</summary>
    public const int MaxImages = 1 << 22;

    private readonly IImageSet _data;
    private readonly IDistanceFeatures _features;
    private readonly int _threads;
    private readonly HostMemory _memory;
    private readonly TaskContext _context;
    private readonly FrechetDistance _reference;

    /// <summary>Reads the reference: the first images of the data.</summary>
    /// <param name="data">What distances are to; it stays the caller's.</param>
    /// <param name="count">Images wanted of it; of a finite set at most all.</param>
    /// <param name="features">What distances are in; they stay the caller's.</param>
    /// <param name="threads">Threads that compute; 0 for one per core.</param>
    /// <param name="memory">Memory of the host.</param>
    /// <param name="context">For progress, warnings and cancellation.</param>
    /// <exception cref="RequestException">The images are too small or too large, have other channels than pixels, or are fewer than two or too many.
    /// </exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public FrechetMeter(IImageSet data, int count, IDistanceFeatures features, int threads, HostMemory memory, TaskContext context)
    {
        (_data, _features, _threads, _memory, _context) = (data, features, threads, memory, context);
        Count = ImageReader.Available(data, count);
        Require(Count >= 2, $"{data.Name}: one image does not make a distribution; give at least two");
        string? problem = features.FindProblem(data.Channels, data.Height, data.Width);
        Require(problem is null, $"{data.Name}: {problem}");
        WarnOfFew(Count, data.Name);
        double[] read = Features(data, 0, Count);
        Action factored = context.Begin($"covariance of {data.Name}", 1);
        _reference = new FrechetDistance(FeatureStatistics.Of(read, features.Length, data.Name, threads: threads), threads);
        factored();
    }

    /// <summary>Name of the features.</summary>
    public string FeatureName => _features.Name;

    /// <summary>Images of the reference.</summary>
    public int Count { get; }

    /// <summary>What the features of images and a distance from them take.</summary>
    /// <param name="length">Features of an image.</param>
    /// <param name="images">N.</param>
    /// <param name="threads">Threads that compute; 0 for one per core.</param>
    public static MemoryNeed Need(int length, int images, int threads) =>
        new(0, (sizeof(double) * (long)images * length) + FrechetEstimate.Bytes(images, length, threads));

    /// <summary>The distance of samples in memory.</summary>
    /// <param name="samples">[N, C, H, W], as the data.</param>
    /// <param name="what">What they are, for messages.</param>
    /// <exception cref="IOException">A value is not finite.</exception>
    public FrechetEstimate Of(float[] samples, string what)
    {
        if (Array.Exists(samples, value => !float.IsFinite(value)))
        {
            throw new IOException($"{what}: the samples have values that are not finite, so they have no distance; check the checkpoint");
        }

        RequireFits(what, samples.Length / (_data.Channels * _data.Height * _data.Width), _features.Length);
        using MemoryImages images = new(what, samples, _data.Channels, _data.Height, _data.Width);
        double[] features = new double[(int)images.Count! * _features.Length];
        _features.Extract(images, 0, (int)images.Count, features);
        return Estimate(features, what);
    }

    /// <summary>The distance of images of another set.</summary>
    /// <param name="images">As large as the data; those with fewer channels count as grey.</param>
    /// <param name="first">First image.</param>
    /// <param name="count">Images, at least 2.</param>
    /// <exception cref="RequestException">They are fewer or too many, or of another size.</exception>
    public FrechetEstimate Of(IImageSet images, long first, int count)
    {
        Require(count >= 2, $"{images.Name}: one image does not make a distribution; give at least two");
        Require(
            (images.Height, images.Width) == (_data.Height, _data.Width),
            $"{images.Name} has images of {images.Height} x {images.Width}, but {_data.Name} of {_data.Height} x {_data.Width}; "
            + "compare images of the same size");
        return Estimate(Features(images, first, count), images.Name);
    }

    /// <summary>The distance of other images of the data: what samples that cannot be told from the data would have.</summary>
    /// <param name="count">Images as wanted.</param>
    /// <returns>The distance, and of how many images; null where fewer than two are left.</returns>
    public (FrechetEstimate Estimate, int Count)? Floor(int count)
    {
        int left = (int)Math.Min(count, (_data.Count ?? long.MaxValue) - Count);
        return left < 2 ? null : (Of(_data, Count, left), left);
    }

    /// <summary>Fails where the features of so many images are more than an array holds.</summary>
    /// <param name="what">What has the images, for messages.</param>
    /// <param name="count">Images.</param>
    /// <param name="length">Features of an image.</param>
    /// <exception cref="RequestException">They are.</exception>
    public static void RequireFits(string what, int count, int length)
    {
        int most = Array.MaxLength / length;
        Require(count <= most, $"{what}: {count} images are more than the {most} whose {length} features can be compared; give fewer");
    }

    /// <summary>Remarks that a covariance is singular.</summary>
    public void WarnOfFew(int count, string what)
    {
        if (count <= _features.Length)
        {
            _context.Remark(
                $"warning: {what}: {count} images are no more than the {_features.Length} features, so their covariance is singular "
                + "and distances come out too large; compare them only with distances of equally many images");
        }
    }

    private FrechetEstimate Estimate(double[] features, string what)
    {
        Lock one = new();
        Action step = _context.Begin($"distance of {what}", FrechetEstimate.Resamples + 1);
        return FrechetEstimate.Of(features, _features.Length, _reference, threads: _threads, done: Done, cancel: _context.Cancel);

        void Done()
        {
            lock (one)
            {
                step();
            }
        }
    }

    private double[] Features(IImageSet images, long first, int count)
    {
        RequireFits(images.Name, count, _features.Length);
        MemoryDemand.Require(
            $"the distance of {count} images of {images.Name}",
            _memory,
            Need(_features.Length, count, _threads).Or(_features.Need(images.Channels, images.Height, images.Width, count)));
        double[] features = new double[count * _features.Length];
        _features.Extract(images, first, count, features);
        return features;
    }

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new RequestException(message);
        }
    }
}
