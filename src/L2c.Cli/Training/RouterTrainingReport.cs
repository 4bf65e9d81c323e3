using System.Globalization;
using L2c.Cli.Devices;
using L2c.Cli.Inspection;
using L2c.Cli.Output;
using L2c.Model.Dit;
using L2c.Model.Training;

namespace L2c.Cli.Training;

/// <summary>What <c>l2c train-router --json</c> prints. Times are wall time.</summary>
internal sealed record RouterTrainingReport
{
    /// <summary>The results.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Path of the checkpoint.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>As <c>cpu (AVX-512, 2 threads)</c>.</summary>
    public required string Device { get; init; }

    /// <summary>As <c>--dtype</c> has it.</summary>
    public required string Dtype { get; init; }

    /// <summary>Sampling steps of the router.</summary>
    public required int Steps { get; init; }

    /// <summary>Optimisation steps in total.</summary>
    public required int StepsDone { get; init; }

    /// <summary>Of them, steps of this process.</summary>
    public required int StepsNow { get; init; }

    /// <summary>Draws per optimisation step.</summary>
    public required int Draws { get; init; }

    /// <summary>Images per draw.</summary>
    public required int Batch { get; init; }

    /// <summary>Loss of the last step; null, as the two that follow, when this process made none.</summary>
    public double? Loss { get; init; }

    /// <summary>Its data term.</summary>
    public double? DataLoss { get; init; }

    /// <summary>Sum of scores of the router drawn, mean over draws.</summary>
    public double? Penalty { get; init; }

    /// <summary>Weight of the penalty in the last step.</summary>
    public double? Lambda { get; init; }

    /// <summary>Scores up to this are reused.</summary>
    public required double Threshold { get; init; }

    /// <summary>Share of the cache evaluations' branches that are reused at the threshold.</summary>
    public required double ReusedShare { get; init; }

    /// <summary>Memory on the device: weights, buffers, the scratch of CUDA's ops. cuBLASLt's workspace and the context are not in it.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>Mean over this process's steps, files included; null when it made none.</summary>
    public double? StepMs { get; init; }

    /// <summary>The whole command.</summary>
    public required double ElapsedMs { get; init; }

    /// <summary>Collects the facts of a finished run.</summary>
    public static RouterTrainingReport Of(
        RunFolder folder, string checkpoint, DitModel model, RouterTrainer trainer, RouterTrainingOptions options, int begin, TrainingTime time)
    {
        int now = trainer.StepsDone - begin;
        var facts = DeviceFacts.Of(model.Device);
        return new RouterTrainingReport
        {
            Files = [.. RouterFiles.Names.Select(folder.File), .. RunLogs.Names.Select(folder.File)],
            Model = model.Architecture.Name,
            Checkpoint = checkpoint,
            Device = facts.Name,
            Dtype = facts.Dtype,
            Steps = trainer.Shape.Evaluations,
            StepsDone = trainer.StepsDone,
            StepsNow = now,
            Draws = options.Draws,
            Batch = options.Batch,
            Loss = Figure(0),
            DataLoss = Figure(1),
            Penalty = Figure(2),
            Lambda = Figure(3),
            Threshold = options.Threshold,
            ReusedShare = trainer.ReusedShare(),
            PeakBytes = trainer.Memory.TotalBytes,
            StepMs = time.StepMs(now),
            ElapsedMs = time.ElapsedMs,
        };

        double? Figure(int i) => now == 0 ? null : trainer.Figures[i];
    }

    /// <summary>Prints it as JSON, or as two lines for a person.</summary>
    public void Print(Terminal terminal, bool json)
    {
        if (json)
        {
            terminal.PrintJson(this);
            return;
        }

        terminal.Out.WriteLine(string.Join(", ", Files));
        terminal.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"router of {Steps} steps for {Model} after {StepsDone} optimisation steps in {ElapsedMs / 1000:0.0} s on {Device}: "
            + $"{100 * ReusedShare:0.00} % of the cache evaluations' branches reused at threshold {Threshold}, {Units.Bytes(PeakBytes)}"));
    }
}
