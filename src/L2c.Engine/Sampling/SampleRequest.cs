using L2c.Cli.Devices;
using L2c.Model.Sampling;
using L2c.Weights.Layouts;

namespace L2c.Cli.Sampling;

/// <summary>What the user asked <c>l2c sample</c> for. Null means that it depends on the model or on other options.</summary>
internal sealed record SampleRequest
{
    /// <summary>Checkpoint; null for the demo model.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>The checkpoint's path, or that of the demo model beside the program.</summary>
    public string CheckpointPath => Checkpoint ?? DemoModel.Path;

    /// <summary>Paths of all files that are read.</summary>
    public IEnumerable<string> Inputs => new[] { CheckpointPath, Noise, Cache.Router, Cache.RuleFile }.OfType<string>();

    /// <summary>Where to compute.</summary>
    public required DeviceChoice Device { get; init; }

    /// <summary>What the checkpoint leaves open.</summary>
    public required LayoutHints Hints { get; init; }

    /// <summary>Respacing, as "20", "ddim20", "10,15,20".</summary>
    public required string Steps { get; init; }

    /// <summary>"ddim" or "ddpm".</summary>
    public required string Sampler { get; init; }

    /// <summary>DDIM's η; null for 0.</summary>
    public double? Eta { get; init; }

    /// <summary>Guidance scale; 1 means no guidance. Null for 1.5, or 1 without guidance.</summary>
    public double? CfgScale { get; init; }

    /// <summary>Channels that guidance acts on.</summary>
    public required Guidance Guidance { get; init; }

    /// <summary>Seed of all noise.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Whether noise is PyTorch's stream rather than a function of seed and image.</summary>
    public bool TorchNoise { get; init; }

    /// <summary>Numbers or names, separated by commas.</summary>
    public string? Classes { get; init; }

    /// <summary>Images in total.</summary>
    public int? Count { get; init; }

    /// <summary>Images per batch.</summary>
    public int? Batch { get; init; }

    /// <summary>PNG file or folder.</summary>
    public string? Out { get; init; }

    /// <summary>One PNG per image instead of a grid.</summary>
    public bool Separate { get; init; }

    /// <summary>File with the tensor <c>x_T</c>.</summary>
    public string? Noise { get; init; }

    /// <summary>File to write the states to.</summary>
    public string? Trajectory { get; init; }

    /// <summary>Whether predicted x0 is clamped to [-1, 1].</summary>
    public bool ClipDenoised { get; init; }

    /// <summary>What is reused.</summary>
    public required CacheRequest Cache { get; init; }

    /// <summary>Whether the result is printed as JSON.</summary>
    public bool Json { get; init; }

    /// <summary>Whether progress may be drawn.</summary>
    public bool ShowProgress { get; init; }

    /// <summary>Whether named files may be overwritten.</summary>
    public bool Force { get; init; }
}
