using L2c.Model.Training;

namespace L2c;

/// <summary>What came of training a router.</summary>
public sealed record RouterTrainingResult : TrainingResult
{
    internal RouterTrainingResult(
        RunFolder folder,
        RouterTrainingRequest request,
        OpenedModel model,
        RunFacts facts,
        RouterTrainer trainer,
        RouterLearner trained,
        RouterTrainingOptions options,
        bool isFinished,
        int begin,
        TrainingTime time)
        : base(folder, request, facts, trained, trainer.Memory, isFinished, begin, time)
    {
        (Checkpoint, Steps, Draws, Batch) = (model.Source, trainer.Shape.Evaluations, options.Draws, options.Batch);
        RouterPath = Path.Combine(request.Folder, RouterFiles.Canonical);
        (Objective, Threshold, ReusedShare) = (RouterLossNames.Of(request.Loss), options.Threshold, trained.ReusedShare());
    }

    /// <summary>Path of the checkpoint.</summary>
    public string Checkpoint { get; }

    /// <summary>Path of the trained router, for <see cref="CacheRequest.Router"/>.</summary>
    public string RouterPath { get; }

    /// <summary>Sampling steps of the router.</summary>
    public int Steps { get; }

    /// <summary>Draws per optimisation step.</summary>
    public int Draws { get; }

    /// <summary>Images per draw.</summary>
    public int Batch { get; }

    /// <summary>What student and teacher are compared by, as <c>--loss</c> has it.</summary>
    public string Objective { get; }

    /// <summary>The loss's data term.</summary>
    public double? DataLoss => Figure(1);

    /// <summary>Sum of scores of the router drawn, mean over draws.</summary>
    public double? Penalty => Figure(2);

    /// <summary>Weight of the penalty in the last step.</summary>
    public double? Lambda => Figure(3);

    /// <summary>Scores up to this are reused.</summary>
    public double Threshold { get; }

    /// <summary>Share of the cache evaluations' branches that are reused at the threshold.</summary>
    public double ReusedShare { get; }
}
