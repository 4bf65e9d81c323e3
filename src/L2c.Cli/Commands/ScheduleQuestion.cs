using L2c.Cli.Output;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Cli.Commands;

/// <summary>What the user wants to know of a router or schedule.</summary>
/// <param name="Hints">What the user said about a checkpoint; of a router or schedule only the model applies.</param>
/// <param name="Threshold">Of a router; null for the published one.</param>
/// <param name="Plot">Where to draw the heat map, or null.</param>
/// <param name="Overwrite">Whether the plot may replace a file.</param>
/// <param name="ListTensors">Whether to list a router's tensors.</param>
/// <param name="Sweep">Whether to count for every threshold.</param>
internal sealed record ScheduleQuestion(LayoutHints Hints, double? Threshold, string? Plot, bool Overwrite, bool ListTensors, bool Sweep)
{
    /// <summary>Reports on an open router and draws its plot.</summary>
    public ScheduleReport Report(TensorFile file, long bytes) =>
        Finish(ReadRouter(file), TensorFileReport.Of(file, bytes, LayoutHints.None, ListTensors));

    /// <summary>Counts for every threshold of an open router.</summary>
    /// <exception cref="UsageException">Something else was asked too, which --sweep does not answer.</exception>
    public ThresholdReport CountAll(TensorFile file)
    {
        RefuseHints(file.Path);
        return Threshold is null && Plot is null && !ListTensors
            ? ThresholdReport.Of(file, Hints.Model)
            : throw new UsageException("--threshold, --plot and --tensors cannot be combined with --sweep; omit them");
    }

    /// <summary>Reports on a schedule file and draws its plot.</summary>
    public ScheduleReport Report(ByteSource source) => Finish(ReadJson(source), null);

    /// <summary>Compares two files.</summary>
    /// <exception cref="UsageException">They cannot be compared, or an option does not apply.</exception>
    public ScheduleDiff Compare(string first, string second)
    {
        if (Plot is not null || ListTensors || Sweep)
        {
            throw new UsageException("--plot, --sweep and --tensors show one file; omit them with --diff");
        }

        InspectedSchedule a = Read(first), b = Read(second);
        if (Hints.Model is null && a.SaysDepth != b.SaysDepth)
        {
            (a, b) = a.SaysDepth ? (a, Read(second, a.Schedule.Branches)) : (Read(first, b.Schedule.Branches), b);
        }

        return Threshold is not null && a.Threshold is null && b.Threshold is null
            ? throw new UsageException("--threshold applies to routers, and both files are schedules; omit it")
            : ScheduleDiff.Of(a, b);
    }

    /// <summary>Fails if something was asked that only a router or schedule can answer.</summary>
    /// <param name="path">Some other file.</param>
    public void RefuseUnlessSchedule(string path)
    {
        if (Threshold is not null || Plot is not null || Sweep)
        {
            throw new UsageException($"{path} is neither a router nor a schedule, so --threshold, --plot and --sweep do not apply; omit them");
        }
    }

    private ScheduleReport Finish(InspectedSchedule inspected, TensorFileReport? router)
    {
        ScheduleReport report = ScheduleReport.Of(inspected, router);
        if (Plot is { } plot)
        {
            PreparePlot(plot, inspected.File);
            SchedulePlot.Write(plot, Overwrite, inspected);
        }

        return report;
    }

    /// <summary>Fails if the plot could not be written under that name.</summary>
    private void PreparePlot(string plot, string inspected)
    {
        if (!SchedulePlot.IsPlotName(plot))
        {
            throw new UsageException($"--plot {plot}: plots are PNG or SVG; name a .png or .svg file");
        }

        NamedFiles.Check([("--plot", plot)], [inspected]);
        AtomicFile.Probe(plot, Overwrite);
    }

    /// <summary>Reads a router or schedule; of a file that does not say its depth, for <paramref name="branches"/> where given.</summary>
    private InspectedSchedule Read(string path, int? branches = null)
    {
        ByteSource source = ByteSource.OpenFile(path);
        if (InspectedSchedule.IsJson(source))
        {
            using (source)
            {
                RefuseHints(path);
                return InspectedSchedule.Read(source, Hints.Model, branches);
            }
        }

        using TensorFile file = TensorFiles.Open(source);
        return ReadRouter(file);
    }

    private InspectedSchedule ReadJson(ByteSource source)
    {
        RefuseHints(source.Path);
        return Threshold is null && !ListTensors && !Sweep
            ? InspectedSchedule.Read(source, Hints.Model)
            : throw new UsageException($"{source.Path} is a schedule, so --threshold, --sweep and --tensors do not apply; omit them");
    }

    private InspectedSchedule ReadRouter(TensorFile file)
    {
        RefuseHints(file.Path);
        return InspectedSchedule.Read(file, Threshold, Hints.Model);
    }

    private void RefuseHints(string path)
    {
        if (Hints with { Model = null } != LayoutHints.None)
        {
            throw new UsageException($"{path} is not a network, so --use, --heads and --num-classes do not apply; omit them");
        }
    }
}
