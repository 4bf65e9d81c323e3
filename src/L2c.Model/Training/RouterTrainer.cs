using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>Trains the routers of a network: several draws of a timestep per optimisation step, then one step of AdamW on the routers that were
/// drawn.</summary>
/// <remarks>
/// Results do not depend on the number of threads, nor on where a run was interrupted. Source: Learning-to-Cache (arXiv 2406.01733), section 3.3; the
/// published train_router.py, whose eight processes are the draws here.
/// </remarks>
public sealed class RouterTrainer : ITrainer
{
    // Not "logits": a state is not a router's file.
    private const string Kind = "router/2", Control = "lambda_control", Logits = "router_logits";

    private readonly RouterTrainingOptions _options;
    private readonly TrainingSettings _settings;
    private readonly TrainingDraws _draws;
    private readonly RouterDraw _step;
    private readonly RouterObjective _objective;
    private readonly LambdaControl? _control;
    private readonly TrainingBatch? _batch;
    private readonly ImageFreeSource? _teacher;
    private readonly float[] _noised, _weights;
    private readonly double[] _dWeights, _figures;

    /// <summary>Plans everything.</summary>
    /// <param name="model">The frozen network, loaded with <see cref="WeightUse.RouterTraining"/>; it must outlive the trainer.</param>
    /// <param name="data">Images; null for states that the teacher makes from noise.</param>
    /// <param name="options">The rest.</param>
    /// <param name="initial">Logits to begin with; null for N(0, 1).</param>
    /// <param name="settings">What else decides the bits of the run: network, data, device. The options are added.</param>
    /// <exception cref="ArgumentException">Data or logits that do not fit the network or the steps, or fewer than two steps.</exception>
    public RouterTrainer(Network model, ITrainingData? data, RouterTrainingOptions options, RouterLogits? initial, TrainingSettings settings)
    {
        SamplerTable sampler = SamplerCatalog.Create(model.Info, options.Steps);
        TransformerArchitecture architecture = model.Architecture;
        int branches = architecture.Branches;
        CachingRecipe recipe = model.Info.Family.Recipe(architecture, sampler.Evaluations.Count);
        if (data is not null)
        {
            TrainingFit.Check(data, architecture);
        }

        Shape = new RouterShape
        {
            Name = $"{architecture.Name} router",
            Target = model.Info.Family.Routers,
            Evaluations = sampler.Evaluations.Count,
            Branches = branches,
        };
        if (initial is not null)
        {
            TrainingFit.Check(initial, Shape);
        }

        (_options, _settings) = (options, settings);
        options.AddTo(settings);
        if (options.Recompute && model.Device.StorageType != DType.F32)
        {
            settings.Add("--checkpointing", "on");
        }

        float[] logits = new float[Shape.Evaluations * branches];
        if (initial is null)
        {
            TrainingDraws.Logits(options.Seed, logits);
        }
        else
        {
            // A U-ViT's router may have a row more than its sampler has evaluations, which nothing reads.
            initial.Values.AsSpan(0, logits.Length).CopyTo(logits);
        }

        _draws = new TrainingDraws(options.Seed, options.Draws, options.Batch);
        _objective = new RouterObjective(logits, branches)
        {
            Lambda = options.Lambda,
            LearningRate = options.LearningRate,
            Clamp = recipe.Clamp,
            StraightThroughThreshold = options.StraightThroughThreshold,
        };
        _control = options.TargetReuse is { } target ? new LambdaControl(options.Lambda, target, options.LearningRate) : null;
        History = new RouterHistory(logits.Length);
        History.Add(0, logits);
        _step = RouterDraw.Plan(
            model, sampler, options.Batch, new TrainingPlanOptions { Recompute = options.Recompute }, options.Loss, recipe.Reduction);
        try
        {
            _teacher = data is null ? new ImageFreeSource(model, _step.Table, _draws, options.Batch) : null;
        }
        catch
        {
            _step.Dispose();
            throw;
        }

        int? nullLabel = architecture.HasNullClass ? architecture.NullLabel : null;
        _batch = data is null ? null : new TrainingBatch(data, _draws, options.Batch, nullLabel, options.Threads);
        (_noised, _weights, _dWeights) = (new float[_step.StateShape.Count], new float[branches], new double[branches]);
        _figures = new double[Means.Names.Count];
    }

    /// <summary>Rows, columns and family of the router.</summary>
    public RouterShape Shape { get; }

    /// <summary>The logits now.</summary>
    public RouterLogits Router => new(Shape, _objective.Logits.ToArray());

    /// <summary>The logits at evenly spaced steps.</summary>
    public RouterHistory History { get; }

    /// <summary>Memory on the device by part, the network's weights included.</summary>
    public TrainingMemory Memory => _step.Memory
        .With("teacher's run from noise", _teacher?.RunBytes ?? 0)
        .With(TrainingMemory.Scratch, _step.Model.Device.ScratchBytes);

    /// <inheritdoc/>
    public int StepsDone { get; private set; }

    /// <inheritdoc/>
    /// <remarks>loss = data_loss + lambda penalty; penalty: sum of sigmoids of the router drawn; reuse: share of cache evaluations' branches with a
    /// score up to
    /// the threshold.</remarks>
    public FigureMeans Means { get; } = new(["loss", "data_loss", "penalty", "lambda", "reuse"]);

    /// <inheritdoc/>
    public ReadOnlySpan<double> Metrics => _figures;

    /// <inheritdoc/>
    public void Advance()
    {
        _step.RequireAlive();
        double data = 0, penalty = 0, lambda = _objective.Lambda;
        for (int draw = 0; draw < _options.Draws; draw++)
        {
            int t = _draws.Timestep(StepsDone, draw, _step.Table.Count), router = _step.Table.RouterRow(t);
            ReadOnlySpan<int> labels = Prepare(draw, t);
            _objective.Weights(router, _weights);
            data += _step.Run(t, _noised, labels, _weights, _dWeights);
            penalty += _objective.Penalty(router);
            _objective.Accumulate(router, _dWeights);
        }

        (data, penalty) = (data / _options.Draws, penalty / _options.Draws);
        DivergedException.ThrowUnlessFinite(data, StepsDone + 1);
        _objective.Step(_options.Draws);
        DivergedException.ThrowUnlessFinite(_objective.Logits, "the router", StepsDone + 1);
        DivergedException.ThrowUnlessFinite(_objective.SecondMoment, "the router's second moment", StepsDone + 1);
        StepsDone++;
        double reuse = ReusedShare();
        if (_control is not null)
        {
            _control.Update(reuse);
            _objective.Lambda = _control.Lambda;
        }

        (_figures[0], _figures[1], _figures[2], _figures[3], _figures[4]) = (data + (lambda * penalty), data, penalty, lambda, reuse);
        Means.Add(_figures);
        History.Add(StepsDone, _objective.Logits);
    }

    /// <inheritdoc/>
    public void Save(string path)
    {
        _step.RequireAlive();
        TrainingState.Write(path, Kind, StepsDone, _options.Seed, _settings,
        [
            StateEntry.Of<float>(Logits, [_objective.Routers, _objective.Branches], () => _objective.Logits.ToArray()),
            StateEntry.Of<float>("first_moment", [_objective.Routers, _objective.Branches], () => _objective.FirstMoment.ToArray()),
            StateEntry.Of<float>("second_moment", [_objective.Routers, _objective.Branches], () => _objective.SecondMoment.ToArray()),
            StateEntry.Of<int>("router_steps", [_objective.Routers], () => _objective.Steps.ToArray()),
            StateEntry.Of<double>("figure_sums", [Means.State.Length], () => Means.State),
            .. _control is null ? [] : new[] { StateEntry.Of<double>(Control, [_control.State.Length], () => _control.State) },
            .. History.Entries(),
        ]);
    }

    /// <inheritdoc/>
    public void Restore(TensorFile file)
    {
        _step.RequireAlive();
        int step = TrainingState.Check(file, Kind, _settings);
        TrainingState.Read(file, Logits, _objective.Logits);
        TrainingState.Read(file, "first_moment", _objective.FirstMoment);
        TrainingState.Read(file, "second_moment", _objective.SecondMoment);
        TrainingState.Read(file, "router_steps", _objective.Steps);
        TrainingState.Read<double>(file, "figure_sums", Means.State);
        if (_control is not null)
        {
            TrainingState.Read<double>(file, Control, _control.State, mayBeNaN: true);
            _objective.Lambda = _control.Lambda;
        }

        History.Restore(file);
        StepsDone = step;
    }

    /// <summary>Share of the cache evaluations' branches that a run at the threshold reuses.</summary>
    public double ReusedShare()
    {
        float threshold = (float)_options.Threshold;
        int reused = 0, branches = _objective.Branches;
        for (int t = 0; t < _step.Table.Count; t++)
        {
            foreach (float logit in _objective.Logits.Slice(_step.Table.RouterRow(t) * branches, branches))
            {
                reused += RouterSchedule.Score(logit) > threshold ? 0 : 1;
            }
        }

        return reused / (double)(_step.Table.Count * branches);
    }

    /// <summary>Frees the plans.</summary>
    public void Dispose()
    {
        _teacher?.Dispose();
        _step.Dispose();
    }

    private ReadOnlySpan<int> Prepare(int draw, int t)
    {
        if (_teacher is not null)
        {
            _teacher.Denoise(StepsDone, draw, t, _noised);
            return _teacher.Labels;
        }

        _batch!.Fill(StepsDone, draw);
        _step.Table.AddNoise(t, _batch.Images, _batch.Noise, _noised);
        return _batch.Labels;
    }
}
