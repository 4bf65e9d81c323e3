using System.Text.Json.Serialization;

namespace L2c.Weights.Layouts;

/// <summary>Everything that fixes the shape and meaning of a class-conditional DiT.</summary>
/// <remarks>Source: Peebles and Xie 2023, "Scalable Diffusion Models with Transformers", adaLN-Zero variant.</remarks>
public sealed record DitArchitecture : Architecture
{
    internal const string FamilyName = "dit";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Family => FamilyName;

    /// <summary>Side of the square input, in latent cells or pixels (32 for 256 px latents).</summary>
    public required int InputSize { get; init; }

    /// <summary>Side of a patch, in the same units.</summary>
    public required int PatchSize { get; init; }

    /// <summary>Channels of the input: 4 for latents, 3 for pixels.</summary>
    public required int InChannels { get; init; }

    /// <summary>Width C of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Number of blocks; branches are twice as many.</summary>
    public required int Depth { get; init; }

    /// <summary>Attention heads; divides <see cref="HiddenSize"/>.</summary>
    public required int Heads { get; init; }

    /// <summary>Classes that can be asked for, the null class not counted.</summary>
    public required int NumClasses { get; init; }

    /// <summary>Whether the label table has one more row, the null class of guidance.</summary>
    public required bool HasNullClass { get; init; }

    /// <summary>Hidden width of the MLP over <see cref="HiddenSize"/>.</summary>
    public double MlpRatio { get; init; } = 4.0;

    /// <summary>Whether the network also predicts the variance interpolation, doubling the output channels.</summary>
    public bool LearnSigma { get; init; } = true;

    /// <summary>Whether the input is pixels in [-1, 1] rather than VAE latents.</summary>
    public bool PixelSpace { get; init; }

    /// <summary>Names of the classes in order, for picture labels; empty when unknown.</summary>
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>Tokens T per image.</summary>
    [JsonIgnore]
    public int Tokens => InputSize / PatchSize * (InputSize / PatchSize);

    /// <summary>Output channels: <see cref="InChannels"/>, twice that with <see cref="LearnSigma"/>.</summary>
    [JsonIgnore]
    public int OutChannels => LearnSigma ? 2 * InChannels : InChannels;

    /// <summary>Hidden width of the MLP.</summary>
    [JsonIgnore]
    public int MlpWidth => (int)(HiddenSize * MlpRatio);

    /// <summary>Rows of the label table.</summary>
    [JsonIgnore]
    public int LabelRows => NumClasses + (HasNullClass ? 1 : 0);

    /// <summary>Label that stands for "no class": the last row of the table. Guidance needs it.</summary>
    /// <exception cref="InvalidOperationException">The model has no null class.</exception>
    [JsonIgnore]
    public int NullLabel => HasNullClass ? NumClasses : throw new InvalidOperationException($"{Name} has no null class, so it cannot be guided");

    /// <summary>Values per patch at the output: P * P * <see cref="OutChannels"/>.</summary>
    [JsonIgnore]
    public int PatchOutputs => PatchSize * PatchSize * OutChannels;

    /// <inheritdoc/>
    public override string? FindProblem() =>
        FindNameProblem()
        ?? OutOfRange(nameof(InputSize), InputSize, 1, 4096)
        ?? OutOfRange(nameof(PatchSize), PatchSize, 1, InputSize)
        ?? OutOfRange(nameof(InChannels), InChannels, 1, 1024)
        ?? OutOfRange(nameof(HiddenSize), HiddenSize, 1, 16384)
        ?? OutOfRange(nameof(Depth), Depth, 1, 512)
        ?? OutOfRange(nameof(Heads), Heads, 1, HiddenSize)
        ?? OutOfRange(nameof(NumClasses), NumClasses, 1, 1_000_000)
        ?? OutOfRange(nameof(MlpRatio), MlpRatio, 1.0 / HiddenSize, 64)
        ?? Indivisible(nameof(InputSize), InputSize, nameof(PatchSize), PatchSize)
        ?? Indivisible(nameof(HiddenSize), HiddenSize, nameof(Heads), Heads)
        ?? OutOfRange("values of the position table", (double)Tokens * HiddenSize, 1, 1 << 26)
        ?? FindClassNamesProblem(ClassNames, NumClasses);
}
