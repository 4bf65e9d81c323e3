using L2c.Kernels;
using L2c.Model.Training;
using L2c.Weights;

namespace L2c;

/// <summary>How a run begins: what decides its bits, and the state that it continues from.</summary>
internal static class TrainingStart
{
    /// <summary>Device, precision and vectors: another rounding is another run. The number of threads is not part of it.</summary>
    public static string Describe(DeviceChoice choice, RunFacts facts) => facts.IsCuda
        ? $"{facts.Device}, {facts.Dtype}, fused GELU {choice.FusedGelu?.ToString() ?? "auto"}"
        : $"cpu, {facts.Isa}, {facts.Dtype}";

    /// <summary>Starts the device of a run, and tells what a person should know of the choice.</summary>
    /// <param name="choice">Which.</param>
    /// <param name="demand">What the run takes on it.</param>
    /// <param name="progress">Receives a line for a person.</param>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    public static Device Open(DeviceChoice choice, MemoryDemand demand, IProgress<TrainingProgress>? progress)
    {
        if (choice.Note is { } note)
        {
            progress?.Report(TrainingProgress.Of($"note: {note}"));
        }

        Device device = choice.Open();
        try
        {
            return Fitting(() =>
            {
                demand.Require(device, choice.Memory);
                return device;
            });
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Restores the folder's state, if the run continues.</summary>
    /// <exception cref="RequestException">A setting differs.</exception>
    /// <exception cref="MalformedFileException">No state of this trainer, or a damaged one.</exception>
    public static void Restore(RunFolder folder, ITrained trainer)
    {
        if (folder.State is not { } path)
        {
            return;
        }

        using TensorFile file = TensorFiles.Open(path);
        _ = Fitting(() =>
        {
            trainer.Restore(file);
            return true;
        });
    }

    /// <summary>Calls something whose argument errors are the request's.</summary>
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
            throw new RequestException(about is null ? e.Message : $"{about}: {e.Message}", e);
        }
    }
}
