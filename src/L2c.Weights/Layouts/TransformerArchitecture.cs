using System.Text.Json.Serialization;

namespace L2c.Weights.Layouts;

/// <summary>What the shapes of all diffusion transformers have in common: a square state cut into patches, and blocks of an attention and an MLP.</summary>
public abstract record TransformerArchitecture : Architecture
{
    /// <summary>Side of the square input, in latent cells or pixels (32 for 256 px latents).</summary>
    [JsonPropertyOrder(-1)]
    public required int InputSize { get; init; }

    /// <summary>Side of a patch, in the same units.</summary>
    [JsonPropertyOrder(-1)]
    public required int PatchSize { get; init; }

    /// <summary>Channels of the input: 4 for latents, 3 for pixels.</summary>
    [JsonPropertyOrder(-1)]
    public required int InChannels { get; init; }

    /// <summary>Width C of the residual stream.</summary>
    [JsonPropertyOrder(-1)]
    public required int HiddenSize { get; init; }

    /// <summary>The published depth; see <see cref="Blocks"/>.</summary>
    [JsonPropertyOrder(-1)]
    public required int Depth { get; init; }

    /// <summary>Attention heads; divides <see cref="HiddenSize"/>.</summary>
    [JsonPropertyOrder(-1)]
    public required int Heads { get; init; }

    /// <summary>Classes that can be asked for, the null class not counted; 0 for an unconditional model.</summary>
    [JsonPropertyOrder(-1)]
    public required int NumClasses { get; init; }

    /// <summary>Whether the label table has one more row, the null class of guidance.</summary>
    [JsonPropertyOrder(-1)]
    public required bool HasNullClass { get; init; }

    /// <summary>Hidden width of the MLP over <see cref="HiddenSize"/>.</summary>
    [JsonPropertyOrder(-1)]
    public double MlpRatio { get; init; } = 4.0;

    /// <summary>Whether the input is pixels in [-1, 1] rather than VAE latents.</summary>
    [JsonPropertyOrder(1)]
    public bool PixelSpace { get; init; }

    /// <summary>Names of the classes in order, for picture labels; empty when unknown.</summary>
    [JsonPropertyOrder(1)]
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>Blocks of an attention and an MLP.</summary>
    [JsonIgnore]
    public virtual int Blocks => Depth;

    /// <summary>Branches: the attention of block b is 2 b, its MLP 2 b + 1.</summary>
    [JsonIgnore]
    public int Branches => 2 * Blocks;

    /// <summary>Tokens before those of the patches.</summary>
    [JsonIgnore]
    public virtual int ExtraTokens => 0;

    /// <summary>Tokens T per image, extra ones included.</summary>
    [JsonIgnore]
    public int Tokens => ExtraTokens + (InputSize / PatchSize * (InputSize / PatchSize));

    /// <summary>Output channels.</summary>
    [JsonIgnore]
    public virtual int OutChannels => InChannels;

    /// <summary>Whether the network also predicts the variance interpolation, in as many channels again.</summary>
    [JsonIgnore]
    public bool PredictsVariance => OutChannels > InChannels;

    /// <summary>Hidden width of the MLP.</summary>
    [JsonIgnore]
    public int MlpWidth => (int)(HiddenSize * MlpRatio);

    /// <summary>Rows of the label table; 0 when there is none.</summary>
    [JsonIgnore]
    public int LabelRows => NumClasses + (HasNullClass ? 1 : 0);

    /// <summary>Label that stands for "no class": the last row of the table. Guidance needs it.</summary>
    /// <exception cref="InvalidOperationException">The model has no null class.</exception>
    [JsonIgnore]
    public int NullLabel => HasNullClass ? NumClasses : throw new InvalidOperationException($"{Name} has no null class, so it cannot be guided");

    /// <summary>Values per patch at the output: P * P * <see cref="OutChannels"/>.</summary>
    [JsonIgnore]
    public int PatchOutputs => PatchSize * PatchSize * OutChannels;

    /// <summary>Smallest depth and number of classes.</summary>
    protected virtual (int Depth, int Classes) Least => (1, 1);

    /// <inheritdoc/>
    public override string? FindProblem() =>
        FindNameProblem()
        ?? OutOfRange(nameof(InputSize), InputSize, 1, 4096)
        ?? OutOfRange(nameof(PatchSize), PatchSize, 1, InputSize)
        ?? OutOfRange(nameof(InChannels), InChannels, 1, 1024)
        ?? OutOfRange(nameof(HiddenSize), HiddenSize, 1, 16384)
        ?? OutOfRange(nameof(Depth), Depth, Least.Depth, 512)
        ?? OutOfRange(nameof(Heads), Heads, 1, HiddenSize)
        ?? OutOfRange(nameof(NumClasses), NumClasses, Least.Classes, 1_000_000)
        ?? OutOfRange(nameof(MlpRatio), MlpRatio, 1.0 / HiddenSize, 64)
        ?? Indivisible(nameof(InputSize), InputSize, nameof(PatchSize), PatchSize)
        ?? (HiddenSize % Heads == 0 ? null : $"{Heads} attention heads do not divide its width of {HiddenSize}")
        ?? OutOfRange("values of the position table", (double)Tokens * HiddenSize, 1, 1 << 26)
        ?? FindClassNamesProblem(ClassNames, NumClasses);
}
