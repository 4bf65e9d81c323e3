using L2c.Weights.Layouts;

namespace L2c.Model.Sampling;

/// <summary>Whether and where classifier-free guidance acts. It needs a model with a null class and doubles the rows of a batch.</summary>
public enum Guidance
{
    /// <summary>One row per image, no guidance.</summary>
    None,
    /// <summary>On channels 0..2 only, as the published DiT code does: channel 3 and the variance keep the conditional value.</summary>
    FirstThreeChannels,
    /// <summary>On all channels of eps.</summary>
    AllChannels,
}

/// <summary>What a <see cref="Guidance"/> means for a network.</summary>
public static class GuidanceRules
{
    /// <summary>Leading channels of eps that guidance acts on.</summary>
    public static int Channels(this Guidance guidance, DitArchitecture architecture) => guidance switch
    {
        Guidance.FirstThreeChannels => Math.Min(3, architecture.InChannels),
        Guidance.AllChannels => architecture.InChannels,
        _ => 0,
    };

    /// <summary>Rows of a batch of that many images: B.</summary>
    public static int Rows(this Guidance guidance, int images) => guidance == Guidance.None ? images : 2 * images;
}
