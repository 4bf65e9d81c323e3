namespace L2c.Model.Autoencoder;

/// <summary>Which halves of an autoencoder are loaded.</summary>
[Flags]
public enum AutoencoderParts
{
    /// <summary>Images to moments of latents.</summary>
    Encoder = 1,
    /// <summary>Latents to images.</summary>
    Decoder = 2,
    /// <summary>Both halves.</summary>
    Both = Encoder | Decoder,
}
