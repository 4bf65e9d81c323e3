using L2c.Model.Accounting;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Model.Networks;

/// <summary>What a network is, known before its weights are loaded.</summary>
/// <param name="Architecture">Its shapes.</param>
/// <param name="Family">How it is loaded and trained.</param>
/// <param name="Cost">Multiply-accumulates of one evaluation.</param>
/// <param name="Process">The noise that it was trained to remove.</param>
/// <param name="GuidedChannels">Leading channels of eps that published guidance acts on.</param>
public sealed record NetworkInfo(
    TransformerArchitecture Architecture, NetworkFamily Family, NetworkCost Cost, NoiseSchedule Process, int GuidedChannels)
{
    /// <summary>What its authors sample it with: one of <see cref="SamplerCatalog.Names"/>.</summary>
    public string DefaultSampler { get; init; } = SamplerCatalog.Ddim;

    /// <summary>How its authors make pictures of pixels, its own or those of decoded latents.</summary>
    public PixelRule Pixels { get; init; } = PixelRule.Bytes;

    /// <summary>Factor from an autoencoder's latents to those that it was trained on; means nothing where its samples are pixels.</summary>
    public double LatentScale { get; init; } = VaeArchitecture.StableDiffusionScale;
}
