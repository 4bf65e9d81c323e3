using System.Text.Json;
using L2c.Model.Caching;
using L2c.Weights;
using SkiaSharp;
using static System.FormattableString;

namespace L2c;

/// <summary>Where two schedules differ, as a heat map evaluation x branch.</summary>
/// <remarks>Evaluations that both refresh, where nothing can differ, are thin lines, as of <see cref="SchedulePlot"/>.</remarks>
public static class DiffPlot
{
    private const int PanelAimedAt = 450, MinCell = 3, MaxCell = 24, HeightAimedAt = 16000, MaxRow = 16;

    private static readonly (MapCell Cell, string Name)[] _kinds =
    [
        (new MapCell(new SKColor(0xC3, 0xCB, 0xD6)), "both compute"),
        (new MapCell(new SKColor(0xF7, 0xE3, 0xB5)), "neither computes"),
        (new MapCell(new SKColor(0x1D, 0x4E, 0x89)), "only A computes"),
        (new MapCell(new SKColor(0xE0, 0x6C, 0x55), CellMark.Stroke), "only B computes"),
        (new MapCell(new SKColor(0xC9, 0xA6, 0xDB), CellMark.Cross), "neither, and not alike"),
    ];

    /// <summary>Writes the picture in the format of the extension.</summary>
    /// <param name="path">Where the file shall appear; .svg for SVG, otherwise PNG.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <param name="first">A schedule.</param>
    /// <param name="second">Another one of its size.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    public static void Write(string path, bool overwrite, InspectedSchedule first, InspectedSchedule second) =>
        Draw(first, second).Write(path, overwrite);

    /// <summary>Lays the picture out.</summary>
    internal static Picture Draw(InspectedSchedule first, InspectedSchedule second)
    {
        (CacheSchedule a, CacheSchedule b) = (first.Schedule, second.Schedule);
        string description = JsonSerializer.Serialize(
            new { plot = "schedule difference", first = Path.GetFileName(first.File), second = Path.GetFileName(second.File) }, ReportJson.Options);
        int[,] kinds = new int[a.Evaluations, a.Branches];
        for (int i = 0; i < kinds.Length; i++)
        {
            kinds[i / a.Branches, i % a.Branches] = Kind(a, b, i / a.Branches, i % a.Branches);
        }

        int differing = kinds.Cast<int>().Count(kind => kind is 2 or 3);
        return MapSheet.Draw(
            Invariant($"{differing} of {kinds.Length} branches differ"),
            [Name("A", first), Name("B", second), MapSheet.Directions],
            [.. _kinds.Where((_, kind) => kind < 4 || kinds.Cast<int>().Contains(kind))],
            Map(a, b, kinds),
            description);
    }

    private static BranchMap Map(CacheSchedule a, CacheSchedule b, int[,] kinds)
    {
        int blocks = a.Branches / 2, rows = Math.Max(1, Enumerable.Range(0, a.Evaluations).Count(e => !IsThin(e)));
        return new BranchMap(
            [.. Enumerable.Range(0, a.Evaluations).Select(e => new MapRow(Invariant($"{e}"), branch => _kinds[kinds[e, branch]].Cell)
            {
                IsThin = IsThin(e),
                Side = IsThin(e) ? [] : [Invariant($"{Enumerable.Range(0, a.Branches).Count(branch => kinds[e, branch] is 2 or 3)}")],
            })],
            blocks,
            Math.Clamp(PanelAimedAt / blocks, MinCell, MaxCell),
            Math.Clamp(HeightAimedAt / rows, 1, MaxRow),
            "differ");

        bool IsThin(int e) => a.Role(e) == EvaluationRole.Refresh && b.Role(e) == EvaluationRole.Refresh && a.CacheBranches + b.CacheBranches > 0;
    }

    private static string Name(string letter, InspectedSchedule schedule)
    {
        string threshold = schedule.Threshold is { } value ? Invariant($", threshold {value}") : "";
        return $"{letter}: {FileText.Printable(Path.GetFileName(schedule.File))}{threshold}, {schedule.Schedule.SkippedBranches} branches not computed";
    }

    /// <summary>What the schedules do with a branch: both compute it, neither, only the first, only the second; or neither, and not alike.</summary>
    private static int Kind(CacheSchedule a, CacheSchedule b, int evaluation, int branch) =>
        (a.Computes(evaluation, branch), b.Computes(evaluation, branch)) switch
        {
            (true, true) => 0,
            (true, false) => 2,
            (false, true) => 3,
            _ => ContributesAlike(a, b, evaluation, branch) ? 1 : 4,
        };

    /// <summary>Whether a branch that neither computes contributes the same: reused outputs may be of different evaluations, as of two routers.</summary>
    private static bool ContributesAlike(CacheSchedule a, CacheSchedule b, int evaluation, int branch) =>
        a.Action(evaluation, branch) == b.Action(evaluation, branch)
        && (a.Action(evaluation, branch) == BranchAction.Reuse || ScheduleDiff.HaveSameTerms(a, b, evaluation, branch));
}
