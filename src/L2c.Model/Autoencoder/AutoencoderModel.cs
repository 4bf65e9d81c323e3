using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Autoencoder;

/// <summary>A latent-diffusion autoencoder with the weights of one half or both on a device.</summary>
/// <remarks>Source: Rombach et al. 2022, "High-Resolution Image Synthesis with Latent Diffusion Models"; U-ViT libs/autoencoder.py.</remarks>
public sealed class AutoencoderModel : IDisposable
{
    private readonly Arena? _arena;
    private readonly CoderWeights? _encoder, _decoder;

    private AutoencoderModel(
        VaeArchitecture architecture, Device device, Arena? arena, long weightBytes, (CoderWeights? Encoder, CoderWeights? Decoder) weights)
    {
        (Architecture, Device, _arena, WeightBytes) = (architecture, device, arena, weightBytes);
        (_encoder, _decoder) = weights;
    }

    /// <summary>Its shapes.</summary>
    public VaeArchitecture Architecture { get; }

    /// <summary>Where the weights are and ops go.</summary>
    public Device Device { get; }

    /// <summary>Memory that the weights take in the device's layout.</summary>
    public long WeightBytes { get; }

    /// <summary>Channels of the moments of one latent: means, then logarithms of variances where the encoder gives them.</summary>
    public int MomentChannels => (Architecture.DoubleZ ? 2 : 1) * Architecture.LatentChannels;

    internal CoderWeights Encoder => _encoder ?? throw new InvalidOperationException("the autoencoder was loaded without its encoder");

    internal CoderWeights Decoder => _decoder ?? throw new InvalidOperationException("the autoencoder was loaded without its decoder");

    /// <summary>Why an autoencoder cannot be run although its shapes fit each other; null where it can.</summary>
    public static string? FindProblem(VaeArchitecture architecture)
    {
        int[] widths = [architecture.Channels, .. architecture.ChannelMultipliers.Select(multiplier => architecture.Channels * multiplier)];
        int odd = Array.Find(widths, width => width % GroupNormWeights.Groups != 0);
        return odd == 0 ? null : $"a width of {odd} channels is not a multiple of the {GroupNormWeights.Groups} groups of its norms";
    }

    /// <summary>Loads the weights tensor by tensor into one allocation.</summary>
    /// <param name="architecture">The autoencoder.</param>
    /// <param name="read">Gives tensors by their canonical names, those of <see cref="VaeLayout"/>; null to count memory only: passes may be counted
    /// then, never run.</param>
    /// <param name="device">Where to put them.</param>
    /// <param name="parts">Which halves are wanted; only their tensors are read.</param>
    public static AutoencoderModel Load(VaeArchitecture architecture, WeightReader? read, Device device, AutoencoderParts parts)
    {
        if (read is null)
        {
            (long bytes, var counted) = WeightLoader.OnPaper(device, WeightUse.Inference, null, Structure);
            return new AutoencoderModel(architecture, device, null, bytes, counted);
        }

        (Arena arena, var weights) = WeightLoader.Load(device, WeightUse.Inference, null, Scaled(read, architecture.LatentScale), Structure);
        return new AutoencoderModel(architecture, device, arena, arena.CapacityBytes, weights);

        (CoderWeights? Encoder, CoderWeights? Decoder) Structure(WeightLoader loader) => (
            parts.HasFlag(AutoencoderParts.Encoder) ? CoderWeights.TakeEncoder(architecture, loader) : null,
            parts.HasFlag(AutoencoderParts.Decoder) ? CoderWeights.TakeDecoder(architecture, loader) : null);
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => _arena?.Dispose();

    internal void RequireAlive() => ObjectDisposedException.ThrowIf(_arena?.IsDisposed == true, this);

    /// <summary>The decoder begins with z / scale, and its first map is linear: W (z / scale) = (W / scale) z.</summary>
    private static WeightReader Scaled(WeightReader read, double scale) => (name, destination) =>
    {
        read(name, destination);
        if (name == CoderWeights.PostQuantization + ".weight")
        {
            foreach (ref float value in destination)
            {
                value = (float)(value / scale);
            }
        }
    };
}
