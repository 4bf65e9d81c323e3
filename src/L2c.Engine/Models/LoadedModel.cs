using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>A network with its weights on a device: what samples, is measured and is compared.</summary>
/// <remarks>One task at a time runs on it; a second one waits for the first. Results do not refer to it and stay when it is disposed of.</remarks>
public sealed partial class LoadedModel : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Network _network;
    private readonly bool _ownsDevice;
    private bool _disposed;

    internal LoadedModel(OpenedModel source, Network network, DeviceChoice choice, bool ownsDevice, double loadMs, string? weightHash)
    {
        (_network, _ownsDevice, Choice, LoadMs, WeightHash) = (network, ownsDevice, choice, loadMs, weightHash);
        (Source, WeightSet) = (source.Source, source.WeightSet);
    }

    /// <summary>Shape and meaning of the network.</summary>
    public TransformerArchitecture Architecture => _network.Architecture;

    /// <summary>The network, for a program that plans runs itself.</summary>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    public Network Network
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _network;
        }
    }

    /// <summary>Where it is.</summary>
    public Device Device => Network.Device;

    /// <summary>How the device was chosen.</summary>
    public DeviceChoice Choice { get; }

    /// <summary>See <see cref="OpenedModel.Source"/>.</summary>
    public string Source { get; }

    /// <summary>See <see cref="OpenedModel.WeightSet"/>.</summary>
    public string? WeightSet { get; }

    /// <summary>Milliseconds of reading the weights and bringing them to the device.</summary>
    public double LoadMs { get; }

    /// <summary>SHA-256 of the weights as they were read, where they were loaded to train a router; null otherwise.</summary>
    internal string? WeightHash { get; }

    /// <summary>What reports tell of it.</summary>
    public RunFacts Facts => RunFacts.Of(Architecture.Name, Device);

    /// <summary>From a file to a network that is ready to run, in one call.</summary>
    /// <param name="path">safetensors or PyTorch; null for the demo model beside the program.</param>
    /// <param name="device">Where to compute; null for <see cref="DeviceChoice.Auto"/>.</param>
    /// <param name="hints">What the checkpoint leaves open.</param>
    /// <exception cref="RequestException">A hint does not apply to the file.</exception>
    /// <exception cref="MalformedFileException">The file cannot be read, or holds something else.</exception>
    /// <exception cref="DeviceUnavailableException">The device does not open.</exception>
    /// <exception cref="IOException">The file is not there.</exception>
    public static LoadedModel Open(string? path = null, DeviceChoice? device = null, LayoutHints? hints = null)
    {
        using OpenedModel opened = OpenedModel.Open(path, hints);
        return opened.Load(device ?? DeviceChoice.Auto());
    }

    /// <inheritdoc cref="Open"/>
    /// <param name="path">safetensors or PyTorch; null for the demo model beside the program.</param>
    /// <param name="device">Where to compute; null for <see cref="DeviceChoice.Auto"/>.</param>
    /// <param name="hints">What the checkpoint leaves open.</param>
    /// <param name="cancel">Looked at before the work begins.</param>
    public static Task<LoadedModel> OpenAsync(
        string? path = null, DeviceChoice? device = null, LayoutHints? hints = null, CancellationToken cancel = default) =>
        Background.Run(() => Open(path, device, hints), cancel);

    /// <summary>Waits for the task that is running, then frees weights and device.</summary>
    /// <exception cref="InvalidOperationException">Called by what a task of this model calls, as its progress.</exception>
    public void Dispose()
    {
        // The lock would let its own thread pass, and the task go on without weights.
        if (_gate.IsHeldByCurrentThread)
        {
            throw new InvalidOperationException("the model is in the middle of a task of this thread; dispose of it when the task has returned");
        }

        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            Device device = _network.Device;
            _network.Dispose();
            if (_ownsDevice)
            {
                device.Dispose();
            }
        }
    }

    /// <summary>Runs a task on the network, when no other does and what it takes is free.</summary>
    private T Exclusively<T>(MemoryDemand demand, Func<T> task)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            demand.Require(Device, Choice.Memory);
            return task();
        }
    }
}
