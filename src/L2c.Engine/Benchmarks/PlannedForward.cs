using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Randomness;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>One call of a network for a batch of unguided images, each with its own timestep and class: planned once and run many times.</summary>
/// <remarks>All of the network: embeddings, modulations, blocks and output layer, as the published module's forward.</remarks>
public sealed class PlannedForward : IDisposable
{
    private const int NoisySteps = 1000;

    private readonly Network _network;
    private readonly Arena _arena;
    private readonly Tensor _output;
    private readonly Action _enqueue;
    private readonly OpSequence? _recorded;
    private OpSequence? _products;

    private PlannedForward(Network network, Arena arena, Tensor output, Action enqueue, bool record)
    {
        (_network, _arena, _output, _enqueue) = (network, arena, output, enqueue);
        _recorded = record ? network.Device.Capture(enqueue) : null;
        Ops = _recorded?.Ops ?? network.Device.List(enqueue);
    }

    /// <summary>Memory beside the weights: inputs, activations, modulations, output.</summary>
    public long Bytes => _arena.CapacityBytes;

    /// <summary>Every op in order.</summary>
    public IReadOnlyList<OpInfo> Ops { get; }

    /// <summary>See <see cref="OpSequence.Launches"/>; null without a recording.</summary>
    public int? Launches => _recorded?.Launches;

    /// <summary>Launches of one block beside its modulations; null unless asked for.</summary>
    public int? LaunchesPerBlock { get; private set; }

    /// <summary>Allocates, uploads inputs and records.</summary>
    /// <param name="model">The network; it must outlive the plan.</param>
    /// <param name="batch">B, at least 1.</param>
    /// <param name="record">Whether a run replays a recording; otherwise it enqueues every op anew.</param>
    /// <param name="parts">Whether <see cref="LaunchesPerBlock"/> and <see cref="RunProducts"/> are wanted too; they need recordings.</param>
    public static PlannedForward Plan(Network model, int batch, bool record, bool parts)
    {
        TransformerArchitecture a = model.Architecture;
        Device device = model.Device;
        (Arena arena, Buffers buffers) = Arena.Carve(device, "forward", memory => Buffers.Take(memory, model, batch));
        PlannedForward? plan = null;
        try
        {
            buffers.UploadInputs(device, a, batch);
            var full = EvaluationPlan.Full(buffers.Network, a.Branches);
            plan = new PlannedForward(model, arena, buffers.Output, () => Enqueue(full), record);
            if (record && parts)
            {
                plan.LaunchesPerBlock = CountBlock(plan.Launches!.Value, full);
                plan._products = device.Capture(() => model.Products(buffers.Network));
            }

            return plan;
        }
        catch
        {
            plan?.Dispose();
            arena.Dispose();
            throw;
        }

        void Enqueue(EvaluationPlan plan)
        {
            device.Scope = OpScope.None;
            model.Prepare(buffers.Network, 0);
            model.Forward(buffers.Image, buffers.Network, plan, buffers.Output);
        }

        // What the recording lacks when the first block's branches are dropped.
        int CountBlock(int all, EvaluationPlan full)
        {
            BranchPlan[] branches = [BranchPlan.Dropped, BranchPlan.Dropped, .. full.Branches[2..]];
            using OpSequence rest = device.Capture(() => Enqueue(full with { Branches = branches }));
            return all - rest.Launches;
        }
    }

    /// <summary>What measuring a call takes beside the weights.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="batch">B.</param>
    public static MemoryDemand Demand(TransformerArchitecture architecture, int batch) => new(
        "the measurement",
        (device, rows) =>
        {
            using Network counted = NetworkFamilies.OnPaper(architecture, device);
            (long bytes, Buffers buffers) = Arena.Count(device, "forward on paper", memory => Buffers.Take(memory, counted, rows));
            long images = sizeof(float) * (buffers.Image.Shape.Count + buffers.Output.Shape.Count);
            return new MemoryNeed(bytes, images, WeightMemory.Staging(device, images)).Or(Peak.Need(device));
        },
        batch,
        "--batch");

    /// <summary>Runs it and waits for its end.</summary>
    /// <exception cref="ObjectDisposedException">The plan or its network has been disposed of.</exception>
    public void Run()
    {
        RequireAlive();
        if (_recorded is null)
        {
            _enqueue();
        }
        else
        {
            _recorded.Run();
        }

        _network.Device.Synchronize();
    }

    /// <summary>Runs the products of the blocks alone, on the same weights and on what the last run left, and waits for their end.</summary>
    /// <exception cref="ObjectDisposedException">The plan or its network has been disposed of.</exception>
    /// <exception cref="InvalidOperationException">They were not recorded.</exception>
    public void RunProducts()
    {
        RequireAlive();
        OpSequence products = _products ?? throw new InvalidOperationException(
            "the products were not recorded; plan the forward pass with record and parts");
        products.Run();
        _network.Device.Synchronize();
    }

    /// <summary>The network's output of the last run, [B,C_out,H,W].</summary>
    /// <exception cref="ObjectDisposedException">The plan has been disposed of.</exception>
    public float[] ReadOutput()
    {
        ObjectDisposedException.ThrowIf(_arena.IsDisposed, this);
        float[] values = new float[_output.Shape.Count];
        _network.Device.Download(_output, values);
        return values;
    }

    /// <summary>Frees recording and memory; not the model.</summary>
    public void Dispose()
    {
        _products?.Dispose();
        _recorded?.Dispose();
        _arena.Dispose();
    }

    private void RequireAlive()
    {
        ObjectDisposedException.ThrowIf(_arena.IsDisposed, this);
        _network.RequireAlive();
    }

    private sealed record Buffers(Tensor Image, Tensor Output, NetworkMemory Network)
    {
        public static Buffers Take(Arena arena, Network network, int batch)
        {
            TransformerArchitecture a = network.Architecture;
            return new Buffers(
                arena.Take(DType.F32, batch, a.InChannels, a.InputSize, a.InputSize),
                arena.Take(DType.F32, batch, a.OutChannels, a.InputSize, a.InputSize),
                network.Take(arena, new NetworkNeeds(batch) { TimePerRow = true }));
        }

        public void UploadInputs(Device device, TransformerArchitecture a, int batch)
        {
            float[] image = new float[Image.Shape.Count];
            new CounterNoiseSource(seed: 0).Fill(0, batch, image.Length / batch, image);
            device.Upload(Image, image);
            Network.UploadConstants(device);
            device.Upload(Network.Labels, [.. Enumerable.Range(0, batch).Select(i => a.NumClasses == 0 ? 0 : i % a.NumClasses)]);
            Network.SetTimes(device, [.. Enumerable.Range(0, batch).Select(i => (float)((i + 1L) * (NoisySteps - 1) / batch))]);
        }
    }
}
