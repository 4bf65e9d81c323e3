using L2c.Kernels;
using L2c.Model.Autoencoder;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>An autoencoder that is known and whose weights have not been read.</summary>
public sealed class OpenedAutoencoder : IDisposable
{
    private readonly WeightsFile _weights;

    private OpenedAutoencoder(WeightsFile weights, VaeArchitecture architecture) => (_weights, Architecture) = (weights, architecture);

    /// <summary>Its shapes.</summary>
    public VaeArchitecture Architecture { get; }

    /// <summary>Path of the file.</summary>
    public string Source => _weights.File.Path;

    /// <summary>Opens a file.</summary>
    /// <param name="path">safetensors or PyTorch, with the names of the latent-diffusion code or of diffusers.</param>
    /// <exception cref="MalformedFileException">It cannot be read, or holds something else.</exception>
    /// <exception cref="IOException">It is not there.</exception>
    public static OpenedAutoencoder Open(string path)
    {
        TensorFile file = TensorFiles.Open(path);
        try
        {
            WeightsFile weights = OpenedModel.Resolve(
                file, VaeArchitecture.FamilyName, "an autoencoder; give that of Stable Diffusion or one like it");
            VaeArchitecture architecture = (VaeArchitecture)weights.Architecture;
            return AutoencoderModel.FindProblem(architecture) is { } problem
                ? throw new MalformedFileException(path, $"holds an autoencoder that cannot be run: {problem}; give another")
                : new OpenedAutoencoder(weights, architecture);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Brings the weights of some halves to a device. This object may be disposed of afterwards.</summary>
    /// <param name="device">Where to.</param>
    /// <param name="parts">Which halves.</param>
    /// <exception cref="MalformedFileException">The weights cannot be read.</exception>
    public AutoencoderModel Load(Device device, AutoencoderParts parts) => AutoencoderModel.Load(Architecture, _weights.Read, device, parts);

    /// <summary>Closes the file.</summary>
    public void Dispose() => _weights.File.Dispose();

    /// <summary>Weights in the device's layout, and the largest tensor on its way: as read, as permuted, and on CUDA as converted.</summary>
    internal static MemoryNeed Loading(VaeArchitecture architecture, Device device, AutoencoderParts parts)
    {
        using AutoencoderModel counted = AutoencoderModel.Load(architecture, null, device, parts);
        long largest = VaeLayout.Tensors(architecture)
            .Max(tensor => tensor.Shape.Aggregate((long)sizeof(float), (product, extent) => product * extent));
        return new MemoryNeed(counted.WeightBytes, 2 * largest, WeightMemory.Staging(device, largest));
    }
}
