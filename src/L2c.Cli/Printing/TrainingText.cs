using System.Globalization;
using L2c.Cli.Output;

namespace L2c.Cli.Printing;

/// <summary>What came of a training run, for a person.</summary>
internal static class TrainingText
{
    private const int RouterFigures = 5;

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
            terminal.Out.WriteLine(string.Join(", ", result is RouterSweepResult sweep ? sweep.Routers.Select(router => router.Folder) : result.Files));
            terminal.Out.WriteLine(Line(result));
        }

        return ExitCode.Ok;
    }

    /// <summary>The figures of a step of router training; of several routers less of each.</summary>
    public static string OfRouter(IReadOnlyList<double> figures) => figures.Count > RouterFigures
        ? string.Join(" | ", figures.Chunk(RouterFigures).Select(its => string.Create(
            CultureInfo.InvariantCulture, $"{its[3]:0.###e+0}: loss {its[0]:0.000000}, {100 * its[4]:0.0} % reused")))
        : string.Create(
            CultureInfo.InvariantCulture,
            $"loss {figures[0]:0.000000} = {figures[1]:0.000000} + {figures[3]:0.###e+0} x {figures[2]:0.000}, {100 * figures[4]:0.0} % reused");

    /// <summary>The figures of a step that trains a network; with weights its loss is not the sum of its parts.</summary>
    public static string OfNetwork(IReadOnlyList<double> figures)
    {
        (double loss, double mse, double vb) = (figures[0], figures[1], figures[2]);
        return loss == mse + vb
            ? FormattableString.Invariant($"loss {loss:0.00000} = mse {mse:0.00000} + vb {vb:0.00000}")
            : FormattableString.Invariant($"loss {loss:0.00000}, of mse {mse:0.00000} by weights and vb {vb:0.00000}");
    }

    private static string Reused(SweptRouter router) =>
        string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(router.Folder)} {100 * router.ReusedShare:0.00} %");

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
            RouterSweepResult sweep => string.Create(
                CultureInfo.InvariantCulture,
                $"{sweep.Routers.Count} routers of {sweep.Steps} steps for {model} after {sweep.StepsDone} optimisation steps in {seconds:0.0} s on {device}, "
                + $"{Units.Bytes(sweep.PeakBytes)} of memory; cache evaluations' branches reused at threshold {sweep.Threshold}: "
                + $"{string.Join(", ", sweep.Routers.Select(Reused))}"),
            NetworkTrainingResult network => string.Create(
                CultureInfo.InvariantCulture,
                $"{model} after {network.StepsDone} optimisation steps of {network.Batch} images in {seconds:0.0} s on {device}, "
                + $"{Units.Bytes(network.PeakBytes)} of memory"),
            _ => throw new ArgumentException($"no words for {result.GetType().Name}"),
        };
    }
}
