using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>What samples of a model are compared with.</summary>
public sealed record EvaluateRequest
{
    /// <summary>Images of samples and of data unless something else is asked for.</summary>
    public const int DefaultCount = 10_000;

    /// <summary>Images of a set, at most.</summary>
    public const int MaxCount = FrechetMeter.MaxImages;

    /// <summary>How to sample; where it names no classes, images are of all classes in turn, and of no number, <see cref="DefaultCount"/>.</summary>
    public required SampleRequest Sample { get; init; }

    /// <summary>Also DDIM without caching at these numbers of steps, from the same noise.</summary>
    public IReadOnlyList<string> Ddim { get; init; } = [];

    /// <summary>What distances are to: <c>shapes:SEED</c>, a file or a folder of images.</summary>
    public string Data { get; init; } = ImageSets.Default;

    /// <summary>Images of it to compare with, from its first one on.</summary>
    public int DataCount { get; init; } = DefaultCount;

    /// <summary>The FID Inception network, in whose features distances are then; null for those of the random net.</summary>
    public string? Inception { get; init; }
}

/// <summary>An evaluation validated against a model and a device, before weights are loaded.</summary>
public sealed class EvaluateJob
{
    /// <summary>Decides.</summary>
    /// <exception cref="RequestException">Settings do not fit each other or the model, it makes latents, or the samples are too many.</exception>
    public EvaluateJob(EvaluateRequest request, TransformerArchitecture architecture, DeviceChoice device)
    {
        SampleRequest sample = PixelSamples.RequestOf(request.Sample, architecture);
        (Request, Samples) = (request with { Sample = sample }, new SampleJob(sample, architecture, device));
        if (request.Inception is not null)
        {
            FrechetMeter.RequireFits("the samples", Samples.Count, InceptionStructure.PoolLength);
        }

        Ddim =
        [
            .. request.Ddim.Select(steps => IsPlain(Samples) && steps == sample.Steps
                ? Samples
                : new SampleJob(sample with { Steps = steps, Sampler = SamplerCatalog.Ddim, Eta = null, Grid = null, Cache = new CacheRequest() }, architecture, device)),
        ];
    }

    /// <summary>What was asked for, with its classes.</summary>
    public EvaluateRequest Request { get; }

    /// <summary>The samples.</summary>
    public SampleJob Samples { get; }

    /// <summary>What sampling and comparing take beside the weights; the data, which are not open yet, come on top.</summary>
    public MemoryDemand Demand => new(
        "the evaluation",
        (device, batch) => SampleMemory.OfDistances([Samples, .. Ddim], device, batch, Request.Inception is not null),
        Samples.Batch,
        Samples.BatchOption);

    /// <summary>By step number; the samples themselves where they are asked for again.</summary>
    internal IReadOnlyList<SampleJob> Ddim { get; }

    private static bool IsPlain(SampleJob job) =>
        job is { Sampler.Name: SamplerCatalog.Ddim, Cache: null, Request.Eta: null or 0 };
}
