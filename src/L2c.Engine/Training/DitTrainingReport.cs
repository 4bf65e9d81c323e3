using System.Globalization;
using L2c.Cli.Inspection;
using L2c.Kernels;
using L2c.Model.Training;

namespace L2c.Cli.Training;

/// <summary>What <c>l2c train --json</c> prints.</summary>
internal sealed record DitTrainingReport : TrainingReport
{
    /// <summary>Collects the facts of a finished run.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="results">Names of what the run is for, in it.</param>
    /// <param name="model">Name of the network.</param>
    /// <param name="device">What computed.</param>
    /// <param name="trainer">At the end of the run.</param>
    /// <param name="options">What it was made with.</param>
    /// <param name="begin">Steps done when this process began.</param>
    /// <param name="time">Of this process.</param>
    public DitTrainingReport(
        RunFolder folder,
        IEnumerable<string> results,
        string model,
        Device device,
        DitTrainer trainer,
        DitTrainingOptions options,
        int begin,
        TrainingTime time)
        : base(folder, results, model, device, trainer, trainer.Memory, begin, time)
    {
        Batch = options.Batch;
    }

    /// <summary>Images per step.</summary>
    public int Batch { get; }

    /// <summary>The loss's mean squared error of the noise.</summary>
    public double? Mse => Figure(1);

    /// <summary>The loss's term of the bound, bits per dimension.</summary>
    public double? Vb => Figure(2);

    /// <inheritdoc/>
    protected override string Line() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Model} after {StepsDone} optimisation steps of {Batch} images in {ElapsedMs / 1000:0.0} s on {Device}, {Units.Bytes(PeakBytes)}");
}
