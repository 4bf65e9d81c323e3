using L2c.Kernels;
using L2c.Model.Networks;
using L2c.Weights;
using L2c.Weights.Layouts;
using L2c.Weights.Safetensors;

namespace L2c.Model.Training;

/// <summary>Trains a network from given weights: noise and variance with the hybrid loss over 1000 linear steps, AdamW, moving average, label
/// drop.</summary>
/// <remarks>
/// Results do not depend on the number of threads, nor on where a run was interrupted. Source: Peebles and Xie 2023, section 4; the published
/// train.py.
/// </remarks>
public sealed class NetworkTrainer : ITrained, IDisposable
{
    // What a state holds, gradients left out, which belong to one step: both sets of weights tensor by tensor, under the names that a training
    // checkpoint gives them, so that whatever reads one can take either; and what only this trainer reads.
    private const string WeightsPrefix = "model.", AveragePrefix = "ema.", Sums = "log.figure_sums";

    // Figures that not every run has.
    private const string Rate = "lr", Norm = "grad_norm";

    private static readonly (ParameterState State, string Name)[] _moments =
        [(ParameterState.FirstMoment, "optimizer.first_moment"), (ParameterState.SecondMoment, "optimizer.second_moment")];

    // What states held before: every kind of value as one tensor.
    private const string FlatSums = "figure_sums";

    private static readonly (ParameterState State, string Name)[] _flat =
    [
        (ParameterState.Weights, "weights"),
        (ParameterState.FirstMoment, "first_moment"),
        (ParameterState.SecondMoment, "second_moment"),
        (ParameterState.Average, "average"),
    ];

    private readonly TrainingSettings _settings;
    private readonly TrainingDraws _draws;
    private readonly TrainingBatch _batch;
    private readonly NetworkTrainingStep _step;
    private readonly int[] _timesteps;
    private readonly float[] _losses;
    private readonly double[] _figures;
    private NetworkTrainingOptions _options;

    // Of states: of one family no network's fits another.
    private string Kind => $"{_step.Architecture.Family}/2";

    private string FlatKind => $"{_step.Architecture.Family}/1";

    /// <summary>Plans everything.</summary>
    /// <param name="architecture">The network; it must predict a variance.</param>
    /// <param name="initial">Gives the first weights by their published names, as <see cref="NetworkFamily.Initialization"/>.</param>
    /// <param name="average">Gives the first average; null to begin with the weights.</param>
    /// <param name="data">Images.</param>
    /// <param name="device">Where to train; it must store fp32. It must outlive the trainer.</param>
    /// <param name="options">The rest.</param>
    /// <param name="settings">What else decides the bits of the run: network, data, device. The options are added.</param>
    /// <exception cref="ArgumentException">Data that do not fit the network, a network without variance, or a device that stores halves.</exception>
    public NetworkTrainer(
        TransformerArchitecture architecture,
        WeightReader initial,
        WeightReader? average,
        ITrainingData data,
        Device device,
        NetworkTrainingOptions options,
        TrainingSettings settings)
    {
        TrainingFit.Check(data, architecture);
        options.Check();
        options.AddTo(settings, average is not null);
        (_options, _settings) = (options.As(settings), settings);
        _draws = new TrainingDraws(options.Seed, draws: 1, options.Batch);
        int? nullLabel = architecture.HasNullClass ? architecture.NullLabel : null;
        _batch = new TrainingBatch(data, _draws, options.Batch, nullLabel, options.Threads);
        _step = NetworkTrainingStep.Plan(
            architecture,
            initial,
            device,
            options.Batch,
            new TrainingPlanOptions { Recompute = options.Recompute },
            options.MaxGradientNorm,
            options.MinSnrGamma);
        if (average is not null)
        {
            _step.WriteTensors(ParameterState.Average, average);
        }

        bool rateChanges = options.LearningRateWarmUp > 0 || options.DecaySteps is not null;
        Means = new FigureMeans(["loss", "mse", "vb", .. rateChanges ? [Rate] : Array.Empty<string>(), .. options.MaxGradientNorm is null ? [] : new[] { Norm }]);
        (_timesteps, _losses, _figures) = (new int[options.Batch], new float[2 * options.Batch], new double[Means.Names.Count]);
    }

    /// <summary>Memory on the device by part.</summary>
    public TrainingMemory Memory => _step.Memory.With(TrainingMemory.Scratch, _step.Device.ScratchBytes);

    /// <inheritdoc/>
    public int StepsDone { get; private set; }

    /// <inheritdoc/>
    /// <remarks>loss = mse + vb: mean squared error of the noise, and the bound's term in bits per dimension; means over the batch. With min-SNR weights
    /// the loss has them, mse does not. lr where the learning rate changes; grad_norm, before it is clipped, where it is.</remarks>
    public FigureMeans Means { get; }

    /// <inheritdoc/>
    public ReadOnlySpan<double> Metrics => _figures;

    /// <summary>One optimisation step.</summary>
    /// <exception cref="DivergedException">The loss is no longer a number.</exception>
    public void Advance()
    {
        _step.RequireAlive();
        _batch.Fill(StepsDone, 0);
        _draws.Timesteps(StepsDone, 0, _step.Process.Count, _timesteps);
        double rate = _options.RateAt(StepsDone + 1);
        OptimizerStep optimizer = new(StepsDone + 1, rate, _options.DecayAt(StepsDone)) { WeightDecay = _options.WeightDecay };
        _step.Run(_batch.Images, _batch.Noise, _batch.Labels, _timesteps, optimizer, _losses);
        double mse = 0, vb = 0, weighted = 0;
        for (int image = 0; image < _options.Batch; image++)
        {
            mse += _losses[2 * image];
            weighted += MinSnr.Weight(_step.Process, _timesteps[image], _options.MinSnrGamma) * _losses[2 * image];
            vb += _losses[(2 * image) + 1];
        }

        (mse, vb, weighted) = (mse / _options.Batch, vb / _options.Batch, weighted / _options.Batch);
        DivergedException.ThrowUnlessFinite(mse + vb, StepsDone + 1);
        StepsDone++;
        (_figures[0], _figures[1], _figures[2]) = (weighted + vb, mse, vb);
        Set(Rate, rate);
        if (_options.MaxGradientNorm is not null)
        {
            Set(Norm, _step.ReadGradientNorm());
        }

        Means.Add(_figures);
    }

    /// <summary>Writes the moving average as a checkpoint: published names, F32, with the architecture.</summary>
    /// <param name="path">Where the file shall appear, complete.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <exception cref="DivergedException">A value is not finite; the file is left as it was.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void WriteModel(string path, bool overwrite)
    {
        Dictionary<string, string> metadata = new() { [Architecture.MetadataKey] = _step.Architecture.ToJson() };
        StateEntry[] tensors = [.. Entries(ParameterState.Average, "")];
        using SafetensorsWriter writer = new(path, [.. tensors.Select(tensor => tensor.Info)], metadata, overwrite);
        foreach (StateEntry tensor in tensors)
        {
            tensor.Write(writer.Write);
        }

        writer.Commit();
    }

    /// <summary>Reads a tensor of the moving average by its published name: a <see cref="WeightReader"/>.</summary>
    /// <exception cref="DivergedException">A value is not finite.</exception>
    public void ReadAverage(string name, Span<float> destination) => Read(ParameterState.Average, name, destination);

    /// <inheritdoc/>
    public void Save(string path) => TrainingState.Write(
        path,
        Kind,
        StepsDone,
        _options.Seed,
        _settings,
        [
            .. Entries(ParameterState.Weights, WeightsPrefix),
            .. Entries(ParameterState.Average, AveragePrefix),
            .. _moments.Select(kept => StateEntry.Of<float>(kept.Name, [_step.StateLength], () => State(kept.State, kept.Name))),
            StateEntry.Of<double>(Sums, [Means.State.Length], () => Means.State),
        ],
        _step.Architecture);

    /// <inheritdoc/>
    public void Restore(TensorFile file)
    {
        _step.RequireAlive();
        int step = TrainingState.Check(file, Kind, _settings, FlatKind);
        bool isFlat = file.Find(FlatSums) is not null;
        if (!isFlat)
        {
            RestoreSet(ParameterState.Weights, WeightsPrefix);
            RestoreSet(ParameterState.Average, AveragePrefix);
        }

        float[] values = new float[_step.StateLength];
        foreach ((ParameterState state, string name) in isFlat ? _flat : _moments)
        {
            TrainingState.Read<float>(file, name, values);
            _step.WriteState(state, values);
        }

        TrainingState.Read<double>(file, isFlat ? FlatSums : Sums, Means.State);
        (StepsDone, _options) = (step, _options.As(_settings));

        void RestoreSet(ParameterState state, string prefix) =>
            _step.WriteTensors(state, (name, destination) => TrainingState.Read(file, prefix + name, destination));
    }

    /// <summary>Frees the plan.</summary>
    public void Dispose() => _step.Dispose();

    private void Set(string figure, double value)
    {
        for (int i = 3; i < _figures.Length; i++)
        {
            _figures[i] = Means.Names[i] == figure ? value : _figures[i];
        }
    }

    private float[] State(ParameterState state, string name)
    {
        float[] values = new float[_step.StateLength];
        _step.ReadState(state, values);
        DivergedException.ThrowUnlessFinite(values, name, StepsDone);
        return values;
    }

    private IEnumerable<StateEntry> Entries(ParameterState state, string prefix) => _step.Tensors.Select(tensor => StateEntry.Of<float>(
        prefix + tensor.Name,
        tensor.Shape,
        () =>
        {
            float[] values = new float[tensor.Shape.Aggregate(1L, (product, extent) => product * extent)];
            Read(state, tensor.Name, values);
            return values;
        }));

    private void Read(ParameterState state, string name, Span<float> destination)
    {
        _step.ReadTensor(state, name, destination);
        DivergedException.ThrowUnlessFinite(destination, state == ParameterState.Average ? $"the average of {name}" : name, StepsDone);
    }
}
