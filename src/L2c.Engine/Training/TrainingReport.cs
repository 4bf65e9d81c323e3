using L2c.Cli.Devices;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Model.Training;

namespace L2c.Cli.Training;

/// <summary>What both training commands print with <c>--json</c>. Times are wall time.</summary>
internal abstract record TrainingReport
{
    private readonly double[]? _figures;

    /// <summary>Collects the facts of a finished run.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="results">Names of what the run is for, in it.</param>
    /// <param name="model">Name of the network.</param>
    /// <param name="device">What computed.</param>
    /// <param name="trainer">At the end of the run.</param>
    /// <param name="memory">The trainer's.</param>
    /// <param name="begin">Steps done when this process began.</param>
    /// <param name="time">Of this process.</param>
    protected TrainingReport(
        RunFolder folder,
        IEnumerable<string> results,
        string model,
        Device device,
        ITrainer trainer,
        TrainingMemory memory,
        int begin,
        TrainingTime time)
    {
        var facts = DeviceFacts.Of(device);
        Files = [.. results.Concat(RunLogs.Names).Select(folder.File)];
        (Model, Device, Dtype) = (model, facts.Name, facts.Dtype);
        (StepsDone, StepsNow) = (trainer.StepsDone, trainer.StepsDone - begin);
        _figures = StepsNow == 0 ? null : trainer.Figures.ToArray();
        (PeakBytes, StepMs, ElapsedMs) = (memory.TotalBytes, time.StepMs(StepsNow), time.ElapsedMs);
    }

    /// <summary>The results and the logs.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Name of the model.</summary>
    public string Model { get; }

    /// <summary>As <c>cpu (AVX-512, 2 threads)</c>.</summary>
    public string Device { get; }

    /// <summary>As <c>--dtype</c> has it.</summary>
    public string Dtype { get; }

    /// <summary>Optimisation steps in total.</summary>
    public int StepsDone { get; }

    /// <summary>Of them, steps of this process.</summary>
    public int StepsNow { get; }

    /// <summary>Loss of the last step; null, as its parts, when this process made none.</summary>
    public double? Loss => Figure(0);

    /// <summary>Memory on the device: weights, buffers, the scratch of CUDA's ops. cuBLASLt's workspace and the context are not in it.</summary>
    public long PeakBytes { get; }

    /// <summary>Mean over this process's steps, files included; null when it made none.</summary>
    public double? StepMs { get; }

    /// <summary>The whole command.</summary>
    public double ElapsedMs { get; }

    /// <summary>Prints it as JSON, or as two lines for a person.</summary>
    public void Print(Terminal terminal, bool json)
    {
        if (json)
        {
            terminal.PrintJson(this);
            return;
        }

        terminal.Out.WriteLine(string.Join(", ", Files));
        terminal.Out.WriteLine(Line());
    }

    /// <summary>One of the trainer's figures in the last step.</summary>
    protected double? Figure(int i) => _figures?[i];

    /// <summary>What came out, for a person.</summary>
    protected abstract string Line();
}
