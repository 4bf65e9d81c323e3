using L2c.Model.Runs;
using L2c.Model.Samplers;

namespace L2c;

/// <summary>What is to be sampled. Null means that it depends on the model or on other settings; the default samples what shows the model.</summary>
public sealed record SampleRequest
{
    /// <summary>Evaluations: "20", for DDIM and DDPM also another respacing, as "ddim20" or "10,15,20".</summary>
    public string Steps { get; init => field = value.ToLowerInvariant(); } = "20";

    /// <summary>One of <see cref="SamplerCatalog.Names"/>, in any case of letters; null for the network's own.</summary>
    public string? Sampler { get; init; }

    /// <summary>DDIM's η; null for 0.</summary>
    public double? Eta { get; init; }

    /// <summary>How the times of a DPM-Solver are spaced, one of <see cref="SamplerCatalog.Grids"/>; null for the first.</summary>
    public string? Grid { get; init; }

    /// <summary>Guidance scale; 1 means no guidance. Null for 1.5, or 1 without guidance or null class.</summary>
    public double? CfgScale { get; init; }

    /// <summary>Channels that guidance acts on.</summary>
    public Guidance Guidance { get; init; } = Guidance.Published;

    /// <summary>Seed of all noise.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whether noise is PyTorch's stream rather than a function of seed and image.</summary>
    public bool TorchNoise { get; init; }

    /// <summary>Numbers or names of classes, separated by commas: images are of them in turn.</summary>
    public string? Classes { get; init; }

    /// <summary>Images in total.</summary>
    public int? Count { get; init; }

    /// <summary>Images per batch.</summary>
    public int? Batch { get; init; }

    /// <summary>File with the start noise as tensor <c>x_T</c>.</summary>
    public string? Noise { get; init; }

    /// <summary>Whether the state after every evaluation is kept.</summary>
    public bool KeepStates { get; init; }

    /// <summary>File of the autoencoder that decodes latents; null to leave them as they are.</summary>
    public string? Vae { get; init; }

    /// <summary>Side in latents of the tiles in which larger ones are decoded; null for
    /// <see cref="L2c.Model.Autoencoder.ImageDecoder.DefaultTile"/>. Needs <see cref="Vae"/>.</summary>
    public int? VaeTile { get; init; }

    /// <summary>Whether predicted x0 is clamped to [-1, 1].</summary>
    public bool ClipDenoised { get; init; }

    /// <summary>What is reused.</summary>
    public CacheRequest Cache { get; init; } = new();

    /// <summary>Whether the run is compared with one that computes everything. Needs a schedule.</summary>
    public bool Compare { get; init; }

    /// <summary>Rounds of the comparison that are timed, at least 1; from <see cref="MedianInterval.LeastCount"/> on a difference can be told. An odd
    /// number is raised by one.</summary>
    public int CompareRounds { get; init; } = InterleavedTiming.DefaultRounds;

    /// <summary>Rounds of the comparison before them that are not timed.</summary>
    public int CompareWarmUp { get; init; } = InterleavedTiming.DefaultWarmUp;

    /// <summary>Paths of all files that are read beside the checkpoint.</summary>
    public IEnumerable<string> Inputs => new[] { Noise, Vae }.OfType<string>().Concat(Cache.Files);

    /// <summary>Whether the images are those of a <see cref="SampleSetRequest"/>: any number of them, made and written some at a time, of all classes in
    /// turn unless said otherwise.</summary>
    internal bool IsSet { get; init; }

    /// <summary>The same for one full batch.</summary>
    public SampleRequest OfOneBatch() => this with { Count = Batch ?? SampleJob.MaxPerBatch };
}
