using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>A router to train for a frozen network, or several that differ in lambda. Null means as published for network and steps; the demo model has fewer steps at a higher
/// rate, <see cref="DemoModel.RouterRecipe"/>.</summary>
public sealed record RouterTrainingRequest() : TrainingRequest(DemoModel.Data, "runs/router")
{
    /// <summary>Evaluations of the network's own sampler, which the router is for; at least two steps of it.</summary>
    public string Steps { get; init => field = value.ToLowerInvariant(); } = DemoModel.Steps;

    /// <summary>lambda, weight of the penalty, of each router; with <see cref="TargetReuse"/> where it begins. Several are for
    /// <see cref="RouterTraining.Sweep"/>.</summary>
    public IReadOnlyList<double>? Lambdas { get; init; }

    /// <summary>Learning rate of AdamW.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Scores up to this are counted as reused.</summary>
    public double? Threshold { get; init; }

    /// <summary>Threshold of straight-through weights; null for weights between 0 and 1.</summary>
    public double? StraightThroughThreshold { get; init; }

    /// <summary>What student and teacher are compared by.</summary>
    public RouterLoss Loss { get; init; }

    /// <summary>Independent timesteps per optimisation step.</summary>
    public int Draws { get; init; } = CachingRecipe.Draws;

    /// <summary>Images per draw; null for 8, of the demo model 4.</summary>
    public int? Batch { get; init; }

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; }

    /// <summary>Share of cache evaluations' branches to reuse, which lambda is moved towards; null for a constant lambda.</summary>
    public double? TargetReuse { get; init; }

    /// <summary>Whether activations are computed again for the backward pass: less memory, more work.</summary>
    public bool Recompute { get; init; }

    /// <summary>Whether to train on noise that the network itself denoises to the step drawn, without data.</summary>
    public bool ImageFree { get; init; }

    /// <summary>Router to begin with; null for N(0, 1).</summary>
    public string? Init { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<string> Outputs => Lambdas is { Count: > 1 }
        ? Each().DistinctBy(one => one.Folder).SelectMany(one => one.Outputs)
        : base.Outputs;

    /// <summary>Schedule file of forecasts, which the student is given in place of latest outputs, so that the router decides between a fresh output
    /// and its forecast: of <c>fit-forecast --cache all</c>. Null for latest outputs.</summary>
    public string? Forecast { get; init; }

    internal override IReadOnlyList<string> ResultNames => Forecast is null ? RouterFiles.Names : [.. RouterFiles.Names, RouterFiles.Schedule];

    /// <summary>The request of each lambda's router alone, in the folder that it has beside the others.</summary>
    internal IEnumerable<RouterTrainingRequest> Each() => Lambdas is { Count: > 1 } several
        ? several.Select(lambda => this with { Lambdas = [lambda], Folder = RouterFolders.PathOf(Folder, lambda) })
        : [this];

    /// <summary>What the trainer is given, and the usual number of steps.</summary>
    /// <exception cref="RequestException">The respacing is none, or of one step; or a lambda is given twice.</exception>
    internal (RouterTrainingOptions Options, int MaxSteps) Resolve(OpenedModel model, int threads)
    {
        TransformerArchitecture architecture = model.Architecture;
        SamplerTable sampler = TrainingStart.Fitting(() => SamplerCatalog.Create(NetworkFamilies.Describe(architecture), Steps), "--steps");
        if (sampler.CacheEvaluations.Count == 0)
        {
            throw new RequestException($"--steps {Steps}: one step has nothing to reuse; give more");
        }

        if (Lambdas?.GroupBy(RouterFolders.NameOf).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new RequestException($"--l1 {twice.Key} is given twice; give each lambda once");
        }

        if (TargetReuse is not null && Lambdas is { Count: > 1 })
        {
            throw new RequestException("--target-reuse moves lambda until that share is reused, wherever it begins; give one --l1");
        }

        CachingRecipe published = NetworkFamilies.Of(architecture).Recipe(architecture, sampler.Evaluations.Count);
        CachingRecipe defaults = model.IsDemo ? DemoModel.RouterRecipe(published) : published;
        RouterTrainingOptions options = new()
        {
            Steps = Steps,
            Lambdas = Lambdas ?? [defaults.Lambda],
            LearningRate = LearningRate ?? defaults.LearningRate,
            Threshold = Threshold ?? defaults.Threshold,
            Loss = Loss,
            StraightThroughThreshold = StraightThroughThreshold,
            Draws = Draws,
            Batch = Batch ?? (model.IsDemo ? DemoModel.RouterBatch : CachingRecipe.Batch),
            Seed = Seed,
            TargetReuse = TargetReuse,
            Forecast = Forecast is null ? null : ReadForecast(Forecast, architecture, sampler),
            Recompute = Recompute,
            Threads = threads,
        };
        return (options, MaxSteps ?? defaults.MaxSteps);
    }

    private static CacheSchedule ReadForecast(string path, TransformerArchitecture architecture, SamplerTable sampler)
    {
        CacheRequest file = new() { Rule = path };
        CacheSchedule schedule = file.RuleFile is null
            ? throw new RequestException($"--forecast {path}: the name of a schedule ends in .json; give a file of l2c fit-forecast")
            : CacheChoice.Decide(file, architecture, sampler)!.Schedule;
        _ = TrainingStart.Fitting(() => new DrawTable(sampler, NetworkFamilies.Describe(architecture).Process, schedule), $"--forecast {path}");
        return schedule;
    }
}
