using L2c.Model.Training;

namespace L2c;

/// <summary>What came of training a network.</summary>
public sealed record NetworkTrainingResult : TrainingResult
{
    internal NetworkTrainingResult(
        RunFolder folder, NetworkTrainingRequest request, RunFacts facts, NetworkTrainer trainer, bool isFinished, int begin, TrainingTime time)
        : base(folder, request, facts, trainer, trainer.Memory, isFinished, begin, time) =>
        (Batch, LearningRate, GradientNorm) = (request.Options.Batch, Named(trainer, "lr"), Named(trainer, "grad_norm"));

    /// <summary>Images per step.</summary>
    public int Batch { get; }

    /// <summary>The loss's mean squared error of the noise, without weights.</summary>
    public double? Mse => Figure(1);

    /// <summary>The loss's term of the bound, bits per dimension.</summary>
    public double? Vb => Figure(2);

    /// <summary>The learning rate, where it changes.</summary>
    public double? LearningRate { get; }

    /// <summary>Norm of the gradient before it was clipped, where it is.</summary>
    public double? GradientNorm { get; }

    private double? Named(NetworkTrainer trainer, string figure) =>
        trainer.Means.Names.ToList().IndexOf(figure) is >= 0 and var i ? Figure(i) : null;
}
