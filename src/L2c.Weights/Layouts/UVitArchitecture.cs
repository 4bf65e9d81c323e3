using System.Text.Json.Serialization;

namespace L2c.Weights.Layouts;

/// <summary>Everything that fixes the shape and meaning of a U-ViT with a class label or without one.</summary>
/// <remarks>
/// Depth counts in-blocks and out-blocks, not the middle block; it is even.
/// Source: Bao et al. 2023, "All are Worth Words: A ViT Backbone for Diffusion Models". Layer norms are affine, eps 1e-5.
/// </remarks>
public sealed record UVitArchitecture : TransformerArchitecture
{
    internal const string FamilyName = "uvit";

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Family => FamilyName;

    /// <summary>Whether the qkv projections have a bias.</summary>
    public bool QkvBias { get; init; }

    /// <summary>Whether the time token passes an MLP (width 4 C) rather than being the raw sinusoid.</summary>
    public bool MlpTimeEmbed { get; init; }

    /// <summary>Whether a 3x3 convolution follows the unpatchified output.</summary>
    public bool FinalConv { get; init; }

    /// <summary>In-blocks, the middle block, out-blocks.</summary>
    [JsonIgnore]
    public override int Blocks => Depth + 1;

    /// <summary>Tokens before the patches: the label's, if any, then the time's.</summary>
    [JsonIgnore]
    public override int ExtraTokens => LabelRows > 0 ? 2 : 1;

    /// <inheritdoc/>
    protected override (int Depth, int Classes) Least => (2, HasNullClass ? 1 : 0);

    /// <inheritdoc/>
    public override string? FindProblem() =>
        base.FindProblem() ?? (Depth % 2 == 0 ? null : $"depth {Depth} is odd, but as many in-blocks as out-blocks are needed");
}
