using L2c.Model.Caching;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Model.Training;

/// <summary>One router in training: logits, moments, lambda, figures and history; nothing of a network. A <see cref="RouterTrainer"/> advances
/// it.</summary>
public sealed class RouterLearner : ITrained
{
    // Not "logits": a state is not a router's file.
    private const string Kind = "router/2", Control = "lambda_control", Logits = "router_logits";

    private readonly RouterTrainingOptions _options;
    private readonly TrainingSettings _settings;
    private readonly RouterObjective _objective;
    private readonly LambdaControl? _control;
    private readonly int[] _trained;
    private readonly double[] _figures;
    private double _data, _penalty;

    /// <param name="shape">Rows, columns and family.</param>
    /// <param name="trained">Rows that may be drawn.</param>
    /// <param name="logits">To begin with; not copied.</param>
    /// <param name="lambda">Weight of the penalty, or where it begins.</param>
    /// <param name="clamp">See <see cref="RouterObjective.Clamp"/>.</param>
    /// <param name="options">The rest.</param>
    /// <param name="settings">All that decides the bits of the router.</param>
    internal RouterLearner(
        RouterShape shape, int[] trained, float[] logits, double lambda, double? clamp, RouterTrainingOptions options, TrainingSettings settings)
    {
        (Shape, _trained, Lambda, _options, _settings) = (shape, trained, lambda, options, settings);
        _objective = new RouterObjective(logits, shape.Branches)
        {
            Lambda = lambda,
            LearningRate = options.LearningRate,
            Clamp = clamp,
            StraightThroughThreshold = options.StraightThroughThreshold,
        };
        _control = options.TargetReuse is { } target ? new LambdaControl(lambda, target, options.LearningRate) : null;
        History = new RouterHistory(logits.Length);
        History.Add(0, logits);
        _figures = new double[Means.Names.Count];
    }

    /// <summary>Rows, columns and family of the router.</summary>
    public RouterShape Shape { get; }

    /// <summary>lambda as it was given; with a target where it began.</summary>
    public double Lambda { get; }

    /// <summary>The logits now.</summary>
    public RouterLogits Router => new(Shape, _objective.Logits.ToArray());

    /// <summary>The logits at evenly spaced steps.</summary>
    public RouterHistory History { get; }

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
    public void Save(string path) => TrainingState.Write(path, Kind, StepsDone, _options.Seed, _settings,
    [
        StateEntry.Of<float>(Logits, [_objective.Routers, _objective.Branches], () => _objective.Logits.ToArray()),
        StateEntry.Of<float>("first_moment", [_objective.Routers, _objective.Branches], () => _objective.FirstMoment.ToArray()),
        StateEntry.Of<float>("second_moment", [_objective.Routers, _objective.Branches], () => _objective.SecondMoment.ToArray()),
        StateEntry.Of<int>("router_steps", [_objective.Routers], () => _objective.Steps.ToArray()),
        StateEntry.Of<double>("figure_sums", [Means.State.Length], () => Means.State),
        .. _control is null ? [] : new[] { StateEntry.Of<double>(Control, [_control.State.Length], () => _control.State) },
        .. History.Entries(),
    ]);

    /// <inheritdoc/>
    public void Restore(TensorFile file)
    {
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
        foreach (int row in _trained)
        {
            foreach (float logit in _objective.Logits.Slice(row * branches, branches))
            {
                reused += RouterSchedule.Score(logit) > threshold ? 0 : 1;
            }
        }

        return reused / (double)(_trained.Length * branches);
    }

    /// <summary>The w of every branch of a row.</summary>
    internal void Weights(int row, Span<float> weights) => _objective.Weights(row, weights);

    /// <summary>Adds what a draw gave.</summary>
    /// <param name="row">Which row was drawn.</param>
    /// <param name="loss">The data loss.</param>
    /// <param name="dWeights">Its gradient by the w of every branch.</param>
    internal void Accumulate(int row, double loss, ReadOnlySpan<double> dWeights)
    {
        _data += loss;
        _penalty += _objective.Penalty(row);
        _objective.Accumulate(row, dWeights);
    }

    /// <summary>Takes a step on what the draws gave.</summary>
    /// <exception cref="DivergedException">The loss, or what the step has changed, is no longer a number.</exception>
    internal void Step()
    {
        (double data, double penalty, double lambda) = (_data / _options.Draws, _penalty / _options.Draws, _objective.Lambda);
        (_data, _penalty) = (0, 0);
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
}
