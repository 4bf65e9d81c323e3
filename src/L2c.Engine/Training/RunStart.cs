using L2c.Cli.Devices;
using L2c.Cli.Output;
using L2c.Kernels;
using L2c.Model.Training;
using L2c.Weights;

namespace L2c.Cli.Training;

/// <summary>How a run begins: what decides its bits, and the state that it continues from.</summary>
internal static class RunStart
{
    /// <summary>Device, precision and vectors: another rounding is another run. The number of threads is not part of it.</summary>
    public static string Describe(DeviceChoice choice, Device device)
    {
        var facts = DeviceFacts.Of(device);
        return facts.IsCuda
            ? $"{facts.Name}, {facts.Dtype}, fused GELU {choice.FusedGelu?.ToString() ?? "auto"}"
            : $"cpu, {facts.Isa}, {facts.Dtype}";
    }

    /// <summary>Restores the folder's state, if the run continues.</summary>
    /// <exception cref="UsageException">A setting differs.</exception>
    /// <exception cref="MalformedFileException">No state of this trainer, or a damaged one.</exception>
    public static void Restore(RunFolder folder, ITrainer trainer)
    {
        if (folder.State is not { } path)
        {
            return;
        }

        using TensorFile file = TensorFiles.Open(path);
        Fitting(() => trainer.Restore(file));
    }

    /// <summary>Calls something whose argument errors are the user's.</summary>
    public static void Fitting(Action action) => Fitting(() =>
    {
        action();
        return true;
    });

    /// <inheritdoc cref="Fitting(Action)"/>
    /// <param name="make">What to call.</param>
    /// <param name="about">What the message is about, as <c>--init FILE</c>; null where it says so itself.</param>
    public static T Fitting<T>(Func<T> make, string? about = null)
    {
        try
        {
            return make();
        }
        catch (ArgumentException e)
        {
            throw new UsageException(about is null ? e.Message : $"{about}: {e.Message}", e);
        }
    }

    /// <summary>Ends a run: tells where an interrupted one goes on.</summary>
    /// <returns>The exit code.</returns>
    public static int Interrupted(RunFolder folder, ITrainer trainer, Terminal terminal)
    {
        Failure.Print(
            terminal,
            $"interrupted after step {trainer.StepsDone}, whose state is in {folder.Checkpoints.Path}; go on with --resume-from-checkpoint latest");
        return ExitCode.Interrupted;
    }
}
