using System.Numerics;
using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>A request validated against a model and a device: everything is decided and known to fit before weights are loaded.</summary>
public sealed class SampleJob
{
    private const double DefaultCfgScale = 1.5;

    /// <summary>Images per batch unless the request says so, at most.</summary>
    public const int MaxPerBatch = 64;

    private readonly float[]? _start;

    /// <summary>Decides.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="architecture">The model.</param>
    /// <param name="device">Where it will run.</param>
    /// <exception cref="RequestException">Settings do not fit each other or the model.</exception>
    /// <exception cref="Weights.MalformedFileException">A noise file, router, schedule or autoencoder is damaged or does not fit the model.</exception>
    public SampleJob(SampleRequest request, TransformerArchitecture architecture, DeviceChoice device)
    {
        (Request, Architecture, Device) = (request, architecture, device);
        RequireAtLeastOne("--count", request.Count);
        RequireAtLeastOne("--batch", request.Batch);
        Sampler = MakeSampler(request, architecture);
        (CacheRequest cache, string? remark) = DemoModel.Complete(request.Cache, architecture, Sampler);
        Cache = CacheChoice.Decide(cache, architecture, Sampler);
        Remark = Cache is null ? remark : Cache.Remark;
        Schedule = Cache?.Schedule ?? FullSchedule;
        (Guidance, CfgScale) = DecideGuidance(request, architecture);
        Classes = ClassList.Choose(request.Classes, architecture, all: request.IsSet);
        _start = request.Noise is null ? null : NoiseFile.Read(request.Noise, architecture, request.Count, device.Memory);
        Count = request.Count ?? (_start is null ? Classes.DefaultCount : _start.Length / ElementsPerImage);
        if ((long)Kept * ElementsPerImage > Array.MaxLength)
        {
            throw new RequestException($"--count {Count} is more than fits in one run; sample in several runs, each with its own --seed");
        }

        Decoding = LatentDecoding.Choose(request, architecture, Kept, device.Graph);
        Batch = DecideBatch(request);
        Labels = request.IsSet ? [] : [.. Enumerable.Range(0, Count).Select(Classes.Of)];
        if (request.Compare && Cache is null)
        {
            throw new RequestException("--compare needs a schedule; give --router FILE or --cache RULE");
        }

        RequireCacheType(request.Cache.Type);
    }

    /// <summary>What was asked for.</summary>
    public SampleRequest Request { get; }

    /// <summary>The model.</summary>
    public TransformerArchitecture Architecture { get; }

    /// <summary>Where it runs.</summary>
    public DeviceChoice Device { get; }

    /// <summary>The sampler and its steps.</summary>
    public SamplerTable Sampler { get; }

    /// <summary>What is reused; null when nothing was said about caching.</summary>
    public CacheChoice? Cache { get; }

    /// <summary>What a person should know of the decision about caching, one line; null for nothing.</summary>
    public string? Remark { get; }

    /// <summary>Which branches are computed.</summary>
    public CacheSchedule Schedule { get; }

    /// <summary>The schedule that computes everything.</summary>
    public CacheSchedule FullSchedule => CacheSchedule.Full(Sampler.Evaluations.Count, Architecture.Branches);

    /// <summary>What a plan needs to know beside model, sampler and schedule.</summary>
    /// <remarks>States can be read between evaluations only, so a trajectory needs a recording for each.</remarks>
    public SamplingOptions Options => new()
    {
        Guidance = Guidance,
        ClipDenoised = Request.ClipDenoised,
        CacheType = Request.Cache.Type,
        OneSequence = Device.OneSequence && !Request.KeepStates,
        Switches = Device.Switches,
    };

    /// <summary>Where guidance acts; none at scale 1.</summary>
    public Guidance Guidance { get; }

    /// <summary>The guidance scale.</summary>
    public double CfgScale { get; }

    /// <summary>The classes in turn.</summary>
    public ClassList Classes { get; }

    /// <summary>N, all images.</summary>
    public int Count { get; }

    /// <summary>Images per batch; the last batch may have fewer.</summary>
    public int Batch { get; }

    /// <summary>Number of batches.</summary>
    public int Batches => (Count + Batch - 1) / Batch;

    /// <summary>Images that are in memory together: all, or of a set those of a chunk.</summary>
    internal int Kept => Request.IsSet ? Math.Min(Count, SampleChunks.Images) : Count;

    /// <summary>Class of every image; none of a set, where <see cref="Classes"/> says them.</summary>
    public int[] Labels { get; }

    /// <summary>C H W.</summary>
    public int ElementsPerImage => Architecture.InChannels * Architecture.InputSize * Architecture.InputSize;

    /// <summary>How latents become pictures; null for pixels, and for latents that are not decoded.</summary>
    public LatentDecoding? Decoding { get; }

    /// <summary>Whether pictures of the samples are a false-colour preview of latents.</summary>
    public bool IsPreview => !Architecture.PixelSpace && Decoding is null;

    /// <summary>Side of a picture in pixels.</summary>
    internal int PictureSide => Decoding?.Side ?? Architecture.InputSize;

    /// <summary>[N,C,H,W].</summary>
    internal long[] StateShape => [Count, Architecture.InChannels, Architecture.InputSize, Architecture.InputSize];

    /// <summary>Noise of the batch that starts with an image.</summary>
    public INoiseSource Noise(int firstImage)
    {
        INoiseSource source = Request.TorchNoise
            ? new TorchNoiseSource(Request.Seed, Guidance.Rows(Count))
            : new CounterNoiseSource(Request.Seed, firstImage);
        return _start is null ? source : new StartNoise(_start, firstImage, source);
    }

    /// <summary>A batch of the job with a given schedule, planned without weights on memory that is only counted.</summary>
    public DryRun OnPaper(Device device, CacheSchedule schedule) => OnPaper(device, schedule, Batch);

    /// <summary>What sampling takes beside the weights.</summary>
    public MemoryDemand Demand => new(
        "sampling",
        (device, batch) => SampleMemory.OfSampling(this, device, batch),
        Batch,
        BatchOption,
        Decoding is null ? MemoryDemand.Last : "free some memory, decode in smaller tiles with --vae-tile, or use a smaller model");

    /// <summary>What measuring a batch takes beside the weights, in turn with the same batch without caching where there is a schedule.</summary>
    public MemoryDemand BenchDemand => new(
        "the measurement", (device, batch) => SampleMemory.OfTiming(this, device, batch, inTurn: Cache is not null), Batch, "--images");

    /// <summary>What running a batch op by op takes beside the weights.</summary>
    public MemoryDemand ProfileDemand => new(
        "the profile", (device, batch) => SampleMemory.OfTiming(this, device, batch, inTurn: false), Batch, "--batch");

    /// <summary>As <see cref="OnPaper(Device, CacheSchedule)"/>, for another number of images.</summary>
    internal DryRun OnPaper(Device device, CacheSchedule schedule, int images) =>
        DryRun.Of(Architecture, device, Sampler, schedule, images, Options);

    /// <summary>A batch of the job with a given schedule, planned on a model.</summary>
    internal SamplingRun Plan(LoadedModel model, CacheSchedule schedule, int? images = null) =>
        SamplingRun.Plan(model.Network, Sampler, schedule, images ?? Batch, Options);

    // torch's stream depends on the batch, which is then every image.
    internal string? BatchOption => Request.TorchNoise ? null : "--batch";

    /// <summary>Runs a planned first batch with the job's labels and noise.</summary>
    internal void RunFirst(SamplingRun run, RunObserver? observer, CancellationToken cancel) =>
        run.Run(Labels.AsSpan(0, Batch), (float)CfgScale, Noise(0), null, observer, cancel: cancel);

    private void RequireCacheType(DType? type)
    {
        if (type is null)
        {
            return;
        }

        if (Cache is null)
        {
            throw new RequestException(
                "--cache-dtype says how outputs are kept, and nothing is kept without a schedule; give --router FILE or --cache RULE, or omit it");
        }

        if (type != Device.StorageType && Device.StorageType != DType.F32)
        {
            throw new RequestException(
                $"--cache-dtype changes what is kept of fp32 and tf32 runs; --dtype {Device.Dtype} keeps 16 bits already: omit it");
        }
    }

    private static void RequireAtLeastOne(string option, int? images)
    {
        if (images < 1)
        {
            throw new RequestException($"{option} {images}: there is no image to sample; give at least 1, or omit it");
        }
    }

    private static SamplerTable MakeSampler(SampleRequest request, TransformerArchitecture architecture)
    {
        try
        {
            return SamplerCatalog.Create(NetworkFamilies.Describe(architecture), request.Steps, request.Sampler, request.Eta, request.Grid);
        }
        catch (ArgumentException e)
        {
            string?[] options =
            [
                request.Sampler is null ? null : $"--sampler {request.Sampler}",
                $"--steps {request.Steps}",
                request.Eta is null ? null : $"--eta {request.Eta}",
                request.Grid is null ? null : $"--grid {request.Grid}",
            ];
            throw new RequestException($"{string.Join(' ', options.OfType<string>())}: {e.Message}", e);
        }
    }

    private static (Guidance Guidance, double Scale) DecideGuidance(SampleRequest request, TransformerArchitecture architecture)
    {
        if (request.Guidance == Guidance.None)
        {
            return request.CfgScale is null or 1
                ? (Guidance.None, 1)
                : throw new RequestException($"--guidance none and --cfg-scale {request.CfgScale} cannot be combined; omit one of them");
        }

        double scale = request.CfgScale ?? (architecture.HasNullClass ? DefaultCfgScale : 1);
        if (!float.IsFinite((float)scale) || scale < 0)
        {
            throw new RequestException($"--cfg-scale {scale}: guidance needs a finite scale of at least 0");
        }

        if (scale == 1)
        {
            return (Guidance.None, 1);
        }

        return architecture.HasNullClass
            ? (request.Guidance, scale)
            : throw new RequestException($"{architecture.Name} has no null class, so it cannot be guided; give --cfg-scale 1");
    }

    private int DecideBatch(SampleRequest request)
    {
        if (!request.TorchNoise)
        {
            int batch = Math.Min(Count, request.Batch ?? Math.Clamp(Device.TokensPerBatch / Guidance.Rows(Architecture.Tokens), 1, MaxPerBatch));

            // So that whole batches make a chunk, whose images then never depend on who makes the chunks around it.
            return request.IsSet ? Math.Min(SampleChunks.Images, 1 << BitOperations.Log2((uint)batch)) : batch;
        }

        return request.Batch is null || request.Batch >= Count
            ? Count
            : throw new RequestException(
                $"--rng torch draws all {Count} images at once, because torch's stream depends on the batch; omit --batch");
    }
}
