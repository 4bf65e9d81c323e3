using static System.FormattableString;

namespace L2c;

/// <summary>The report of routers that were trained side by side: a curve per lambda in one plot, and a row per lambda.</summary>
internal static class LambdaPage
{
    /// <summary>Of a folder.</summary>
    /// <exception cref="RequestException">A threshold is given, which belongs to one router.</exception>
    public static ReportPage Of(LambdaFolder folder, ReportRequest request)
    {
        if (request.Threshold is not null)
        {
            throw new RequestException(
                $"{folder.Path} holds several routers, so --threshold does not apply; omit it, or report on one of the folders in it");
        }

        IReadOnlyList<LambdaRun> runs = folder.Runs;
        string[] steps = [.. runs.Select(run => run.Folder.Step).OfType<long>().Distinct().Order().Select(ReportWords.Count)];
        return new ReportPage(
            "router training",
            Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder.Path))),
            $"{ReportWords.Of(runs.Count, "router")} that differ in lambda"
                + (steps.Length == 0 ? "; the run has written no state yet" : $", after {string.Join(" or ", steps)} optimisation steps"),
            [.. Tiles(runs)],
            [
                new ReportSection("Loss by lambda", [.. Curves(runs)]),
                new ReportSection("Routers", Table(runs), new ReportText(
                    "Loss, data loss and penalty are means of the rows around the last one of each log. Each folder is a run of its own, on which "
                    + "l2c report tells more.")),
                new ReportSection("Time and memory", folder.Result is { } result
                    ? result.Facts("stepMs", "elapsedMs", "stepsNow", "peakBytes", "device", "dtype", "draws", "batch")
                    : new ReportWarning(
                        folder.ResultFault ?? "Logs and states hold no times. Training with --save-result keeps them, and the memory, in the folder.")),
                new ReportSection("Settings", Settings(runs)),
                new ReportSection("How to repeat", [.. Repeat(folder)]),
            ]);
    }

    private static IEnumerable<ReportTile> Tiles(IReadOnlyList<LambdaRun> runs)
    {
        yield return new ReportTile(ReportWords.Count(runs.Count), runs.Count == 1 ? "lambda" : "lambdas");
        double[] shares = [.. runs.Select(run => End(run, LossRow.ReuseColumn, isMean: false)).Where(double.IsFinite)];
        if (shares.Length > 0)
        {
            yield return new ReportTile($"{ReportWords.Percent(shares.Min())} .. {ReportWords.Percent(shares.Max())}", "of the branches reused");
        }
    }

    private static IEnumerable<ReportPart> Curves(IReadOnlyList<LambdaRun> runs)
    {
        (string, LossRow[])[] curves = [.. runs.Where(run => run.Folder.Rows.Count > 0)
            .Select(run => (RouterFolders.NameOf(run.Lambda), LossRow.Of(run.Folder.TrainingLog)))];
        if (curves.Length == 0)
        {
            yield return new ReportWarning("The logs have no row yet: the run writes one every --log-every steps.");
            yield break;
        }

        yield return ReportFigures.Drawn(
            LambdaPlot.Draw(curves), "Above the loss, each point the mean of the rows of its log around; below the share of the branches that is reused.");
    }

    private static ReportTable Table(IReadOnlyList<LambdaRun> runs) => new(
        ["lambda", "folder", "steps", "loss", "data loss", "penalty", "branches reused"],
        [.. runs.Select(run => (string[])[
            RouterFolders.NameOf(run.Lambda),
            Path.GetFileName(run.Folder.Path),
            run.Folder.Step is { } step ? ReportWords.Count(step) : "-",
            Digits(End(run, "loss", isMean: true)),
            Digits(End(run, "data_loss", isMean: true)),
            Digits(End(run, "penalty", isMean: true)),
            End(run, LossRow.ReuseColumn, isMean: false) is var share && double.IsFinite(share) ? ReportWords.Percent(share) : "-",
        ])])
    {
        WordColumns = 2,
    };

    private static string Digits(double value) => double.IsFinite(value) ? ReportWords.Digits(value) : "-";

    // The column at the end of the log; NaN where there is none.
    private static double End(LambdaRun run, string column, bool isMean)
    {
        int at = run.Folder.Columns.ToList().IndexOf(column);
        double[] values = at < 0 ? [] : [.. run.Folder.Rows.Select(row => row[at])];
        return (isMean ? LossPlot.Smooth(values) : values).LastOrDefault(double.IsFinite, double.NaN);
    }

    // Those that all have alike; lambda is in the table.
    private static ReportPart? Settings(IReadOnlyList<LambdaRun> runs) => Common(runs) is { Count: > 0 } common
        ? ReportFacts.Of(common.Select(entry => (entry.Key.TrimStart('-'), (string?)(entry.Value.Length == 0 ? "not given" : entry.Value))))
        : new ReportWarning("The run has written no state yet, which holds its settings.");

    private static SortedDictionary<string, string> Common(IReadOnlyList<LambdaRun> runs)
    {
        IReadOnlyDictionary<string, string>[] settings = [.. runs.Select(run => run.Folder.Settings).OfType<IReadOnlyDictionary<string, string>>()];
        return settings.Length == 0 ? [] : new SortedDictionary<string, string>(
            settings[0].Where(entry => settings.All(its => its.GetValueOrDefault(entry.Key) == entry.Value)).ToDictionary(), StringComparer.Ordinal);
    }

    private static IEnumerable<ReportPart> Repeat(LambdaFolder folder)
    {
        if (folder.Result?.Command is { } command)
        {
            yield return new ReportCommand(command);
            yield return new ReportText(
                $"As it was typed when the run last ended; saved in {TrainingResult.FileName} by version "
                + $"{folder.Result.Text(ResultKeys.Version) ?? "unknown"}.");
        }
        else if (Common(folder.Runs) is { Count: > 0 } settings)
        {
            settings["--l1"] = string.Join(',', folder.Runs.Select(run => Invariant($"{run.Lambda:R}")));
            long? steps = folder.Runs.Max(run => run.Folder.Step);
            yield return new ReportCommand(CommandWords.OfTraining("train-router", settings, steps, isOfDemo: false));
            yield return new ReportText(
                $"From the settings in the states. The network is {settings.GetValueOrDefault("--ckpt", "unknown")}, the data are "
                + $"{settings.GetValueOrDefault("--data", "unknown")}. Training with --save-result keeps the command line as it was typed.");
        }
    }
}
