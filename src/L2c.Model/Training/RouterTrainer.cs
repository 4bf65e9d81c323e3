using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>Trains routers of a network, one for each lambda: several draws of a timestep per optimisation step, then one step of AdamW on the rows
/// that were drawn.</summary>
/// <remarks>
/// Routers of several lambdas see the same draws and follow the same teacher, which is computed once; each is the router that its lambda alone
/// gives, bit for bit. Results do not depend on the number of threads, nor on where a run was interrupted. Source: Learning-to-Cache
/// (arXiv 2406.01733), section 3.3; the published train_router.py, whose eight processes are the draws here.
/// </remarks>
public sealed class RouterTrainer : IDisposable
{
    private readonly RouterTrainingOptions _options;
    private readonly TrainingDraws _draws;
    private readonly RouterDraw _step;
    private readonly RouterLearner[] _routers;
    private readonly TrainingBatch? _batch;
    private readonly ImageFreeSource? _teacher;
    private readonly float[] _noised, _weights;
    private readonly double[] _dWeights;

    /// <summary>Plans everything.</summary>
    /// <param name="model">The frozen network, loaded with <see cref="WeightUse.RouterTraining"/>; it must outlive the trainer.</param>
    /// <param name="data">Images; null for states that the teacher makes from noise.</param>
    /// <param name="options">The rest.</param>
    /// <param name="initial">Logits to begin with; null for N(0, 1).</param>
    /// <param name="settings">What else decides the bits of the run: network, data, device.</param>
    /// <exception cref="ArgumentException">Data or logits that do not fit the network or the steps, fewer than two steps, or no lambda.</exception>
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

        if (options.Lambdas.Count == 0)
        {
            throw new ArgumentException("there is no lambda, and so no router to train; give one or more");
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

        _options = options;
        _draws = new TrainingDraws(options.Seed, options.Draws, options.Batch);
        DrawTable table = new(sampler, model.Info.Process, options.Forecast);
        int[] trained = [.. Enumerable.Range(0, table.Count).Select(table.RouterRow)];
        _routers = [.. options.Lambdas.Select(lambda => new RouterLearner(
            Shape, trained, [.. logits], lambda, recipe.Clamp, options, options.AddTo(settings, lambda, model.Device.StorageType)))];
        _step = RouterDraw.Plan(
            model,
            sampler,
            options.Batch,
            new TrainingPlanOptions { Recompute = options.Recompute },
            options.Loss,
            recipe.Reduction,
            options.Forecast);
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
    }

    /// <summary>Rows, columns and family of the routers.</summary>
    public RouterShape Shape { get; }

    /// <summary>The routers, one for each of <see cref="RouterTrainingOptions.Lambdas"/>.</summary>
    public IReadOnlyList<RouterLearner> Routers => _routers;

    /// <summary>Memory on the device by part, the network's weights included. The number of routers changes nothing of it.</summary>
    public TrainingMemory Memory => _step.Memory
        .With("teacher's run from noise", _teacher?.RunBytes ?? 0)
        .With(TrainingMemory.Scratch, _step.Model.Device.ScratchBytes);

    /// <summary>One optimisation step of every router.</summary>
    /// <exception cref="DivergedException">The loss of a router, or what the step has changed of it, is no longer a number.</exception>
    /// <exception cref="InvalidOperationException">The routers were restored from states of different steps.</exception>
    public void Advance()
    {
        _step.RequireAlive();
        int step = _routers[0].StepsDone;
        if (Array.Exists(_routers, router => router.StepsDone != step))
        {
            throw new InvalidOperationException("routers that are trained side by side are at the same step; restore states of one step");
        }

        for (int draw = 0; draw < _options.Draws; draw++)
        {
            int t = _draws.Timestep(step, draw, _step.Table.Count), row = _step.Table.RouterRow(t);
            _step.RunTeacher(t, _noised, Prepare(step, draw, t));
            foreach (RouterLearner router in _routers)
            {
                router.Weights(row, _weights);
                double loss = _step.RunStudent(_weights, _dWeights);
                router.Accumulate(row, loss, _dWeights);
            }
        }

        foreach (RouterLearner router in _routers)
        {
            Step(router);
        }
    }

    /// <summary>Frees the plans.</summary>
    public void Dispose()
    {
        _teacher?.Dispose();
        _step.Dispose();
    }

    private void Step(RouterLearner router)
    {
        try
        {
            router.Step();
        }
        catch (DivergedException e) when (_routers.Length > 1)
        {
            throw new DivergedException(FormattableString.Invariant($"--l1 {router.Lambda}: {e.Message}"));
        }
    }

    private ReadOnlySpan<int> Prepare(int step, int draw, int t)
    {
        if (_teacher is not null)
        {
            _teacher.Denoise(step, draw, t, _noised);
            return _teacher.Labels;
        }

        _batch!.Fill(step, draw);
        _step.Table.AddNoise(t, _batch.Images, _batch.Noise, _noised);
        return _batch.Labels;
    }
}
