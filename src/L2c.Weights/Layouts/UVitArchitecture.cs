using System.Text.Json.Serialization;

namespace L2c.Weights.Layouts;

/// <summary>Everything that fixes the shape and meaning of a U-ViT with a class label or without one.</summary>
/// <remarks>Source: Bao et al. 2023, "All are Worth Words: A ViT Backbone for Diffusion Models". Layer norms are affine, eps 1e-5.</remarks>
public sealed record UVitArchitecture : Architecture
{
    internal const string FamilyName = "uvit";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Family => FamilyName;

    /// <summary>Side of the square input, in latent cells or pixels.</summary>
    public required int InputSize { get; init; }

    /// <summary>Side of a patch, in the same units.</summary>
    public required int PatchSize { get; init; }

    /// <summary>Channels of the input and the output: 4 for latents, 3 for pixels.</summary>
    public required int InChannels { get; init; }

    /// <summary>Width C of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>In-blocks and out-blocks together, the middle block not counted; even.</summary>
    public required int Depth { get; init; }

    /// <summary>Attention heads; divides <see cref="HiddenSize"/>.</summary>
    public required int Heads { get; init; }

    /// <summary>Classes that can be asked for, the null class not counted; 0 for an unconditional model.</summary>
    public required int NumClasses { get; init; }

    /// <summary>Whether the label table has one more row, the null class of guidance.</summary>
    public required bool HasNullClass { get; init; }

    /// <summary>Hidden width of the MLP over <see cref="HiddenSize"/>.</summary>
    public double MlpRatio { get; init; } = 4.0;

    /// <summary>Whether the qkv projections have a bias.</summary>
    public bool QkvBias { get; init; }

    /// <summary>Whether the time token passes an MLP (width 4 C) rather than being the raw sinusoid.</summary>
    public bool MlpTimeEmbed { get; init; }

    /// <summary>Whether a 3x3 convolution follows the unpatchified output.</summary>
    public bool FinalConv { get; init; }

    /// <summary>Whether the input is pixels in [-1, 1] rather than VAE latents.</summary>
    public bool PixelSpace { get; init; }

    /// <summary>Names of the classes in order, for picture labels; empty when unknown.</summary>
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>Blocks with a router's branches: in-blocks, the middle block, out-blocks.</summary>
    [JsonIgnore]
    public int Blocks => Depth + 1;

    /// <summary>Hidden width of the MLP.</summary>
    [JsonIgnore]
    public int MlpWidth => (int)(HiddenSize * MlpRatio);

    /// <summary>Rows of the label table; 0 when there is none.</summary>
    [JsonIgnore]
    public int LabelRows => NumClasses + (HasNullClass ? 1 : 0);

    /// <summary>Tokens before the patches: the label's, if any, then the time's.</summary>
    [JsonIgnore]
    public int ExtraTokens => LabelRows > 0 ? 2 : 1;

    /// <summary>Tokens T per image, label and time included.</summary>
    [JsonIgnore]
    public int Tokens => ExtraTokens + (InputSize / PatchSize * (InputSize / PatchSize));

    /// <summary>Label that stands for "no class": the last row of the table. Guidance needs it.</summary>
    /// <exception cref="InvalidOperationException">The model has no null class.</exception>
    [JsonIgnore]
    public int NullLabel => HasNullClass ? NumClasses : throw new InvalidOperationException($"{Name} has no null class, so it cannot be guided");

    /// <summary>Values per patch at the output: P * P * <see cref="InChannels"/>.</summary>
    [JsonIgnore]
    public int PatchOutputs => PatchSize * PatchSize * InChannels;

    /// <inheritdoc/>
    public override string? FindProblem() =>
        FindNameProblem()
        ?? OutOfRange(nameof(InputSize), InputSize, 1, 4096)
        ?? OutOfRange(nameof(PatchSize), PatchSize, 1, InputSize)
        ?? OutOfRange(nameof(InChannels), InChannels, 1, 1024)
        ?? OutOfRange(nameof(HiddenSize), HiddenSize, 1, 16384)
        ?? OutOfRange(nameof(Depth), Depth, 2, 512)
        ?? OutOfRange(nameof(Heads), Heads, 1, HiddenSize)
        ?? OutOfRange(nameof(NumClasses), NumClasses, HasNullClass ? 1 : 0, 1_000_000)
        ?? OutOfRange(nameof(MlpRatio), MlpRatio, 1.0 / HiddenSize, 64)
        ?? Indivisible(nameof(InputSize), InputSize, nameof(PatchSize), PatchSize)
        ?? Indivisible(nameof(HiddenSize), HiddenSize, nameof(Heads), Heads)
        ?? (Depth % 2 == 0 ? null : $"depth {Depth} is odd, but as many in-blocks as out-blocks are needed")
        ?? OutOfRange("values of the position table", (double)Tokens * HiddenSize, 1, 1 << 26)
        ?? FindClassNamesProblem(ClassNames, NumClasses);
}
