using System.Text.Json;
using L2c.Model.Caching;
using L2c.Weights;
using L2c.Weights.Layouts;
using ScottPlot;

namespace L2c;

/// <summary>The heat map evaluation x branch of a schedule as a picture: PNG, or SVG of the same layout.</summary>
public static class SchedulePlot
{
    private const int MaxCell = 16;
    private const int SideAimedAt = 8000;

    private static readonly (string Name, Color Colour)[] _kinds =
    [
        ("refresh", Color.FromHex("#B8C4D0")),
        ("cache, computed", Color.FromHex("#1F5A96")),
        ("reused", Color.FromHex("#F2B84B")),
        ("dropped", Color.FromHex("#C23B3B")),
        ("forecast", Color.FromHex("#4C9F70")),
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
        return Draw(FileText.Printable(file), inspected.Schedule, inspected.Network, description);
    }

    /// <summary>Lays the picture of any schedule out.</summary>
    /// <param name="title">What it is called.</param>
    /// <param name="schedule">The schedule.</param>
    /// <param name="network">What speed-ups are counted for; null for none.</param>
    /// <param name="description">See <see cref="Picture.Description"/>.</param>
    internal static Picture Draw(string title, CacheSchedule schedule, TransformerArchitecture? network, string description)
    {
        IEnumerable<int> cells = Enumerable.Range(0, schedule.Evaluations * schedule.Branches)
            .Select(i => Kind(schedule, i / schedule.Branches, i % schedule.Branches));
        HashSet<int> kinds = [0, 1, .. schedule.ComputesAll ? [2] : cells];
        BranchMap map = new(
            Math.Clamp(SideAimedAt / Math.Max(schedule.Evaluations, schedule.Branches), 2, MaxCell),
            [.. Enumerable.Range(0, schedule.Evaluations)],
            schedule.Branches,
            (evaluation, branch) => _kinds[Kind(schedule, evaluation, branch)].Colour,
            (_, _) => false,
            network is null ? title : $"{title}, {network.Name}",
            ("evaluation", "block: attention, MLP"),
            _kinds.Where((_, kind) => kinds.Contains(kind)));
        return new Picture(map.Width, map.Height, description, canvas => map.Draw(canvas, 0, 0));
    }

    private static int Kind(CacheSchedule schedule, int evaluation, int branch) => schedule.Action(evaluation, branch) switch
    {
        BranchAction.Reuse => 2,
        BranchAction.Drop => 3,
        BranchAction.Forecast => 4,
        _ => schedule.Role(evaluation) == EvaluationRole.Refresh ? 0 : 1,
    };
}
