using L2c.Kernels;
using L2c.Model.Metrics.Inception;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>The FID Inception network with its weights on a device.</summary>
internal sealed class InceptionModel : IDisposable
{
    private readonly bool _ownsDevice;

    private InceptionModel(InceptionNetwork network, string hash, bool ownsDevice) => (Network, Hash, _ownsDevice) = (network, hash, ownsDevice);

    /// <summary>The network.</summary>
    public InceptionNetwork Network { get; }

    /// <summary>Tells weights apart, see <see cref="WeightHash"/>.</summary>
    public string Hash { get; }

    /// <summary>Starts the device and brings the weights to it.</summary>
    /// <param name="path">The published file, or a safetensors file of the same tensors.</param>
    /// <param name="choice">Where to.</param>
    /// <param name="demand">What will be done with them, which has to fit beside them.</param>
    /// <exception cref="MalformedFileException">The file is damaged, or holds another network.</exception>
    /// <exception cref="DeviceUnavailableException">The device does not open.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    public static InceptionModel Load(string path, DeviceChoice choice, MemoryDemand demand)
    {
        Device device = choice.Open();
        try
        {
            return Load(path, device, choice, demand, ownsDevice: true);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Brings the weights to a device that stays the caller's.</summary>
    /// <inheritdoc cref="Load(string, DeviceChoice, MemoryDemand)"/>
    /// <param name="path">The published file, or a safetensors file of the same tensors.</param>
    /// <param name="device">Where to; it must outlive the model.</param>
    /// <param name="choice">As which it was chosen.</param>
    /// <param name="demand">What will be done with them, which has to fit beside them.</param>
    public static InceptionModel Load(string path, Device device, DeviceChoice choice, MemoryDemand demand) =>
        Load(path, device, choice, demand, ownsDevice: false);

    /// <inheritdoc/>
    public void Dispose()
    {
        Device device = Network.Device;
        Network.Dispose();
        if (_ownsDevice)
        {
            device.Dispose();
        }
    }

    private static InceptionModel Load(string path, Device device, DeviceChoice choice, MemoryDemand demand, bool ownsDevice)
    {
        using TensorFile file = TensorFiles.Open(path);
        WeightsFile weights = OpenedModel.Resolve(
            file, InceptionArchitecture.FamilyName, "the FID Inception network; give pt_inception-2015-12-05-6726825d.pth");

        // The largest tensor as read and as permuted.
        long largest = sizeof(float) * weights.Tensors.Max(tensor => tensor.Count);
        MemoryNeed loading = new(InceptionNetwork.WeightBytes(device), 2 * largest, WeightMemory.Staging(device, largest));
        demand.Require(device, choice.Memory, loading);
        using WeightHash hash = new(weights.Read);
        return new InceptionModel(InceptionNetwork.Load(device, hash.Read), hash.Text(), ownsDevice);
    }
}
