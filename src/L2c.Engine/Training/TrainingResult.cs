using L2c.Model.Training;
using L2c.Weights;

namespace L2c;

/// <summary>What came of a training run. Times are wall time.</summary>
public abstract record TrainingResult
{
    /// <summary>What the file of a result is called in the run's folder, where the user wants one.</summary>
    public const string FileName = "result.json";

    private readonly double[]? _figures;

    /// <summary>Whether a file is a saved result of a training run, so that the next run may replace it.</summary>
    /// <param name="path">There or not.</param>
    public static bool IsSaved(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                return false;
            }

            using ByteSource source = ByteSource.OpenFile(path);
            return SavedResult.Read(source).IsOfTraining;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Collects what is known of every run.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="facts">The network and what computed.</param>
    /// <param name="trainer">At the end of the run.</param>
    /// <param name="memory">The trainer's.</param>
    /// <param name="isFinished">Whether it came to the last step.</param>
    /// <param name="begin">Steps done when this process began.</param>
    /// <param name="time">Of this process.</param>
    private protected TrainingResult(
        RunFolder folder,
        TrainingRequest request,
        RunFacts facts,
        ITrained trainer,
        TrainingMemory memory,
        bool isFinished,
        int begin,
        TrainingTime time)
    {
        (Files, States, Facts, IsFinished) = ([.. request.Outputs], folder.States.Path, facts, isFinished);
        (StepsDone, StepsNow) = (trainer.StepsDone, trainer.StepsDone - begin);
        _figures = StepsNow == 0 ? null : trainer.Metrics.ToArray();
        (PeakBytes, StepMs, ElapsedMs) = (memory.TotalBytes, time.StepMs(StepsNow), time.ElapsedMs);
    }

    /// <summary>Collects what is known of several runs that were one.</summary>
    /// <param name="folder">Of all of them.</param>
    /// <param name="parts">Each.</param>
    private protected TrainingResult(string folder, IReadOnlyList<TrainingResult> parts)
    {
        TrainingResult any = parts[0];
        (Files, States, Facts, IsFinished) = ([.. parts.SelectMany(part => part.Files)], folder, any.Facts, any.IsFinished);
        (StepsDone, StepsNow) = (any.StepsDone, any.StepsNow);
        (PeakBytes, StepMs, ElapsedMs) = (any.PeakBytes, any.StepMs, any.ElapsedMs);
    }

    /// <summary>The results and the logs.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Folder of the states; of several runs the one that all of theirs are in.</summary>
    public string States { get; }

    /// <summary>Whether the run came to its last step; otherwise it was cancelled and goes on from <see cref="States"/>.</summary>
    public bool IsFinished { get; }

    /// <summary>The network and what computed.</summary>
    public RunFacts Facts { get; }

    /// <summary>Optimisation steps in total.</summary>
    public int StepsDone { get; }

    /// <summary>Of them, steps of this process.</summary>
    public int StepsNow { get; }

    /// <summary>Loss of the last step; null where there are several, and, as its parts, when this process made none.</summary>
    public double? Loss => Figure(0);

    /// <summary>Memory on the device: weights, buffers, the scratch of CUDA's ops. cuBLASLt's workspace and the context are not in it.</summary>
    public long PeakBytes { get; }

    /// <summary>Mean over this process's steps, files included; null when it made none.</summary>
    public double? StepMs { get; }

    /// <summary>The whole task.</summary>
    public double ElapsedMs { get; }

    /// <summary>One of the trainer's figures in the last step.</summary>
    private protected double? Figure(int i) => _figures?[i];
}
