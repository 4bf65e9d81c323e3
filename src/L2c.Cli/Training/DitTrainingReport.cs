using System.Globalization;
using L2c.Cli.Devices;
using L2c.Cli.Inspection;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Model.Training;
using L2c.Weights.Layouts;

namespace L2c.Cli.Training;

/// <summary>What <c>l2c train --json</c> prints. Times are wall time.</summary>
internal sealed record DitTrainingReport
{
    /// <summary>The results.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>As <c>cpu (AVX-512, 2 threads)</c>.</summary>
    public required string Device { get; init; }

    /// <summary>As <c>--dtype</c> has it.</summary>
    public required string Dtype { get; init; }

    /// <summary>Optimisation steps in total.</summary>
    public required int StepsDone { get; init; }

    /// <summary>Of them, steps of this process.</summary>
    public required int StepsNow { get; init; }

    /// <summary>Images per step.</summary>
    public required int Batch { get; init; }

    /// <summary>Loss of the last step; null, as the two that follow, when this process made none.</summary>
    public double? Loss { get; init; }

    /// <summary>Its mean squared error of the noise.</summary>
    public double? Mse { get; init; }

    /// <summary>Its bound's term, bits per dimension.</summary>
    public double? Vb { get; init; }

    /// <summary>Memory on the device: weights, buffers, the scratch of CUDA's ops. cuBLASLt's workspace and the context are not in it.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>Mean over this process's steps, files included; null when it made none.</summary>
    public double? StepMs { get; init; }

    /// <summary>The whole command.</summary>
    public required double ElapsedMs { get; init; }

    /// <summary>Collects the facts of a finished run.</summary>
    public static DitTrainingReport Of(
        IReadOnlyList<string> results,
        RunFolder folder,
        DitArchitecture architecture,
        Device device,
        DitTrainer trainer,
        DitTrainingOptions options,
        int begin,
        TrainingTime time)
    {
        int now = trainer.StepsDone - begin;
        var facts = DeviceFacts.Of(device);
        return new DitTrainingReport
        {
            Files = [.. results.Concat(RunLogs.Names).Select(folder.File)],
            Model = architecture.Name,
            Device = facts.Name,
            Dtype = facts.Dtype,
            StepsDone = trainer.StepsDone,
            StepsNow = now,
            Batch = options.Batch,
            Loss = Figure(0),
            Mse = Figure(1),
            Vb = Figure(2),
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
            $"{Model} after {StepsDone} optimisation steps of {Batch} images in {ElapsedMs / 1000:0.0} s on {Device}, {Units.Bytes(PeakBytes)}"));
    }
}
