using System.Globalization;
using L2c.Cli.Inspection;
using L2c.Model.Dit;
using L2c.Model.Training;

namespace L2c.Cli.Training;

/// <summary>What <c>l2c train-router --json</c> prints.</summary>
internal sealed record RouterTrainingReport : TrainingReport
{
    /// <summary>Collects the facts of a finished run.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="checkpoint">Path of the network's file.</param>
    /// <param name="model">The network.</param>
    /// <param name="trainer">At the end of the run.</param>
    /// <param name="options">What it was made with.</param>
    /// <param name="begin">Steps done when this process began.</param>
    /// <param name="time">Of this process.</param>
    public RouterTrainingReport(
        RunFolder folder, string checkpoint, DitModel model, RouterTrainer trainer, RouterTrainingOptions options, int begin, TrainingTime time)
        : base(folder, RouterFiles.Names, model.Architecture.Name, model.Device, trainer, trainer.Memory, begin, time)
    {
        (Checkpoint, Steps, Draws, Batch) = (checkpoint, trainer.Shape.Evaluations, options.Draws, options.Batch);
        (Objective, Threshold, ReusedShare) = (RouterLossNames.Of(options.Loss), options.Threshold, trainer.ReusedShare());
    }

    /// <summary>Path of the checkpoint.</summary>
    public string Checkpoint { get; }

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

    /// <inheritdoc/>
    protected override string Line() => string.Create(
        CultureInfo.InvariantCulture,
        $"router of {Steps} steps for {Model} after {StepsDone} optimisation steps in {ElapsedMs / 1000:0.0} s on {Device}: "
        + $"{100 * ReusedShare:0.00} % of the cache evaluations' branches reused at threshold {Threshold}, {Units.Bytes(PeakBytes)}");
}
