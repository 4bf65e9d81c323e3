using System.Text.Json.Serialization;

namespace L2c.Weights.Layouts;

/// <summary>Shape of a latent-diffusion autoencoder (KL regularised), as Stable Diffusion's VAE.</summary>
/// <remarks>Source: Rombach et al. 2022, "High-Resolution Image Synthesis with Latent Diffusion Models". Attention is in the middle only.</remarks>
public sealed record VaeArchitecture : Architecture
{
    /// <summary>See <see cref="Architecture.Family"/>.</summary>
    public const string FamilyName = "vae";

    /// <summary>The latent scale of Stable Diffusion's autoencoder, which DiT and U-ViT were trained with.</summary>
    public const double StableDiffusionScale = 0.18215;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Family => FamilyName;

    /// <summary>Channels of the image that is encoded.</summary>
    public required int InChannels { get; init; }

    /// <summary>Channels of the image that is decoded.</summary>
    public required int OutChannels { get; init; }

    /// <summary>Width of the first level.</summary>
    public required int Channels { get; init; }

    /// <summary>Width of each level over <see cref="Channels"/>, full resolution first; each level but the last halves the side.</summary>
    public required IReadOnlyList<int> ChannelMultipliers { get; init; }

    /// <summary>Residual blocks per level of the encoder; the decoder has one more.</summary>
    public required int ResBlocks { get; init; }

    /// <summary>Channels between the networks and the 1x1 quantisation convolutions.</summary>
    public required int ZChannels { get; init; }

    /// <summary>Channels of a latent.</summary>
    public required int LatentChannels { get; init; }

    /// <summary>Whether the encoder gives mean and log-variance, doubling its output channels.</summary>
    public bool DoubleZ { get; init; } = true;

    /// <summary>Factor from the autoencoder's latents to the diffusion model's.</summary>
    public double LatentScale { get; init; } = StableDiffusionScale;

    /// <summary>Side of an image over the side of its latent.</summary>
    [JsonIgnore]
    public int Downsampling => 1 << (ChannelMultipliers.Count - 1);

    /// <inheritdoc/>
    public override string? FindProblem() =>
        FindNameProblem()
        ?? OutOfRange(nameof(InChannels), InChannels, 1, 1024)
        ?? OutOfRange(nameof(OutChannels), OutChannels, 1, 1024)
        ?? OutOfRange(nameof(Channels), Channels, 1, 4096)
        ?? OutOfRange("number of channelMultipliers", ChannelMultipliers.Count, 1, 8)
        ?? ChannelMultipliers.Select(m => OutOfRange("channel multiplier", m, 1, 64)).FirstOrDefault(problem => problem is not null)
        ?? OutOfRange(nameof(ResBlocks), ResBlocks, 1, 16)
        ?? OutOfRange(nameof(ZChannels), ZChannels, 1, 1024)
        ?? OutOfRange(nameof(LatentChannels), LatentChannels, 1, 1024)
        ?? OutOfRange(nameof(LatentScale), LatentScale, 1e-6, 1e6);
}
