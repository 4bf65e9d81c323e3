using L2c.Model.Caching;
using L2c.Weights;
using L2c.Weights.Storage;

namespace L2c;

/// <summary>What a sweep compares.</summary>
public sealed record SweepRequest
{
    /// <summary>The uncached run that everything is compared with. Of its <see cref="SampleRequest.Cache"/> counts only whether the demo model's router is
    /// used where <see cref="Routers"/> are none.</summary>
    public required SampleRequest Sample { get; init; }

    /// <summary>Router files.</summary>
    public IReadOnlyList<string> Routers { get; init; } = [];

    /// <summary>Thresholds of each; null for the published one.</summary>
    public IReadOnlyList<double>? Thresholds { get; init; }

    /// <summary>Names of rules to match in compute, see <see cref="RuleFamily.Names"/>, or whole rules as <c>top:3</c>.</summary>
    public IReadOnlyList<string> Rules { get; init => field = [.. value.Select(ScheduleRule.Canonical)]; } = RuleFamily.Names;

    /// <summary>Compute points beside those of the learned schedules, as shares of the uncached run's MACs.</summary>
    public IReadOnlyList<double> MacRatios { get; init; } = [];

    /// <summary>What distances are to, see <see cref="EvaluateRequest.Data"/>.</summary>
    public string Data { get; init; } = ImageSets.Default;

    /// <summary>Images of it.</summary>
    public int DataCount { get; init; } = EvaluateRequest.DefaultCount;

    /// <summary>Where results go; rows that it has are kept.</summary>
    public string Folder { get; init; } = "sweep";

    /// <summary>First row to run, from 1 on.</summary>
    public int First { get; init; } = 1;

    /// <summary>Last row to run.</summary>
    public int Last { get; init; } = int.MaxValue;

    /// <summary>Whether to start anew where the folder has rows.</summary>
    public bool Anew { get; init; }

    /// <summary>Names of the files of a sweep: table, settings, plot in two formats.</summary>
    public static IReadOnlyList<string> FileNames { get; } = ["sweep.csv", "sweep.json", "pareto.png", "pareto.svg"];

    internal string File(int name) => Path.Combine(Folder, FileNames[name]);

    /// <summary>A folder may come from anybody: nothing in it may lead the sweep to write elsewhere, or over a file of another work.</summary>
    /// <exception cref="IOException">A file of the sweep is a link or a device, or a plot is there without its table.</exception>
    internal void RequireOwn()
    {
        bool begins = !Path.Exists(File(0)) && !Path.Exists(File(1));
        GrowingFile.RequireOwn(File(0));
        AtomicFile.RequireFree(File(1), overwrite: true);
        AtomicFile.RequireFree(File(2), overwrite: Anew || !begins);
        AtomicFile.RequireFree(File(3), overwrite: Anew || !begins);
    }
}

/// <summary>What came of a sweep.</summary>
/// <param name="Records">All rows of the table.</param>
/// <param name="Table">Path of the table.</param>
/// <param name="Plots">Paths of the plot, PNG and SVG; none where the sweep was interrupted.</param>
/// <param name="IsFinished">Whether it came to the last row; otherwise the same request goes on.</param>
public sealed record SweepResult(IReadOnlyList<SweepRecord> Records, string Table, IReadOnlyList<string> Plots, bool IsFinished);
