using L2c.Model.Caching;

namespace L2c;

/// <summary>Where two schedules differ in one evaluation.</summary>
/// <param name="Evaluation">Its number.</param>
/// <param name="FirstRole">"refresh" or "cache" in the first schedule.</param>
/// <param name="SecondRole">In the second.</param>
/// <param name="OnlyFirst">Branches that only the first computes.</param>
/// <param name="OnlySecond">Branches that only the second computes.</param>
public sealed record EvaluationDiff(
    int Evaluation, string FirstRole, string SecondRole, IReadOnlyList<int> OnlyFirst, IReadOnlyList<int> OnlySecond);

/// <summary>Where two schedules differ. Branch 2b is the attention of block b, 2b + 1 its MLP.</summary>
/// <param name="First">Path of the first.</param>
/// <param name="Second">Path of the second.</param>
/// <param name="FirstReused">Branches that the first does not compute.</param>
/// <param name="SecondReused">Branches that the second does not compute.</param>
/// <param name="BothReused">Branches that neither computes.</param>
/// <param name="Differing">Branches that one computes and the other does not.</param>
/// <param name="DroppingDiffers">Whether of a branch that neither computes one drops it and the other does not.</param>
/// <param name="ForecastsDiffer">Whether one forecasts a branch that the other does not compute and does not forecast alike.</param>
/// <param name="Evaluations">Those that differ, in branches or role.</param>
public sealed record ScheduleDiff(
    string First,
    string Second,
    int FirstReused,
    int SecondReused,
    int BothReused,
    int Differing,
    bool DroppingDiffers,
    bool ForecastsDiffer,
    IReadOnlyList<EvaluationDiff> Evaluations)
{
    /// <summary>Whether one replaces a segment with a branch that the other does not compute and does not replace alike.</summary>
    public bool SegmentsDiffer { get; init; }

    /// <summary>Path of the picture that was drawn of it; null for none.</summary>
    public string? Plot { get; init; }

    /// <summary>Compares two schedules.</summary>
    /// <exception cref="RequestException">They are for another number of evaluations or branches.</exception>
    public static ScheduleDiff Of(InspectedSchedule first, InspectedSchedule second)
    {
        CacheSchedule a = first.Schedule, b = second.Schedule;
        if ((a.Evaluations, a.Branches) != (b.Evaluations, b.Branches))
        {
            throw new RequestException(
                $"{first.File} has {a.Evaluations} evaluations of {a.Branches} branches, {second.File} {b.Evaluations} of {b.Branches}; "
                + "compare schedules of the same size");
        }

        EvaluationDiff[] all = [.. Enumerable.Range(0, a.Evaluations).Select(e => new EvaluationDiff(
            e, Role(a, e), Role(b, e), Only(a, b, e), Only(b, a, e)))];
        int differing = all.Sum(e => e.OnlyFirst.Count + e.OnlySecond.Count);
        return new ScheduleDiff(
            first.File,
            second.File,
            a.SkippedBranches,
            b.SkippedBranches,
            (a.SkippedBranches + b.SkippedBranches - differing) / 2,
            differing,
            Differs(a, b, BranchAction.Drop),
            Differs(a, b, BranchAction.Forecast),
            [.. all.Where(e => e.OnlyFirst.Count + e.OnlySecond.Count > 0 || e.FirstRole != e.SecondRole)])
        {
            SegmentsDiffer = Differs(a, b, BranchAction.Segment),
        };
    }

    private static string Role(CacheSchedule schedule, int evaluation) => schedule.Role(evaluation) == EvaluationRole.Refresh ? "refresh" : "cache";

    /// <summary>Whether anything that neither computes contributes something else, with that action in one of them.</summary>
    private static bool Differs(CacheSchedule a, CacheSchedule b, BranchAction action) =>
        (from e in Enumerable.Range(0, a.Evaluations)
         from branch in Enumerable.Range(0, a.Branches)
         where !a.Computes(e, branch) && !b.Computes(e, branch) && (a.Action(e, branch) == action || b.Action(e, branch) == action)
         select !HaveSameTerms(a, b, e, branch)).Any(differs => differs);

    /// <summary>Whether the same terms stand for a branch that neither computes, its own or those of its segment.</summary>
    internal static bool HaveSameTerms(CacheSchedule a, CacheSchedule b, int evaluation, int branch)
    {
        return a.Terms(evaluation, branch).SequenceEqual(b.Terms(evaluation, branch)) && Segment(a) == Segment(b);

        SegmentReplacement? Segment(CacheSchedule schedule) => schedule.ReplacedIn(evaluation).FirstOrDefault(r => r.Segment.Contains(branch));
    }

    private static int[] Only(CacheSchedule one, CacheSchedule other, int evaluation) =>
        [.. Enumerable.Range(0, one.Branches).Where(b => one.Computes(evaluation, b) && !other.Computes(evaluation, b))];
}
