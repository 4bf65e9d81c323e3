using L2c.Model.Accounting;
using L2c.Model.Caching;

namespace L2c;

/// <summary>One branch in one evaluation. All rows of the batch.</summary>
/// <param name="Action">"compute", "reuse", "forecast", "segment" for a branch of a replaced segment, or "drop".</param>
/// <param name="Work">What its ops do.</param>
/// <param name="Saved">What they do less than in the run that computes every branch; see <see cref="WorkRows"/>.</param>
public sealed record BranchCell(string Action, OpWork Work, OpWork Saved);

/// <summary>One evaluation without what was done ahead for several of them.</summary>
/// <param name="Evaluation">Its number.</param>
/// <param name="Computed">Branches that it computes.</param>
/// <param name="Skipped">Branches that it reuses or drops.</param>
/// <param name="Work">What its ops do.</param>
/// <param name="Saved">See <see cref="BranchCell"/>.</param>
/// <param name="Branches">By branch: 2 block is a block's attention, 2 block + 1 its MLP.</param>
public sealed record EvaluationWork(int Evaluation, int Computed, int Skipped, OpWork Work, OpWork Saved, IReadOnlyList<BranchCell> Branches);

/// <summary>One branch over all evaluations.</summary>
/// <param name="Branch">As "block 3 mlp"; "outside" what belongs to no branch, "ahead" modulations of several evaluations.</param>
/// <param name="Computed">Evaluations that compute it.</param>
/// <param name="Skipped">Evaluations that reuse or drop it.</param>
/// <param name="Work">What its ops do.</param>
/// <param name="Saved">See <see cref="BranchCell"/>.</param>
public sealed record BranchWork(string Branch, int Computed, int Skipped, OpWork Work, OpWork Saved);

/// <summary>MACs and bytes of a run by evaluation and by branch, done and saved.</summary>
/// <param name="Total">The whole run.</param>
/// <param name="WithoutCaching">The same run, planned as fully, with every branch computed.</param>
/// <param name="Evaluations">In sampling order.</param>
/// <param name="Branches">In order of the network, then what lies outside, then what was done ahead. They add up to <paramref name="Total"/>.</param>
/// <remarks>
/// "Saved" is the difference to the same place in the run without caching, so that everything adds up. A norm also carries out the additions that
/// wait for it: behind skipped branches they are more, and a computed branch or the output layer can show bytes below 0. MACs have no such effect.
/// </remarks>
public sealed record WorkRows(
    OpWork Total, OpWork WithoutCaching, IReadOnlyList<EvaluationWork> Evaluations, IReadOnlyList<BranchWork> Branches)
{
    /// <summary>Collects the rows.</summary>
    /// <param name="schedule">The run's schedule.</param>
    /// <param name="run">The run's work.</param>
    /// <param name="full">The work of the same run with every branch computed.</param>
    public static WorkRows Of(CacheSchedule schedule, RunWork run, RunWork full)
    {
        int[] evaluations = [.. Enumerable.Range(0, schedule.Evaluations)], branches = [.. Enumerable.Range(0, schedule.Branches)];
        return new WorkRows(
            run.Total,
            full.Total,
            [.. evaluations.Select(e => new EvaluationWork(
                e,
                schedule.Branches - schedule.Skipped(e),
                schedule.Skipped(e),
                run.Evaluation(e),
                full.Evaluation(e) - run.Evaluation(e),
                [.. branches.Select(b => new BranchCell(Word(schedule.Action(e, b)), run.Of(e, b), full.Of(e, b) - run.Of(e, b)))]))],
            [
                .. branches.Select(b => Row(CacheSchedule.BranchName(b), b, evaluations.Count(e => schedule.Computes(e, b)))),
                Row("outside", -1, evaluations.Length),
                new BranchWork("ahead", 0, 0, run.Ahead, full.Ahead - run.Ahead),
            ]);

        BranchWork Row(string name, int branch, int computed)
        {
            OpWork work = OpWork.Sum(evaluations.Select(e => run.Of(e, branch)));
            return new BranchWork(
                name, computed, evaluations.Length - computed, work, OpWork.Sum(evaluations.Select(e => full.Of(e, branch))) - work);
        }
    }

    private static string Word(BranchAction action) => action switch
    {
        BranchAction.Compute => "compute",
        BranchAction.Reuse => "reuse",
        BranchAction.Forecast => "forecast",
        BranchAction.Segment => "segment",
        _ => "drop",
    };
}
