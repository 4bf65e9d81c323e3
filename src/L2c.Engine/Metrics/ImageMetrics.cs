using L2c.Kernels;
using L2c.Model.Metrics;
using L2c.Model.Metrics.Inception;
using L2c.Weights.Storage;

namespace L2c;

/// <summary>FID, sFID, Inception Score, precision and recall of two sets, in the features of the FID Inception network.</summary>
public static class ImageMetrics
{
    private const int Neighbours = 3;

    // What precision and recall take apart from the features, in binary16 blocks.
    private const long BlockBytes = 96L << 20;

    /// <summary>Measures.</summary>
    /// <param name="request">What to compare.</param>
    /// <param name="progress">Told of every image.</param>
    /// <param name="cancel">Looked at between batches; features that are kept in a folder stay there.</param>
    /// <exception cref="RequestException">A text names nothing, the sets cannot be compared, or one has a single image.</exception>
    /// <exception cref="Weights.MalformedFileException">A file is damaged, or does not hold what is needed.</exception>
    /// <exception cref="DeviceUnavailableException">The device does not open.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="IOException">A feature is not finite, or a file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public static MetricsResult Run(MetricsRequest request, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default)
    {
        TaskContext context = new(progress, cancel);
        using MetricsSource samples = MetricsSource.Open(request.Samples, request.Count, "--count", cancel);
        using MetricsSource reference = MetricsSource.Open(request.Reference, request.ReferenceCount, "--reference-count", cancel);
        RequireSameLength("mu and sigma", samples, samples.PoolLength, reference, reference.PoolLength);
        RequireSameLength("mu_s and sigma_s", samples, samples.SpatialLength, reference, reference.SpatialLength);
        WarnOfSizes(samples, reference, context);
        bool rows = samples.Count > Neighbours && reference.Count > Neighbours;
        int threads = request.Device.Threads;
        (MetricsSource Source, FeatureSet Set) ofSamples = (samples, samples.Set(score: true, rows, threads));
        (MetricsSource Source, FeatureSet Set) ofReference = (reference, reference.Set(score: false, rows, threads));
        (MetricsSource Source, FeatureSet Set)[] both = [ofSamples, ofReference], wanted = [.. both.Where(pair => !pair.Set.IsEmpty)];
        RunFacts? facts = wanted.Length == 0 ? null : Extract(request, wanted, context);
        try
        {
            return Measure(request, ofSamples, ofReference, context) with { Device = facts?.Device, Dtype = facts?.Dtype };
        }
        catch (ArgumentException e)
        {
            throw new RequestException(e.Message, e);
        }
    }

    /// <inheritdoc cref="Run"/>
    public static Task<MetricsResult> RunAsync(
        MetricsRequest request, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Background.Run(() => Run(request, progress, cancel), cancel);

    /// <summary>Before hours of computing features that the others are not comparable with.</summary>
    private static void RequireSameLength(string statistics, MetricsSource samples, int? length, MetricsSource reference, int? other)
    {
        if (length is not null && other is not null && length != other)
        {
            throw new RequestException(
                $"{samples.Name} has {length} features of an image, and {reference.Name} has {other}; "
                + $"compare images, or {statistics} of one network");
        }
    }

    private static void WarnOfSizes(MetricsSource samples, MetricsSource reference, TaskContext context)
    {
        if (samples.Images is { } one && reference.Images is { } other && (one.Height, one.Width) != (other.Height, other.Width))
        {
            context.Remark(
                $"warning: {samples.Name} has images of {one.Height} x {one.Width} and {reference.Name} of {other.Height} x {other.Width}; resizing "
                + "leaves traces in the features, so the distances also reflect the sizes");
        }
    }

    private static RunFacts Extract(MetricsRequest request, (MetricsSource Source, FeatureSet Set)[] wanted, TaskContext context)
    {
        string weights = request.Inception
            ?? throw new RequestException(
                $"{wanted[0].Source.Name} has images, whose features need the FID Inception network; name its file with --inception");
        DeviceChoice choice = request.Device;
        int most = wanted.Max(pair => pair.Source.Count);
        int batch = Math.Min(most, request.Batch ?? (choice.Ordinal is null ? MetricsRequest.CpuBatch : MetricsRequest.CudaBatch));
        using FolderLock? folder = request.Keep is null ? null : WorkFolder.Take(request.Keep);
        MemoryDemand demand = new(
            "measuring",
            (device, images) => Need(wanted, device, images),
            batch,
            "--batch",
            "free some memory, or give fewer images with --count and --reference-count");
        using InceptionModel model = InceptionModel.Load(weights, choice, demand);
        using InceptionExtractor extractor = new(model, request.Recipe, batch, InceptionFeatures.All, choice.Threads, context);
        foreach ((MetricsSource source, FeatureSet set) in wanted)
        {
            if (request.Keep is null)
            {
                extractor.Extract(source.Images!, 0, source.Count, set.Add);
            }
            else
            {
                string content = $"{InceptionExtractor.FeatureName(request.Recipe)}\n{model.Hash}\n{choice.Dtype}";
                new KeptFeatures(request.Keep, content, extractor, choice.Threads, context).Extract(source.Images!, source.Count, set.Add);
            }
        }

        return RunFacts.Of("inception", model.Network.Device);
    }

    /// <summary>Features, what is kept of them, and then the metrics.</summary>
    private static MemoryNeed Need((MetricsSource Source, FeatureSet Set)[] wanted, Device device, int batch)
    {
        MemoryNeed extractors = wanted.Select(pair => InceptionExtractor.Need(device, batch, InceptionFeatures.All, pair.Source.Elements))
            .Aggregate((one, other) => one.Or(other));
        long sets = wanted.Sum(pair => pair.Set.Bytes);
        long distance = FrechetEstimate.Bytes(0, InceptionFeatures.Pool.Length(), threads: 1);
        return new MemoryNeed(0, sets) + extractors.Or(new MemoryNeed(0, Math.Max(distance, BlockBytes)));
    }

    private static MetricsResult Measure(
        MetricsRequest request, (MetricsSource Source, FeatureSet Set) samples, (MetricsSource Source, FeatureSet Set) reference, TaskContext context)
    {
        Dictionary<string, string> missing = [];
        int threads = request.Device.Threads;
        double? fid = Distance("FID", samples.Set.Pool ?? samples.Source.Pool!, reference.Set.Pool ?? reference.Source.Pool!);
        double? sfid = null, score = samples.Set.Score?.Result().Score;
        (FeatureStatistics? Samples, FeatureStatistics? Reference) spatial =
            (samples.Set.Spatial ?? samples.Source.Spatial, reference.Set.Spatial ?? reference.Source.Spatial);
        if (spatial is ({ } one, { } other))
        {
            sfid = Distance("sFID", one, other);
        }
        else
        {
            missing["sfid"] = $"{(spatial.Samples is null ? samples : reference).Source.Name} has no mu_s and sigma_s";
        }

        if (score is null)
        {
            missing["inceptionScore"] = $"{samples.Source.Name} has only statistics, no images";
        }

        PrecisionRecall? both = null;
        if (samples.Set.Rows is { } rows && reference.Set.Rows is { } others)
        {
            PrecisionRecallOptions options = new() { Neighbours = Neighbours, HalfPrecision = request.AdmRounding, Threads = threads };
            both = Compare(rows, others, options, context);
        }
        else
        {
            MetricsSource few = (samples.Source.Count <= Neighbours ? samples : reference).Source;
            missing["precision"] = missing["recall"] = few.Images is null
                ? $"{few.Name} has only statistics, no images"
                : $"{few.Name} has too few images: {few.Count} of at least {Neighbours + 1}";
        }

        return new MetricsResult(
            samples.Source.Name, samples.Source.ImageCount, reference.Source.Name, reference.Source.ImageCount,
            InceptionExtractor.FeatureName(request.Recipe), missing, null, null)
        {
            Fid = fid,
            Sfid = sfid,
            InceptionScore = score,
            Precision = both?.Precision,
            Recall = both?.Recall,
        };

        double Distance(string name, FeatureStatistics set, FeatureStatistics other)
        {
            context.Cancel.ThrowIfCancellationRequested();
            Action done = context.Begin(name, 1);
            double distance = FrechetDistance.Between(set, other, threads).Distance;
            done();
            return distance;
        }
    }

    private static PrecisionRecall Compare(FeatureRows samples, FeatureRows reference, PrecisionRecallOptions options, TaskContext context)
    {
        const int Steps = 100;
        Action step = context.Begin("precision and recall", Steps);
        int done = 0;
        return PrecisionRecall.Of(samples, reference, options, share =>
        {
            for (; done < share * Steps; done++)
            {
                step();
            }
        }, context.Cancel);
    }
}
