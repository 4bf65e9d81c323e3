using System.Text.Json;
using L2c.Model.Caching;
using L2c.Weights;
using ScottPlot;

namespace L2c;

/// <summary>Where two schedules differ, as a heat map evaluation x branch.</summary>
public static class DiffPlot
{
    private const int MaxCell = 16, SideAimedAt = 8000;

    private static readonly Color[] _colours =
        [Color.FromHex("#D5DCE4"), Color.FromHex("#F7E3B5"), Color.FromHex("#1F5A96"), Color.FromHex("#C23B3B"), Color.FromHex("#8E5AA8")];

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
        (string nameA, string nameB) = (FileText.Printable(Path.GetFileName(first.File)), FileText.Printable(Path.GetFileName(second.File)));
        string[] names = ["both compute", "neither computes", "only A computes", "only B computes", "neither, not alike"];
        int[] kinds = [.. Enumerable.Range(0, a.Evaluations * a.Branches).Select(i => Kind(a, b, i / a.Branches, i % a.Branches))];
        string description = JsonSerializer.Serialize(
            new { plot = "schedule difference", first = Path.GetFileName(first.File), second = Path.GetFileName(second.File) }, ReportJson.Options);
        BranchMap map = new(
            Math.Clamp(SideAimedAt / Math.Max(a.Evaluations, a.Branches), 2, MaxCell),
            [.. Enumerable.Range(0, a.Evaluations)],
            a.Branches,
            (evaluation, branch) => _colours[kinds[(evaluation * a.Branches) + branch]],
            (_, _) => false,
            $"A {nameA}, B {nameB}",
            ("evaluation", "block: attention, MLP"),
            Enumerable.Range(0, names.Length).Where(kind => kind < 4 || kinds.Contains(kind)).Select(kind => (names[kind], _colours[kind])));
        return new Picture(map.Width, map.Height, description, canvas => map.Draw(canvas, 0, 0));
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
        && (a.Action(evaluation, branch) == BranchAction.Reuse || a.Terms(evaluation, branch).SequenceEqual(b.Terms(evaluation, branch)));
}
