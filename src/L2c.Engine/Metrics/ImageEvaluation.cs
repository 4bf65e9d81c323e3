using L2c.Weights.Memory;

namespace L2c;

/// <summary>Distances of images that are in files already.</summary>
public static class ImageEvaluation
{
    /// <summary>Compares two sets of images.</summary>
    /// <param name="samples">A file of tensors, or a folder of PNG.</param>
    /// <param name="count">Images of it, from the first on; null for all.</param>
    /// <param name="data">What the distance is to, see <see cref="EvaluateRequest.Data"/>.</param>
    /// <param name="dataCount">Images of the data.</param>
    /// <param name="inception">The FID Inception network, in whose features the distance is then; null for those of the random net.</param>
    /// <param name="device">Where it computes; null for the CPU.</param>
    /// <param name="progress">Told of every image.</param>
    /// <param name="memory">Memory of the host; null for the machine's.</param>
    /// <param name="cancel">Looked at between groups of images.</param>
    /// <exception cref="RequestException">The text names nothing, or images that cannot be compared.</exception>
    /// <exception cref="Weights.MalformedFileException">A file is damaged, or does not hold images.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public static EvaluateResult Run(
        string samples,
        int? count = null,
        string data = ImageSets.Default,
        int dataCount = EvaluateRequest.DefaultCount,
        string? inception = null,
        DeviceChoice? device = null,
        IProgress<WorkProgress>? progress = null,
        HostMemory? memory = null,
        CancellationToken cancel = default)
    {
        TaskContext context = new(progress, cancel);
        using IImageSet images = Open(samples, null, context);
        using IImageSet reference = Open(data, images.Height, context);
        int wanted = count ?? (images.Count is null ? EvaluateRequest.DefaultCount : EvaluateRequest.MaxCount);
        int taken = ImageReader.Available(images, wanted);
        DeviceChoice choice = device ?? DeviceChoice.Cpu;
        choice = choice with { Memory = memory ?? choice.Memory };
        using IDistanceFeatures features = Features(inception, choice, context);
        FrechetMeter.RequireFits(images.Name, taken, features.Length);
        FrechetMeter meter = new(reference, dataCount, features, choice.Threads, choice.Memory, context);
        meter.WarnOfFew(taken, images.Name);
        return Result(meter, reference, Distance.Of(images.Name, null, taken, meter.Of(images, 0, taken)), context);
    }

    /// <inheritdoc cref="Run"/>
    public static Task<EvaluateResult> RunAsync(
        string samples,
        int? count = null,
        string data = ImageSets.Default,
        int dataCount = EvaluateRequest.DefaultCount,
        string? inception = null,
        DeviceChoice? device = null,
        IProgress<WorkProgress>? progress = null,
        HostMemory? memory = null,
        CancellationToken cancel = default) =>
        Background.Run(() => Run(samples, count, data, dataCount, inception, device, progress, memory, cancel), cancel);

    /// <summary>Opens a set of images, and tells of it where a folder is listed, which may take long.</summary>
    /// <inheritdoc cref="ImageSets.Open"/>
    internal static IImageSet Open(string text, int? size, TaskContext context)
    {
        Action? listed = Directory.Exists(text) ? context.Begin($"listing {text}", 1) : null;
        IImageSet images = ImageSets.Open(text, size, context.Cancel);
        listed?.Invoke();
        return images;
    }

    /// <summary>The features that distances are in.</summary>
    /// <param name="inception">The FID Inception network; null for the random net.</param>
    /// <param name="device">Where the network computes.</param>
    /// <param name="context">For progress and cancellation.</param>
    internal static IDistanceFeatures Features(string? inception, DeviceChoice device, TaskContext context) =>
        inception is null ? new RandomFeatures(device.Threads, context) : new PoolFeatures(inception, device, context);

    /// <summary>The samples' distance with that of other images of the data.</summary>
    internal static EvaluateResult Result(FrechetMeter meter, IImageSet data, Distance samples, TaskContext context)
    {
        Distance? floor = meter.Floor(samples.Images) is { } other
            ? Distance.Of($"other images of {data.Name}", null, other.Count, other.Estimate)
            : null;
        if (floor?.Images != samples.Images)
        {
            context.Remark(
                $"note: {data.Name} leaves {floor?.Images ?? 0} images beside the {meter.Count} compared with, so the floor is "
                + $"{(floor is null ? "missing" : "of fewer images than the samples")}; a smaller --data-count leaves more");
        }

        return new EvaluateResult(meter.FeatureName, data.Name, meter.Count, samples, floor, null, null, null);
    }
}
