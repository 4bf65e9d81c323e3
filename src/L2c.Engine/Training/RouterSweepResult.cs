namespace L2c;

/// <summary>What came of training routers of several lambdas side by side.</summary>
public sealed record RouterSweepResult : TrainingResult
{
    internal RouterSweepResult(string folder, IReadOnlyList<RouterTrainingResult> routers)
        : base(folder, routers) => (Checkpoint, Steps, Draws, Batch, Objective, Threshold, Routers) = (
            routers[0].Checkpoint,
            routers[0].Steps,
            routers[0].Draws,
            routers[0].Batch,
            routers[0].Objective,
            routers[0].Threshold,
            [.. routers.Select(router => new SweptRouter(router))]);

    /// <summary>Path of the checkpoint.</summary>
    public string Checkpoint { get; }

    /// <summary>Sampling steps of the routers.</summary>
    public int Steps { get; }

    /// <summary>Draws per optimisation step.</summary>
    public int Draws { get; }

    /// <summary>Images per draw.</summary>
    public int Batch { get; }

    /// <summary>What student and teacher are compared by, as <c>--loss</c> has it.</summary>
    public string Objective { get; }

    /// <summary>Scores up to this are reused.</summary>
    public double Threshold { get; }

    /// <summary>The routers in the order of the lambdas.</summary>
    public IReadOnlyList<SweptRouter> Routers { get; }
}

/// <summary>One of several routers that were trained side by side; the figures are those of the last step.</summary>
public sealed record SweptRouter
{
    internal SweptRouter(RouterTrainingResult router) => (Folder, RouterPath, Lambda, Loss, DataLoss, Penalty, ReusedShare) = (
        Path.GetDirectoryName(router.RouterPath)!,
        router.RouterPath,
        router.Lambda,
        router.Loss,
        router.DataLoss,
        router.Penalty,
        router.ReusedShare);

    /// <summary>Folder of its run.</summary>
    public string Folder { get; }

    /// <summary>Path of the trained router, for <see cref="CacheRequest.Router"/>.</summary>
    public string RouterPath { get; }

    /// <summary>Weight of the penalty; null, as the loss and its parts, when this process made no step.</summary>
    public double? Lambda { get; }

    /// <summary>Data term and lambda times penalty.</summary>
    public double? Loss { get; }

    /// <summary>The loss's data term.</summary>
    public double? DataLoss { get; }

    /// <summary>Sum of scores of the rows drawn, mean over draws.</summary>
    public double? Penalty { get; }

    /// <summary>Share of the cache evaluations' branches that are reused at the threshold.</summary>
    public double ReusedShare { get; }
}
