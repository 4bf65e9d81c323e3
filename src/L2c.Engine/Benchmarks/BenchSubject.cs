using System.Diagnostics;
using L2c.Cli.Commands;
using L2c.Cli.Devices;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Model;
using L2c.Model.Dit;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Cli.Benchmarks;

/// <summary>The network that is measured, on its device.</summary>
internal sealed class BenchSubject : IDisposable
{
    private readonly Device _device;

    private BenchSubject(Device device, DitModel model, string weights, double loadMs) =>
        (_device, Model, Weights, LoadMs) = (device, model, weights, loadMs);

    /// <summary>The loaded network.</summary>
    public DitModel Model { get; }

    /// <summary>"random", or the checkpoint's path.</summary>
    public string Weights { get; }

    /// <summary>Reading or making the weights and bringing them to the device.</summary>
    public double LoadMs { get; }

    /// <summary>Finds out which network is meant, decides what depends on it, and only then opens the device and loads weights.</summary>
    /// <param name="checkpoint">The checkpoint; null for random weights.</param>
    /// <param name="hints">What the checkpoint leaves open; without one the model alone, see <see cref="BenchModel.Find"/>.</param>
    /// <param name="imageSize">See <see cref="BenchModel.Find"/>.</param>
    /// <param name="choice">Where.</param>
    /// <param name="decide">Called with the network before anything expensive.</param>
    /// <param name="terminal">For the device's note.</param>
    /// <exception cref="UsageException">No such network, or an option that does not apply to it.</exception>
    /// <exception cref="MalformedFileException">The checkpoint cannot be read.</exception>
    public static BenchSubject Open(
        string? checkpoint, LayoutHints hints, int? imageSize, DeviceChoice choice, Action<DitArchitecture> decide, Terminal terminal)
    {
        if (checkpoint is null)
        {
            if (hints with { Model = null } != LayoutHints.None)
            {
                throw new UsageException("--use, --heads and --num-classes belong to a checkpoint; give --ckpt FILE, or leave them away");
            }

            DitArchitecture architecture = BenchModel.Find(hints.Model ?? "DiT-S/2", imageSize);
            return Load(architecture, new RandomWeights(architecture).Read, "random", choice, decide, terminal);
        }

        if (imageSize is not null)
        {
            throw new UsageException("--image-size belongs to random weights; leave it away with --ckpt");
        }

        using TensorFile file = TensorFiles.Open(checkpoint);
        Checkpoint opened = CheckpointOptions.Resolve(file, hints);
        return Load(opened.Require<DitArchitecture>(), opened.Read, checkpoint, choice, decide, terminal);
    }

    /// <summary>Frees weights and device.</summary>
    public void Dispose()
    {
        Model.Dispose();
        _device.Dispose();
    }

    private static BenchSubject Load(
        DitArchitecture architecture, WeightReader read, string weights, DeviceChoice choice, Action<DitArchitecture> decide, Terminal terminal)
    {
        decide(architecture);
        Device device = choice.Open(terminal);
        try
        {
            long began = Stopwatch.GetTimestamp();
            var model = DitModel.Load(architecture, read, device);
            return new BenchSubject(device, model, weights, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }
}
