using System.Collections.Immutable;
using L2c.Model.Caching;

namespace L2c.Model.Accounting;

/// <summary>Multiply-accumulates of a sampling run for one image and one half of guidance, with and without its schedule.</summary>
/// <remarks>
/// A branch that is not computed, reused or dropped, saves exactly its own MACs, a replaced segment also those of the long skips that it goes over.
/// "Before" is the same run with every branch computed.
/// </remarks>
public sealed class RunCost
{
    /// <summary>Counts a run.</summary>
    /// <param name="schedule">Which branches are computed.</param>
    /// <param name="network">Of as many blocks as the schedule.</param>
    /// <exception cref="ArgumentException">The schedule is for a network of another depth.</exception>
    public RunCost(CacheSchedule schedule, NetworkCost network)
    {
        schedule.RequireFits(schedule.Evaluations, 2 * network.Blocks);
        PerEvaluation = [.. Enumerable.Range(0, schedule.Evaluations).Select(e => network.Evaluation - Saved(schedule, e, network, network.Branch))];
        MacsBefore = schedule.Evaluations * network.Evaluation;
        MacsAfter = PerEvaluation.Sum();
        MacsBeforeWithoutProducts = MacsBefore - (schedule.Evaluations * network.Blocks * network.AttentionProducts);
        MacsAfterWithoutProducts = MacsBeforeWithoutProducts
            - Enumerable.Range(0, schedule.Evaluations).Sum(e => Saved(schedule, e, network, network.BranchWithoutProducts));
    }

    /// <summary>MACs of each evaluation under the schedule, attention products included.</summary>
    public ImmutableArray<long> PerEvaluation { get; }

    /// <summary>MACs with every branch computed, attention products included.</summary>
    public long MacsBefore { get; }

    /// <summary>MACs under the schedule, attention products included.</summary>
    public long MacsAfter { get; }

    /// <summary>As <see cref="MacsBefore"/>, linear layers only.</summary>
    public long MacsBeforeWithoutProducts { get; }

    /// <summary>As <see cref="MacsAfter"/>, linear layers only.</summary>
    public long MacsAfterWithoutProducts { get; }

    /// <summary>How many times faster a run would be if time were proportional to MACs: before over after, attention products included.</summary>
    public double IdealSpeedup => (double)MacsBefore / MacsAfter;

    private static long Saved(CacheSchedule schedule, int evaluation, NetworkCost network, Func<int, long> macs) =>
        Enumerable.Range(0, schedule.Branches).Where(b => !schedule.Computes(evaluation, b)).Sum(macs)
        + schedule.ReplacedIn(evaluation).Sum(replaced => network.Joins(replaced.Segment));
}
