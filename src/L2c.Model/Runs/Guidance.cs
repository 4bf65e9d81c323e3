using L2c.Model.Networks;

namespace L2c.Model.Runs;

/// <summary>Whether and where classifier-free guidance acts. It needs a model with a null class and doubles the rows of a batch.</summary>
public enum Guidance
{
    /// <summary>One row per image, no guidance.</summary>
    None,
    /// <summary>On the channels that the network's published code guides: of a DiT 0..2, so that channel 3 and the variance stay conditional.</summary>
    Published,
    /// <summary>On all channels of eps.</summary>
    AllChannels,
}

/// <summary>What a <see cref="Guidance"/> means for a network.</summary>
public static class GuidanceRules
{
    /// <summary>Leading channels of eps that guidance acts on.</summary>
    public static int Channels(this Guidance guidance, NetworkInfo network) => guidance switch
    {
        Guidance.Published => network.GuidedChannels,
        Guidance.AllChannels => network.Architecture.InChannels,
        _ => 0,
    };

    /// <summary>Rows of a batch of that many images: B.</summary>
    public static int Rows(this Guidance guidance, int images) => guidance == Guidance.None ? images : 2 * images;
}
