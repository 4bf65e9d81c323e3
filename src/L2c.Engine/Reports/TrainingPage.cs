using System.Globalization;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>The report of a training run, as far as it has come: curves, router or network, samples, settings.</summary>
internal static class TrainingPage
{
    private const int MaxSamples = 24;

    /// <summary>Of a folder.</summary>
    /// <exception cref="RequestException">The network is of another family or depth than the router, or --threshold applies to nothing here.</exception>
    /// <exception cref="MalformedFileException">The router or the network is damaged.</exception>
    public static ReportPage Of(TrainingFolder run, ReportRequest request)
    {
        if (request.Threshold is not null && run.RouterPath is null)
        {
            throw new RequestException($"{run.Path} has no router, so --threshold does not apply; omit it");
        }

        InspectedSchedule? router = run.RouterPath is null ? null : ReadRouter(run, request);
        ScheduleReport? report = router is null ? null : ScheduleReport.Of(router, null);
        string what = run.IsOfRouter ? "a router" : "a network";
        return new ReportPage(
            run.IsOfRouter ? "router training" : "network training",
            Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(run.Path))),
            run.Step is { } step ? $"{what} after {ReportWords.Of(step, "optimisation step")}" : $"{what}; the run has written no state yet",
            [.. Tiles(run, report)],
            [
                new ReportSection("Loss", [.. Curves(run)]),
                new ReportSection("Evolution of the router", run.IsOfRouter
                    ? ReportFigures.Beside(run.EvolutionPath, "Scores of the router over the run.")
                        ?? new ReportWarning("The run has written no router yet: it does when it writes its first state.")
                    : null),
                .. router is null ? [] : SchedulePage.Sections(router, report!),
                new ReportSection("Network", run.ModelPath is null ? [] : Network(run.ModelPath)),
                new ReportSection("Samples", [.. Samples(run)]),
                new ReportSection("Time and memory", Time(run)),
                new ReportSection("Settings", Settings(run)),
                new ReportSection("How to repeat", [.. Repeat(run, router)]),
            ]);
    }

    private static InspectedSchedule ReadRouter(TrainingFolder run, ReportRequest request)
    {
        using TensorFile file = TensorFiles.Open(run.RouterPath!);
        double? trained = double.TryParse(
            run.Settings?.GetValueOrDefault("threshold"), NumberStyles.Float, CultureInfo.InvariantCulture, out double threshold) ? threshold : null;
        return InspectedSchedule.Read(file, request.Threshold ?? trained, request.Network);
    }

    private static IEnumerable<ReportTile> Tiles(TrainingFolder run, ScheduleReport? report)
    {
        if (run.Step is { } step)
        {
            yield return new ReportTile(ReportWords.Count(step), "optimisation steps");
        }

        if (run.Rows.Count > 0 && run.Columns.Count > 1)
        {
            yield return new ReportTile(ReportWords.Digits(run.Rows[^1][1]), $"{ReportWords.Name(run.Columns[1])} in the last row of the log");
        }

        foreach (ReportTile tile in report is null ? [] : SchedulePage.Tiles(report))
        {
            yield return tile;
        }

        if (run.Result?.Number("stepMs") is { } ms)
        {
            yield return new ReportTile(ReportWords.Duration(ms), "per step");
        }

        if (run.Result?.Number("peakBytes") is { } peak)
        {
            yield return new ReportTile(ReportWords.Bytes(peak), "memory on the device");
        }
    }

    private static IEnumerable<ReportPart> Curves(TrainingFolder run)
    {
        if (run.Rows.Count == 0)
        {
            yield return new ReportWarning("The log has no row yet: the run writes one every --log-every steps.");
            yield break;
        }

        yield return ReportFigures.Drawn(
            LossPlot.Draw(run.TrainingLog), "The loss of each row of the log, a mean over its steps, and the mean of the rows around.");
        // Reuse is drawn below the loss; what never changes, lambda for instance, is told by the table.
        yield return new ReportPair([.. Enumerable.Range(2, Math.Max(0, run.Columns.Count - 2))
            .Where(column => run.Columns[column] is not ("data_loss" or "reuse") && run.Rows.Any(row => row[column] != run.Rows[0][column]))
            .Select(column => Curve(run, column))]);
        yield return new ReportTable(
            [.. run.Columns.Select(name => name.Replace('_', ' '))],
            [.. Spread(run.Rows).Select(row => row.Select(ReportWords.Digits).ToArray())])
        {
            WordColumns = 0,
        };
    }

    private static ReportFigure Curve(TrainingFolder run, int column)
    {
        string name = run.Columns[column].Replace('_', ' ');
        return ReportFigures.Drawn(CurvePlot.Draw(name, [.. run.Rows.Select(row => (row[0], row[column]))]), $"{name}, over the optimisation steps.");
    }

    private static IEnumerable<double[]> Spread(IReadOnlyList<double[]> rows)
    {
        const int shown = 16;
        return rows.Count <= shown ? rows : Enumerable.Range(0, shown).Select(i => rows[(int)Math.Round(i * (rows.Count - 1) / (shown - 1.0))]);
    }

    private static IReadOnlyList<ReportPart?> Network(string path)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        using TensorFile file = TensorFiles.Open(source);
        var report = TensorFileReport.Of(file, source.Length, LayoutHints.None, listTensors: false);
        return report.Model is not { } model ? [] :
        [
            ReportFacts.Of(
            [
                ("parameters", ReportWords.Count(model.Parameters)),
                ("MACs of one evaluation", model.MacsPerEvaluation is { } macs ? ReportWords.Macs(macs) : null),
                .. ReportFacts.Members(model.Architecture),
            ]),
        ];
    }

    private static IEnumerable<ReportPart> Samples(TrainingFolder run)
    {
        int skipped = Math.Max(0, run.Samples.Count - MaxSamples);
        if (skipped > 0)
        {
            yield return new ReportText($"The last {MaxSamples} of {run.Samples.Count} pictures.");
        }

        foreach (string path in run.Samples.Skip(skipped))
        {
            if (ReportFigures.Beside(path, Path.GetRelativePath(run.Path, path)) is { } picture)
            {
                yield return picture;
            }
        }
    }

    private static IReadOnlyList<ReportPart?> Time(TrainingFolder run) => run.Result is { } result
        ? [result.Facts("stepMs", "elapsedMs", "stepsNow", "peakBytes", "device", "dtype", "draws", "batch", "reusedShare", "loss")]
        : [new ReportWarning(
            run.ResultFault ?? "Logs and states hold no times. Training with --save-result keeps them, and the memory, in the folder.")];

    private static ReportPart? Settings(TrainingFolder run) => run.Settings is null
        ? new ReportWarning("The run has written no state yet, which holds its settings.")
        : ReportFacts.Of(run.Settings.OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => (entry.Key.TrimStart('-'), (string?)(entry.Value.Length == 0 ? "not given" : entry.Value))));

    private static IEnumerable<ReportPart> Repeat(TrainingFolder run, InspectedSchedule? router)
    {
        if (run.Result?.Command is { } command)
        {
            yield return new ReportCommand(command);
            yield return new ReportText(
                $"As it was typed when the run last ended; saved in {TrainingResult.FileName} by version "
                + $"{run.Result.Text(ResultKeys.Version) ?? "unknown"}.");
        }
        else if (run.Settings is { } settings)
        {
            bool isOfDemo = router?.Network is { } network && network == CountedNetwork.OfName(network.Name) && network.PixelSpace;
            string verb = run.IsOfRouter ? "train-router" : "train";
            yield return new ReportCommand(CommandWords.OfTraining(verb, settings, run.Step, isOfDemo));
            string frozen = settings.GetValueOrDefault("--ckpt") is { Length: > 0 } text ? $" The network is {text}." : "";
            string data = settings.GetValueOrDefault("--data") is { Length: > 0 } name ? $" The data are {name}." : "";
            yield return new ReportText(
                $"From the settings in the state: all that decides the bits of the run.{frozen}{data} Training with --save-result keeps the command "
                + "line as it was typed.");
        }

        string longer = run.Settings?.ContainsKey("--lr-decay") == true ? ", to the step at which the learning rate ends," : " and a larger --max-steps";
        yield return new ReportText($"The same command with --resume-from-checkpoint latest{longer} goes on where the run stands.");
    }
}
