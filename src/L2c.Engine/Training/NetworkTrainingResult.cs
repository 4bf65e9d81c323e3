using L2c.Model.Training;

namespace L2c;

/// <summary>What came of training a network.</summary>
public sealed record NetworkTrainingResult : TrainingResult
{
    internal NetworkTrainingResult(
        RunFolder folder, NetworkTrainingRequest request, RunFacts facts, NetworkTrainer trainer, bool isFinished, int begin, TrainingTime time)
        : base(folder, request, facts, trainer, trainer.Memory, isFinished, begin, time) => Batch = request.Options.Batch;

    /// <summary>Images per step.</summary>
    public int Batch { get; }

    /// <summary>The loss's mean squared error of the noise.</summary>
    public double? Mse => Figure(1);

    /// <summary>The loss's term of the bound, bits per dimension.</summary>
    public double? Vb => Figure(2);
}
