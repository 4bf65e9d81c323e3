using L2c.Cli.Output;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Cli.Commands;

/// <summary>What the user wants to know of a file, and how a router or schedule answers it.</summary>
/// <param name="Hints">What the user said about a checkpoint; of a router or schedule about the network that MACs are counted for.</param>
/// <param name="Checkpoint">Of a router or schedule: the checkpoint that MACs are counted for, or null.</param>
/// <param name="Threshold">Of a router; null for the published one.</param>
/// <param name="Plot">Where to draw the picture, or null.</param>
/// <param name="Overwrite">Whether the plot may replace a file.</param>
/// <param name="ListTensors">Whether to list a router's tensors.</param>
/// <param name="Summarise">Whether to tell of every block.</param>
/// <param name="Sweep">Whether to count for every threshold.</param>
internal sealed record ScheduleQuestion(
    LayoutHints Hints, string? Checkpoint, double? Threshold, string? Plot, bool Overwrite, bool ListTensors, bool Summarise, bool Sweep)
{
    /// <summary>Reports on an open router and draws its plot.</summary>
    public ScheduleReport Report(TensorFile file, long bytes) =>
        Finish(ReadRouter(file), TensorFileReport.Of(file, bytes, LayoutHints.None, ListTensors));

    /// <summary>Reports on a schedule file and draws its plot.</summary>
    public ScheduleReport Report(ByteSource source) => Finish(ReadJson(source), null);

    /// <summary>Counts for every threshold of an open router, and draws that.</summary>
    /// <exception cref="UsageException">Something else was asked too, which --sweep does not answer.</exception>
    public ThresholdReport CountAll(TensorFile file)
    {
        if (Threshold is not null || ListTensors || Summarise)
        {
            throw new UsageException("--threshold, --tensors and --summary cannot be combined with --sweep; omit them");
        }

        ThresholdReport report = ThresholdReport.Of(file, Network(file.Path));
        DrawPlot([file.Path], plot => ThresholdPlot.Write(plot, Overwrite, report));
        return report with { Plot = Plot };
    }

    /// <summary>Compares two files, and draws where they differ.</summary>
    /// <exception cref="UsageException">They cannot be compared, or an option does not apply.</exception>
    public ScheduleDiff Compare(string first, string second)
    {
        if (ListTensors || Sweep || Summarise)
        {
            throw new UsageException("--sweep, --tensors and --summary show one file; omit them with --diff");
        }

        InspectedSchedule a = Read(first), b = Read(second);
        if (a.AssumedBlocks is not null || b.AssumedBlocks is not null)
        {
            // A file that does not say its depth has that of the other one.
            int branches = a.AssumedBlocks is null ? a.Schedule.Branches
                : b.AssumedBlocks is null ? b.Schedule.Branches
                : Math.Max(a.Schedule.Branches, b.Schedule.Branches);
            (a, b) = (a.AssumedBlocks is null ? a : Read(first, branches), b.AssumedBlocks is null ? b : Read(second, branches));
        }

        if (Threshold is not null && a.Threshold is null && b.Threshold is null)
        {
            throw new UsageException("--threshold applies to routers, and both files are schedules; omit it");
        }

        var diff = ScheduleDiff.Of(a, b);
        DrawPlot([first, second], plot => DiffPlot.Write(plot, Overwrite, a, b));
        return diff with { Plot = Plot };
    }

    /// <summary>Fails if something was asked that only a router or schedule can answer.</summary>
    /// <param name="path">Some other file.</param>
    public void RefuseUnlessSchedule(string path)
    {
        if (Threshold is not null || Plot is not null || Sweep || Checkpoint is not null)
        {
            throw new UsageException(
                $"{path} is neither a router nor a schedule, so --threshold, --plot, --sweep and --ckpt do not apply; omit them");
        }
    }

    /// <summary>Fails if blocks were asked for.</summary>
    /// <param name="path">A file that has none.</param>
    public void RefuseSummary(string path)
    {
        if (Summarise)
        {
            throw new UsageException($"{path} is neither a network nor a router nor a schedule, so --summary does not apply; omit it");
        }
    }

    private ScheduleReport Finish(InspectedSchedule inspected, TensorFileReport? router)
    {
        var report = ScheduleReport.Of(inspected, router);
        DrawPlot([inspected.File], plot => SchedulePlot.Write(plot, Overwrite, inspected));
        return report with { Plot = Plot, Blocks = Summarise ? ScheduleBlock.Of(inspected) : null };
    }

    /// <summary>Draws, if the user wants it.</summary>
    /// <exception cref="UsageException">The name is that of a file that is read, or of no kind of picture.</exception>
    private void DrawPlot(IEnumerable<string> inspected, Action<string> write)
    {
        if (Plot is not { } plot)
        {
            return;
        }

        if (!SchedulePlot.IsPlotName(plot))
        {
            throw new UsageException($"--plot {plot}: plots are PNG or SVG; name a .png or .svg file");
        }

        NamedFiles.Check([("--plot", plot)], Checkpoint is null ? inspected : inspected.Append(Checkpoint));
        AtomicFile.Probe(plot, Overwrite);
        write(plot);
    }

    /// <summary>Reads a router or schedule; of a file that does not say its depth, for <paramref name="branches"/> where given.</summary>
    private InspectedSchedule Read(string path, int? branches = null)
    {
        ByteSource source = ByteSource.OpenFile(path);
        if (InspectedSchedule.IsJson(source))
        {
            using (source)
            {
                return InspectedSchedule.Read(source, Network(path), branches);
            }
        }

        using TensorFile file = TensorFiles.Open(source);
        return ReadRouter(file);
    }

    private InspectedSchedule ReadJson(ByteSource source) => Threshold is null && !ListTensors && !Sweep
        ? InspectedSchedule.Read(source, Network(source.Path))
        : throw new UsageException($"{source.Path} is a schedule, so --threshold, --sweep and --tensors do not apply; omit them");

    private InspectedSchedule ReadRouter(TensorFile file) => InspectedSchedule.Read(file, Threshold, Network(file.Path));

    /// <summary>The network that the user named for a router or schedule; null for none.</summary>
    private TransformerArchitecture? Network(string path) => Checkpoint is { } checkpoint
        ? CountedNetwork.OfCheckpoint(checkpoint, Hints)
        : Hints with { Model = null } != LayoutHints.None
            ? throw new UsageException($"{path} is not a network, so --use, --heads and --num-classes do not apply without --ckpt; omit them")
            : Hints.Model is { } model ? CountedNetwork.Named(model) : null;
}
