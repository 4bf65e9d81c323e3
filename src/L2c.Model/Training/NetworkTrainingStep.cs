using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>
/// One optimisation step of a network, planned once and run many times: forward, hybrid loss, backward, AdamW, moving average, and the weights written
/// into the layouts that the forward reads; recorded as one sequence.
/// </summary>
/// <remarks>
/// Trained is everything but the network's constants. The process is the network's, with all its steps. Not for use by several threads at a time.
/// Source: Peebles and Xie 2023, section 4; Nichol and Dhariwal 2021, L_hybrid.
/// </remarks>
public sealed class NetworkTrainingStep : IDisposable
{
    private readonly Network _model;
    private readonly Arena _parameterArena, _arena;
    private readonly TrainedParameters _parameters;
    private readonly NetworkTrainingBuffers _buffers;
    private readonly EvaluationPlan _plan;
    private readonly OpSequence _pack, _step;
    private readonly float? _mostNorm;
    private readonly float[] _norm = new float[1];

    private NetworkTrainingStep(
        Network model, Arena parameterArena, TrainedParameters parameters, Arena arena, NetworkTrainingBuffers buffers, int batch, double? mostNorm)
    {
        (_model, _parameterArena, _parameters, _arena, _buffers, Batch) = (model, parameterArena, parameters, arena, buffers, batch);
        _mostNorm = (float?)mostNorm;
        Memory = MemoryOf(parameterArena.CapacityBytes, model, buffers);
        _plan = EvaluationPlan.Full(buffers.Network, model.Architecture.Branches, hasBackward: true);
        _pack = Device.Capture(model.Pack);
        _step = Device.Capture(Enqueue);
        _pack.Run();
    }

    /// <summary>The process: timesteps of <see cref="Run"/> index it.</summary>
    public NoiseSchedule Process => _buffers.Inputs.Process;

    /// <summary>Shape and meaning of the network.</summary>
    public TransformerArchitecture Architecture => _model.Architecture;

    /// <summary>Where it runs.</summary>
    public Device Device => _model.Device;

    /// <summary>B.</summary>
    public int Batch { get; }

    /// <summary>Shape of the input, [B,C,H,W].</summary>
    public Shape StateShape => _buffers.Inputs.X0.Shape;

    /// <summary>Memory by part.</summary>
    public TrainingMemory Memory { get; }

    /// <summary>Every op of a step in order.</summary>
    public IReadOnlyList<OpInfo> Ops => _step.Ops;

    /// <summary>Values of one <see cref="ParameterState"/>: all trained parameters one after another, with gaps of zeros that keep each
    /// aligned.</summary>
    public int StateLength => _parameters.Length;

    /// <summary>Published names and shapes of all tensors of a checkpoint, constants included, in canonical order.</summary>
    public IReadOnlyList<(string Name, long[] Shape)> Tensors => _model.Info.Family.Tensors(Architecture);

    /// <summary>Allocates and records everything. Moments start at zero, the moving average at the parameters.</summary>
    /// <param name="architecture">The network; it must predict a variance.</param>
    /// <param name="initial">Gives the first parameters by their published names.</param>
    /// <param name="device">Where to train; it must store fp32.</param>
    /// <param name="batch">B, at least 1.</param>
    /// <param name="options">Recomputation.</param>
    /// <param name="mostNorm">What the gradient's norm is kept within, see <see cref="Device.ClipNorm"/>; null for none.</param>
    /// <param name="minSnrGamma">gamma of <see cref="MinSnr"/>'s weights; null for weights of 1.</param>
    /// <exception cref="ArgumentException">A network without learned variance, or a device that stores halves.</exception>
    public static NetworkTrainingStep Plan(
        TransformerArchitecture architecture,
        WeightReader initial,
        Device device,
        int batch,
        TrainingPlanOptions options,
        double? mostNorm = null,
        double? minSnrGamma = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        NetworkFamily family = RequireTrainable(architecture, device);
        Stack<IDisposable> taken = [];
        try
        {
            (Arena parameterArena, TrainedParameters parameters) = Kept(Arena.Carve(
                device, "parameters", memory => TrainedParameters.Take(memory, architecture)));
            float[] zeros = new float[parameters.Length];
            foreach (ParameterState state in Enum.GetValues<ParameterState>())
            {
                device.Upload(parameters.All(state), zeros);
            }

            Network model = family.Load(architecture, initial, device, WeightUse.Inference, parameters);
            taken.Push(model);
            (Arena arena, NetworkTrainingBuffers buffers) = Kept(Arena.Carve(
                device, "training step", memory => NetworkTrainingBuffers.Take(memory, model, batch, options, minSnrGamma)));
            var step = new NetworkTrainingStep(model, parameterArena, parameters, arena, buffers, batch, mostNorm);
            step.CopyState(ParameterState.Weights, ParameterState.Average, zeros);
            return step;
        }
        catch
        {
            foreach (IDisposable owner in taken)
            {
                owner.Dispose();
            }

            throw;
        }

        (Arena, T) Kept<T>((Arena Arena, T Carved) carved)
        {
            taken.Push(carved.Arena);
            return carved;
        }
    }

    /// <summary>What <see cref="Plan"/> would allocate, counted without allocating anything.</summary>
    /// <inheritdoc cref="Plan"/>
    public static TrainingMemory Predict(TransformerArchitecture architecture, Device device, int batch, TrainingPlanOptions options)
    {
        NetworkFamily family = RequireTrainable(architecture, device);
        (long bytes, TrainedParameters parameters) = Arena.Count(
            device, "parameters on paper", memory => TrainedParameters.Take(memory, architecture));
        using Network model = family.Load(architecture, null, device, WeightUse.Inference, parameters);
        (_, NetworkTrainingBuffers buffers) = Arena.Count(
            device, "training step on paper", memory => NetworkTrainingBuffers.Take(memory, model, batch, options));
        return MemoryOf(bytes, model, buffers);
    }

    /// <summary>Runs one step. Allocates nothing.</summary>
    /// <param name="x0">[B,C,H,W]: the data.</param>
    /// <param name="noise">[B,C,H,W]: what is added to it, N(0,1).</param>
    /// <param name="labels">B labels, those dropped to the null class included.</param>
    /// <param name="timesteps">B timesteps, 0 .. 999.</param>
    /// <param name="optimizer">Learning rate and step number.</param>
    /// <param name="losses">Receives [B,2]: mean squared error of the noise, and the bound's term in bits per dimension, of each image. No weight is part of
    /// them.</param>
    /// <param name="observer">Told of every op, which then runs by itself; null for a replay at full speed.</param>
    /// <exception cref="ArgumentException">A span of another length, or a label or timestep out of range.</exception>
    public void Run(
        ReadOnlySpan<float> x0,
        ReadOnlySpan<float> noise,
        ReadOnlySpan<int> labels,
        ReadOnlySpan<int> timesteps,
        in OptimizerStep optimizer,
        Span<float> losses,
        RunObserver? observer = null)
    {
        RequireAlive();
        TrainingInputs.RequireLabels(labels, Batch, Architecture);
        _buffers.Inputs.Set(Device, _buffers.Network, x0, noise, labels, timesteps, optimizer);
        _step.Run(observer);
        Device.Download(_buffers.Losses, losses);
    }

    /// <summary>Norm of the last step's gradient before it was clipped. Allocates nothing.</summary>
    /// <exception cref="InvalidOperationException">The step was planned without a bound on it.</exception>
    public double ReadGradientNorm()
    {
        RequireAlive();
        if (_mostNorm is null)
        {
            throw new InvalidOperationException("the norm of a gradient is computed where it is clipped; plan the step with a bound");
        }

        Device.Download(_buffers.GradientNorm, _norm);
        return _norm[0];
    }

    /// <summary>Copies one state of all trained parameters.</summary>
    /// <param name="state">Which.</param>
    /// <param name="destination"><see cref="StateLength"/> values.</param>
    public void ReadState(ParameterState state, Span<float> destination)
    {
        RequireAlive();
        Device.Download(_parameters.All(state), destination);
    }

    /// <summary>Restores one state of all trained parameters, as <see cref="ReadState"/> gave it.</summary>
    public void WriteState(ParameterState state, ReadOnlySpan<float> source)
    {
        RequireAlive();
        Device.Upload(_parameters.All(state), source);
        if (state == ParameterState.Weights)
        {
            _pack.Run();
        }
    }

    /// <summary>Sets one state of all trained parameters, tensor by tensor.</summary>
    /// <param name="state">Which.</param>
    /// <param name="read">Gives it by published names.</param>
    public void WriteTensors(ParameterState state, WeightReader read)
    {
        RequireAlive();
        foreach ((string name, long[] shape) in Tensors.Where(tensor => _parameters.Has(tensor.Name)))
        {
            float[] values = new float[shape.Aggregate(1L, (product, extent) => product * extent)];
            read(name, values);
            Device.Upload(_parameters.View(state, name), values);
        }

        if (state == ParameterState.Weights)
        {
            _pack.Run();
        }
    }

    /// <summary>Copies one tensor of a checkpoint. A constant is the same in every state.</summary>
    /// <param name="state">Which.</param>
    /// <param name="name">Published name, one of <see cref="Tensors"/>.</param>
    /// <param name="destination">As many values as the tensor has.</param>
    public void ReadTensor(ParameterState state, string name, Span<float> destination)
    {
        RequireAlive();
        Device.Download(_parameters.Has(name) ? _parameters.View(state, name) : _model.Constant(name), destination);
    }

    /// <summary>Frees everything.</summary>
    public void Dispose()
    {
        _step.Dispose();
        _pack.Dispose();
        _arena.Dispose();
        _model.Dispose();
        _parameterArena.Dispose();
    }

    /// <summary>Fails where memory of the step has been freed.</summary>
    internal void RequireAlive() => ObjectDisposedException.ThrowIf(_arena.IsDisposed, this);

    private static NetworkFamily RequireTrainable(TransformerArchitecture architecture, Device device)
    {
        NetworkFamily family = NetworkFamilies.Of(architecture);
        if (!family.CanTrain)
        {
            throw new ArgumentException($"{architecture.Name}: weights of a {family.Title} are not trained, only its routers");
        }

        if (!architecture.PredictsVariance)
        {
            throw new ArgumentException($"{architecture.Name} does not predict a variance, which the hybrid loss needs; train one with LearnSigma");
        }

        return device.StorageType == DType.F32
            ? family
            : throw new ArgumentException($"{device.Name} stores {device.StorageType}; weights are trained in fp32 or tf32");
    }

    private static TrainingMemory MemoryOf(long parameterBytes, Network model, NetworkTrainingBuffers buffers) => new(
    [
        new MemoryPart("parameters, gradients, moments, average", parameterBytes),
        new MemoryPart("weights in the ops' layouts", model.WeightBytes),
        .. buffers.Parts,
    ]);

    private void Enqueue()
    {
        NetworkTrainingBuffers b = _buffers;
        NetworkTrainingInputs inputs = b.Inputs;
        Device.Scope = OpScope.None;
        _model.Prepare(b.Network, 0);
        _model.Forward(inputs.Noised, b.Network, _plan, b.Output);
        Device.HybridLoss(b.Output, inputs.Noise, inputs.X0, inputs.Noised, inputs.LossTable, b.OutputGradient, b.Losses);
        _model.Backward(b.Network, _plan, b.OutputGradient);

        Device.Scope = OpScope.None;
        Tensor gradient = _parameters.All(ParameterState.Gradient);
        if (_mostNorm is { } most)
        {
            Tensor scale = TrainedParameters.Slice(inputs.Coefficients, (int)AdamWCoefficient.GradientScale, 1);
            Device.ClipNorm(gradient, most, b.GradientNorm, scale);
        }

        Device.AdamW(
            _parameters.All(ParameterState.Weights),
            gradient,
            _parameters.All(ParameterState.FirstMoment),
            _parameters.All(ParameterState.SecondMoment),
            _parameters.All(ParameterState.Average),
            inputs.Coefficients);
        _model.Pack();
    }

    private void CopyState(ParameterState from, ParameterState to, float[] staging)
    {
        ReadState(from, staging);
        WriteState(to, staging);
    }
}
