using L2c.Model.Sampling;
using L2c.Weights.Layouts;

namespace L2c.Cli.Sampling;

/// <summary>What fixes the content of a sampled file.</summary>
/// <remarks>
/// Written into the file as one JSON object under <see cref="Key"/>, read back by <c>l2c inspect</c>.
/// Nothing in it depends on batch size or threads, so a picture of the CPU is the same file however it was computed. A CUDA device's differs by
/// rounding, and is told by its storage type only where that is not fp32.
/// </remarks>
internal sealed record SampleParameters
{
    /// <summary>Keyword of the PNG text chunk, and key of the safetensors metadata.</summary>
    public const string Key = "l2c";

    /// <summary>Version of the program.</summary>
    public required string Version { get; init; }

    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>File name of the checkpoint.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>Dictionary of the checkpoint that holds the weights, as "ema"; null where the file is the dictionary.</summary>
    public string? Weights { get; init; }

    /// <summary>"ddim" or "ddpm".</summary>
    public required string Sampler { get; init; }

    /// <summary>Respacing as given.</summary>
    public required string Steps { get; init; }

    /// <summary>DDIM's η; null for DDPM.</summary>
    public double? Eta { get; init; }

    /// <summary>"none", "published" or "all".</summary>
    public required string Guidance { get; init; }

    /// <summary>Guidance scale.</summary>
    public required double CfgScale { get; init; }

    /// <summary>Whether predicted x0 was clamped.</summary>
    public required bool ClipDenoised { get; init; }

    /// <summary>Seed of all noise.</summary>
    public required ulong Seed { get; init; }

    /// <summary>"l2c" or "torch".</summary>
    public required string Rng { get; init; }

    /// <summary>What was reused, see <see cref="CacheChoice.Text"/>; null when nothing was said about caching.</summary>
    public string? Cache { get; init; }

    /// <summary>File name of the start noise; null when it was drawn.</summary>
    public string? Noise { get; init; }

    /// <summary>Storage type of weights and activations.</summary>
    public required string Dtype { get; init; }

    /// <summary>Classes in turn; null in the file of a single image.</summary>
    public IReadOnlyList<int>? Classes { get; init; }

    /// <summary>Number of images; null in the file of a single image drawn on its own.</summary>
    public int? Images { get; init; }

    /// <summary>Number under the seed of the file's only image.</summary>
    public int? Image { get; init; }

    /// <summary>Class of the file's only image.</summary>
    public int? Class { get; init; }

    /// <summary>Name of that class, where the model names its classes.</summary>
    public string? ClassName { get; init; }

    /// <summary>Whether the pixels are a false-colour preview of latents.</summary>
    public bool? Preview { get; init; }

    /// <summary>Whether the picture also shows the samples without caching.</summary>
    public bool? Comparison { get; init; }

    /// <summary>The parameters of a whole run.</summary>
    public static SampleParameters Of(SampleJob job, Checkpoint checkpoint) => new()
    {
        Version = typeof(SampleParameters).Assembly.GetName().Version!.ToString(3),
        Model = job.Architecture.Name,
        Checkpoint = Path.GetFileName(checkpoint.File.Path),
        Weights = checkpoint.Nest.Length == 0 ? null : checkpoint.Nest.TrimEnd('.'),
        Sampler = job.Sampler.Name,
        Steps = job.Request.Steps,
        Eta = job.Sampler.Name == "ddim" ? job.Request.Eta ?? 0 : null,
        Guidance = GuidanceWord(job.Guidance),
        CfgScale = job.CfgScale,
        ClipDenoised = job.Request.ClipDenoised,
        Seed = job.Request.Seed,
        Rng = job.Request.TorchNoise ? "torch" : "l2c",
        Cache = job.Cache?.Text,
        Noise = job.Request.Noise is null ? null : Path.GetFileName(job.Request.Noise),
        Dtype = job.Request.Device.Dtype,
        Classes = job.Classes.Classes,
        Images = job.Count,
        Preview = job.Architecture.PixelSpace ? null : true,
    };

    /// <summary>The parameters of one image of the run. With torch's noise the number of images stays: the stream depends on it.</summary>
    public SampleParameters ForImage(int image, int label, DitArchitecture architecture) => this with
    {
        Classes = null,
        Images = Rng == "torch" ? Images : null,
        Image = image,
        Class = label,
        ClassName = architecture.ClassNames.Count > 0 ? architecture.ClassNames[label] : null,
    };

    /// <summary>The word that the command line has for a guidance.</summary>
    public static string GuidanceWord(Guidance guidance) => guidance switch
    {
        L2c.Model.Sampling.Guidance.FirstThreeChannels => "published",
        L2c.Model.Sampling.Guidance.AllChannels => "all",
        _ => "none",
    };
}
