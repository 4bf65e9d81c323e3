using System.Text.Json;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Weights;
using L2c.Weights.Layouts;
using SkiaSharp;
using static System.FormattableString;

namespace L2c;

/// <summary>The heat map evaluation x branch of a schedule as a picture: PNG, or SVG of the same layout.</summary>
/// <remarks>
/// Every cache evaluation is a row with its number, what it saves and how much faster that makes it ideally, by MACs; a refresh evaluation, which computes
/// everything, is a thin line. What a branch does can be told by lightness and marks as well as by colour.
/// </remarks>
public static class SchedulePlot
{
    private const int PanelAimedAt = 480, MinCell = 3, MaxCell = 24, ManyBlocks = 2000;
    private const int HeightAimedAt = 16000, TallRow = 16, LowRow = 12, MaxTallRows = 120;

    private static readonly MapCell _refresh = new(new SKColor(0xC3, 0xCB, 0xD6)), _computed = new(new SKColor(0x1D, 0x4E, 0x89));

    private static readonly (BranchAction Action, MapCell Cell, SKColor Bar, string Name)[] _skipped =
    [
        (BranchAction.Reuse, new MapCell(new SKColor(0xF5, 0xB9, 0x41)), new SKColor(0xE6, 0x9F, 0x00), "reused"),
        (BranchAction.Forecast, new MapCell(new SKColor(0x8F, 0xD6, 0xC4), CellMark.Stroke), new SKColor(0x2F, 0x9E, 0x83), "forecast"),
        (BranchAction.Segment, new MapCell(new SKColor(0xCF, 0xC2, 0xEE), CellMark.Dash), new SKColor(0x7B, 0x61, 0xBD), "in a replaced segment"),
        (BranchAction.Drop, new MapCell(new SKColor(0xF3, 0xD9, 0xE4), CellMark.Cross), new SKColor(0xC0, 0x5C, 0x8C), "dropped"),
    ];

    /// <summary>Whether a file name asks for a format that plots are written in: .png or .svg.</summary>
    public static bool IsPlotName(string path) =>
        Picture.IsSvg(path) || Path.GetExtension(path).Equals(".png", StringComparison.OrdinalIgnoreCase);

    /// <summary>Writes the picture in the format of the extension.</summary>
    /// <param name="path">Where the file shall appear.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <param name="inspected">The schedule.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    public static void Write(string path, bool overwrite, InspectedSchedule inspected) => Draw(inspected).Write(path, overwrite);

    /// <summary>Lays the picture of a router's or a file's schedule out.</summary>
    internal static Picture Draw(InspectedSchedule inspected)
    {
        string file = Path.GetFileName(inspected.File);
        string description = JsonSerializer.Serialize(
            new { plot = "schedule", file, inspected.Threshold, model = inspected.Network?.Name }, ReportJson.Options);
        string threshold = inspected.Threshold is { } value ? Invariant($", threshold {value}") : "";
        return Draw(FileText.Printable(file) + threshold, inspected.Schedule, inspected.Network, description);
    }

    /// <summary>Lays the picture of any schedule out.</summary>
    /// <param name="title">What it is called.</param>
    /// <param name="schedule">The schedule.</param>
    /// <param name="network">What speed-ups are counted for; null for none.</param>
    /// <param name="description">See <see cref="Picture.Description"/>.</param>
    internal static Picture Draw(string title, CacheSchedule schedule, TransformerArchitecture? network, string description)
    {
        RunCost? cost = network is null ? null : new RunCost(schedule, NetworkCost.Of(network));
        (MapCell Cell, string Name)[] legend =
        [
            (_computed, "computed"),
            .. Skipped(schedule).Select(kind => (kind.Cell, kind.Name)),
            (_refresh, "refresh evaluation, all computed"),
        ];
        return MapSheet.Draw(title, [.. Summary(schedule, network, cost)], legend, Map(schedule, cost), description);
    }

    /// <summary>How a branch of an evaluation is drawn.</summary>
    internal static MapCell Cell(CacheSchedule schedule, int evaluation, int branch) =>
        Array.Find(_skipped, kind => kind.Action == schedule.Action(evaluation, branch)) is { Name: not null } skipped ? skipped.Cell
        : schedule.Role(evaluation) == EvaluationRole.Refresh ? _refresh : _computed;

    private static BranchMap Map(CacheSchedule schedule, RunCost? cost)
    {
        int caches = schedule.CacheBranches / schedule.Branches, blocks = schedule.Branches / 2, shown = Math.Max(caches, 1);
        MapRow[] rows = [.. Enumerable.Range(0, schedule.Evaluations).Select(evaluation => Row(schedule, evaluation, cost, caches > 0))];
        return new BranchMap(
            rows,
            blocks,
            Math.Clamp(PanelAimedAt / blocks, blocks > ManyBlocks ? 1 : MinCell, MaxCell),
            shown <= MaxTallRows ? TallRow : Math.Clamp(HeightAimedAt / shown, 1, LowRow),
            [Word(schedule), .. cost is null ? Array.Empty<string>() : ["ideal"]])
        {
            BarColour = Skipped(schedule) is [var only] ? only.Bar : PictureText.Faint,
            BranchShares = caches == 0 ? null : [.. Enumerable.Range(0, schedule.Branches).Select(branch =>
                Enumerable.Range(0, schedule.Evaluations).Count(evaluation => !schedule.Computes(evaluation, branch)) / (double)caches)],
            ShareTitle = $"block; bars: share of the cache evaluations in which a branch is {Word(schedule)}",
        };
    }

    private static MapRow Row(CacheSchedule schedule, int evaluation, RunCost? cost, bool hasCaches)
    {
        MapRow row = new(Invariant($"{evaluation}"), branch => Cell(schedule, evaluation, branch));
        if (schedule.Role(evaluation) == EvaluationRole.Refresh)
        {
            // Of a schedule without cache evaluations the others are all there is to number.
            return row with { IsThin = hasCaches };
        }

        int skipped = schedule.Skipped(evaluation);
        string share = $"{skipped} of {schedule.Branches}";
        return row with
        {
            Share = (double)skipped / schedule.Branches,
            Side = cost is null ? [share] : [share, Times((double)cost.MacsBefore / schedule.Evaluations / cost.PerEvaluation[evaluation])],
        };
    }

    /// <summary>What becomes of the branches that are not computed, in a word.</summary>
    private static string Word(CacheSchedule schedule)
    {
        string[] words = [.. Skipped(schedule).Select(kind => kind.Name)];
        return words is [string only] ? only : "not computed";
    }

    /// <summary>What a schedule does with branches that it does not compute; of one that computes all, what it could do.</summary>
    private static (BranchAction Action, MapCell Cell, SKColor Bar, string Name)[] Skipped(CacheSchedule schedule) =>
        schedule.ComputesAll ? [_skipped[0]] : [.. _skipped.Where(kind => schedule.Count(kind.Action) > 0)];

    private static string Times(double factor) => factor switch
    {
        < 10 => Invariant($"{factor:0.00} x"),
        < 100 => Invariant($"{factor:0.0} x"),
        _ => Invariant($"{factor:0} x"),
    };

    private static IEnumerable<string> Summary(CacheSchedule schedule, TransformerArchitecture? network, RunCost? cost)
    {
        int caches = schedule.CacheBranches / schedule.Branches;
        int skipped = schedule.SkippedBranches;
        string of = caches == 0
            ? "none of them may reuse anything."
            : Invariant($"{caches} of them cache evaluations: {skipped} of their {schedule.CacheBranches} branches ")
                + Invariant($"({100.0 * skipped / schedule.CacheBranches:0.0} %) are {Word(schedule)}.");
        yield return $"{Of(schedule.Evaluations, "evaluation")} of {Of(schedule.Branches / 2, "block")}, {of}";
        if (cost is not null)
        {
            double left = 100.0 * cost.MacsAfter / cost.MacsBefore;
            yield return Invariant($"Ideal speed-up {cost.IdealSpeedup:0.000}: {left:0.0} % of the MACs of {network!.Name} remain.");
        }

        yield return MapSheet.Directions;
    }

    private static string Of(int number, string what) => number == 1 ? $"1 {what}" : Invariant($"{number} {what}s");
}
