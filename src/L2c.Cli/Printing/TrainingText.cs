using System.Globalization;
using L2c.Cli.Output;

namespace L2c.Cli.Printing;

/// <summary>What came of a training run, for a person.</summary>
internal static class TrainingText
{
    /// <summary>Prints it as JSON, or as two lines; of an interrupted run where it goes on.</summary>
    /// <returns>The exit code.</returns>
    public static int Print(TrainingResult result, Terminal terminal, bool json)
    {
        if (!result.IsFinished)
        {
            Failure.Print(
                terminal,
                $"interrupted after step {result.StepsDone}; its state is in {result.States}; continue with --resume-from-checkpoint latest");
            return ExitCode.Interrupted;
        }

        if (json)
        {
            terminal.PrintJson(result, "facts");
        }
        else
        {
            terminal.Out.WriteLine(string.Join(", ", result.Files));
            terminal.Out.WriteLine(Line(result));
        }

        return ExitCode.Ok;
    }

    /// <summary>The figures of a step of router training.</summary>
    public static string OfRouter(IReadOnlyList<double> figures) => string.Create(
        CultureInfo.InvariantCulture,
        $"loss {figures[0]:0.000000} = {figures[1]:0.000000} + {figures[3]:0.###e+0} x {figures[2]:0.000}, {100 * figures[4]:0.0} % reused");

    /// <summary>The figures of a step that trains a network.</summary>
    public static string OfNetwork(IReadOnlyList<double> figures) => string.Create(
        CultureInfo.InvariantCulture, $"loss {figures[0]:0.00000} = mse {figures[1]:0.00000} + vb {figures[2]:0.00000}");

    private static string Line(TrainingResult result)
    {
        (string model, string device, double seconds) = (result.Facts.Model, result.Facts.Device, result.ElapsedMs / 1000);
        return result switch
        {
            RouterTrainingResult router => string.Create(
                CultureInfo.InvariantCulture,
                $"router of {router.Steps} steps for {model} after {router.StepsDone} optimisation steps in {seconds:0.0} s on {device}: "
                + $"{100 * router.ReusedShare:0.00} % of the cache evaluations' branches reused at threshold {router.Threshold}, "
                + $"{Units.Bytes(router.PeakBytes)} of memory"),
            NetworkTrainingResult network => string.Create(
                CultureInfo.InvariantCulture,
                $"{model} after {network.StepsDone} optimisation steps of {network.Batch} images in {seconds:0.0} s on {device}, "
                + $"{Units.Bytes(network.PeakBytes)} of memory"),
            _ => throw new ArgumentException($"no words for {result.GetType().Name}"),
        };
    }
}
