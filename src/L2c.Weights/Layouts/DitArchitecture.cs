using System.Text.Json.Serialization;

namespace L2c.Weights.Layouts;

/// <summary>Everything that fixes the shape and meaning of a class-conditional DiT.</summary>
/// <remarks>Source: Peebles and Xie 2023, "Scalable Diffusion Models with Transformers", adaLN-Zero variant.</remarks>
public sealed record DitArchitecture : TransformerArchitecture
{
    internal const string FamilyName = "dit";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Family => FamilyName;

    /// <summary>Whether the network also predicts the variance interpolation, doubling the output channels.</summary>
    public bool LearnSigma { get; init; } = true;

    /// <inheritdoc/>
    [JsonIgnore]
    public override int OutChannels => LearnSigma ? 2 * InChannels : InChannels;
}
