using System.Diagnostics;
using L2c.Kernels;
using L2c.Model;
using L2c.Model.Networks;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>A network that is known and whose weights have not been read: enough to decide and check everything else first.</summary>
public sealed partial class OpenedModel : IDisposable
{
    private readonly TensorFile? _file;
    private readonly WeightReader _read;
    private bool _disposed;

    private OpenedModel(TransformerArchitecture architecture, WeightReader read, string source, string? weightSet, TensorFile? file) =>
        (Architecture, _read, Source, WeightSet, _file) = (architecture, read, source, weightSet, file);

    /// <summary>Shape and meaning of the network.</summary>
    public TransformerArchitecture Architecture { get; }

    /// <summary>Path of the checkpoint; "random" for random weights.</summary>
    public string Source { get; }

    /// <summary>Dictionary of the checkpoint that holds the weights, as "ema"; null where the file is the dictionary.</summary>
    public string? WeightSet { get; }

    /// <summary>Whether it is the model that comes with the library.</summary>
    internal bool IsDemo => Source == DemoModel.Path;

    /// <summary>Opens a checkpoint.</summary>
    /// <param name="path">safetensors or PyTorch; null for the demo model beside the program.</param>
    /// <param name="hints">What the checkpoint leaves open.</param>
    /// <exception cref="RequestException">A hint does not apply to it.</exception>
    /// <exception cref="MalformedFileException">It cannot be read, or holds something else.</exception>
    /// <exception cref="IOException">It is not there.</exception>
    public static OpenedModel Open(string? path = null, LayoutHints? hints = null)
    {
        path ??= DemoModel.Path;
        TensorFile file = TensorFiles.Open(path);
        try
        {
            WeightsFile checkpoint = Resolve(file, hints ?? LayoutHints.None);
            string? set = checkpoint.Nest.Length == 0 ? null : checkpoint.Nest.TrimEnd('.');
            return new OpenedModel(checkpoint.Require<TransformerArchitecture>(), checkpoint.Read, path, set, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A network with random weights, for measuring speed and memory without a checkpoint.</summary>
    /// <param name="name">See <see cref="NamedNetwork.Find"/>.</param>
    /// <param name="imageSize">See <see cref="NamedNetwork.Find"/>.</param>
    /// <exception cref="RequestException">There is no such network.</exception>
    public static OpenedModel Random(string name, int? imageSize = null)
    {
        TransformerArchitecture architecture = NamedNetwork.Find(name, imageSize);
        return new OpenedModel(architecture, new RandomWeights(architecture).Read, "random", null, null);
    }

    /// <summary>A network whose weights somebody else has.</summary>
    /// <param name="architecture">Shape and meaning.</param>
    /// <param name="read">Gives the weights.</param>
    /// <param name="source">Name of the file that they go to.</param>
    internal static OpenedModel OfWeights(TransformerArchitecture architecture, WeightReader read, string source) =>
        new(architecture, read, source, null, null);

    /// <summary>Starts the device and brings the weights to it. This object may be disposed of afterwards.</summary>
    /// <param name="choice">Where to.</param>
    /// <param name="use">What the weights are for.</param>
    /// <param name="demand">What will be done with them, which has to fit beside them; null for nothing that is known.</param>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="DeviceUnavailableException">The device does not open.</exception>
    /// <exception cref="MalformedFileException">The weights cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed of.</exception>
    public LoadedModel Load(DeviceChoice choice, WeightUse use = WeightUse.Inference, MemoryDemand? demand = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Device device = choice.Open();
        try
        {
            return Load(device, choice, use, ownsDevice: true, demand);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Brings the weights to a device that stays the caller's.</summary>
    /// <inheritdoc cref="Load(DeviceChoice, WeightUse, MemoryDemand?)"/>
    /// <param name="device">Where to; it must outlive the loaded network.</param>
    /// <param name="use">What the weights are for.</param>
    public LoadedModel Load(Device device, WeightUse use = WeightUse.Inference) =>
        Load(device, DeviceChoice.Of(device), use, ownsDevice: false, demand: null);

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _disposed = true;
        _file?.Dispose();
    }

    /// <summary>Reads a tensor of the network as fp32; a <see cref="WeightReader"/>.</summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed of.</exception>
    public void Read(string name, Span<float> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _read(name, destination);
    }

    /// <summary>Finds out what an open file holds.</summary>
    /// <exception cref="RequestException">A hint does not apply to it.</exception>
    /// <exception cref="MalformedFileException">As <see cref="WeightsLayout.Resolve"/>.</exception>
    internal static WeightsFile Resolve(TensorFile file, LayoutHints hints)
    {
        try
        {
            return WeightsLayout.Resolve(file, hints);
        }
        catch (ArgumentException e)
        {
            throw new RequestException($"{file.Path}: {e.Message}", e);
        }
    }

    /// <summary>Finds out what an open file holds, which must be of one family: what another one leaves open is not asked for.</summary>
    /// <param name="file">The file.</param>
    /// <param name="family">The family.</param>
    /// <param name="wanted">What should be in the file, and which file to give, for the message.</param>
    /// <exception cref="MalformedFileException">It holds something else, or as <see cref="WeightsLayout.Resolve"/>.</exception>
    internal static WeightsFile Resolve(TensorFile file, string family, string wanted) =>
        WeightsLayout.FindFamily(file) is { } found && found != family
            ? throw new MalformedFileException(file.Path, $"holds a model of the family '{found}', not {wanted}")
            : Resolve(file, LayoutHints.None);

    private LoadedModel Load(Device device, DeviceChoice choice, WeightUse use, bool ownsDevice, MemoryDemand? demand)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        demand ??= new MemoryDemand($"loading {Architecture.Name}", (_, _) => default, 1, null);
        demand.Require(device, choice.Memory, WeightMemory.Of(Architecture, device, use));
        long began = Stopwatch.GetTimestamp();
        using WeightHash? hash = use == WeightUse.RouterTraining ? new WeightHash(_read) : null;
        var network = NetworkFamilies.Load(Architecture, hash is null ? _read : hash.Read, device, use);
        return new LoadedModel(this, network, choice, ownsDevice, Stopwatch.GetElapsedTime(began).TotalMilliseconds, hash?.Text());
    }
}
