using L2c.Model.Accounting;
using L2c.Model.Caching;

namespace L2c;

/// <summary>One evaluation of a schedule.</summary>
/// <param name="Role">"refresh" or "cache".</param>
/// <param name="Compute">A character per branch: 1 computed, 0 not.</param>
/// <param name="Actions">A character per branch: <c>#</c> computed, <c>.</c> reused, <c>~</c> forecast, <c>=</c> in a replaced segment,
/// <c>x</c> dropped.</param>
/// <param name="Macs">What it costs, attention products included; null without a network.</param>
public sealed record EvaluationFacts(string Role, string Compute, string Actions, long? Macs);

/// <summary>What a router or a schedule reuses and saves. MACs are for one image and one half of guidance.</summary>
/// <param name="File">Path as given.</param>
/// <param name="Format">Of a schedule file: "l2c-schedule/1", "/2" or "/3", or "smoothcache"; null for a router.</param>
/// <param name="MadeFor">Of a file of our format: what it says that it was made for.</param>
/// <param name="Router">The file's facts; null for a schedule file.</param>
/// <param name="Threshold">Of a router.</param>
/// <param name="Model">The network that it is accounted for, or null.</param>
/// <param name="AlsoFits">Other published models of its depth; null when the model was named.</param>
/// <param name="Steps">Evaluations of a run.</param>
/// <param name="Branches">Of the network.</param>
/// <param name="CacheEvaluations">Evaluations that may reuse.</param>
/// <param name="CacheBranches">Branches of all cache evaluations.</param>
/// <param name="Reused">Of them, not computed.</param>
/// <param name="Dropped">Of those, branches that contribute nothing; null for none.</param>
/// <param name="Forecast">Of those, branches that a sum of kept outputs stands for; null for none.</param>
/// <param name="ReusedAttention">Of those, attention branches.</param>
/// <param name="ReusedMlp">Of those, MLP branches.</param>
/// <param name="ShareOfCacheEvaluations">Reused over the branches of cache evaluations; 0 where there are none.</param>
/// <param name="ShareOfAllEvaluations">Reused over the branches of all evaluations.</param>
/// <param name="MacsBefore">Everything computed, attention products included.</param>
/// <param name="MacsAfter">Under the schedule.</param>
/// <param name="MacsBeforeWithoutProducts">Linear layers only.</param>
/// <param name="MacsAfterWithoutProducts">Linear layers only, under the schedule.</param>
/// <param name="IdealSpeedup">MACs before over after.</param>
/// <param name="Evaluations">Each of them.</param>
public sealed record ScheduleReport(
    string File,
    string? Format,
    ScheduleOrigin? MadeFor,
    TensorFileReport? Router,
    double? Threshold,
    string? Model,
    IReadOnlyList<string>? AlsoFits,
    int Steps,
    int Branches,
    int CacheEvaluations,
    int CacheBranches,
    int Reused,
    int? Dropped,
    int? Forecast,
    int ReusedAttention,
    int ReusedMlp,
    double ShareOfCacheEvaluations,
    double ShareOfAllEvaluations,
    long? MacsBefore,
    long? MacsAfter,
    long? MacsBeforeWithoutProducts,
    long? MacsAfterWithoutProducts,
    double? IdealSpeedup,
    IReadOnlyList<EvaluationFacts> Evaluations)
{
    /// <summary>Of <see cref="Reused"/>, branches of replaced segments; null for none.</summary>
    public int? InSegments { get; init; }

    /// <summary>True where the network is the likeliest one of its depth, because nothing names it; otherwise null.</summary>
    public bool? ModelAssumed { get; init; }

    /// <summary>Blocks that a SmoothCache file was read for, which does not say how many there are; null where they are known.</summary>
    public int? AssumedBlocks { get; init; }

    /// <summary>A line per block; null unless asked for.</summary>
    public IReadOnlyList<ScheduleBlock>? Blocks { get; init; }

    /// <summary>Path of the heat map that was drawn; null for none.</summary>
    public string? Plot { get; init; }

    /// <summary>Collects the facts.</summary>
    /// <param name="inspected">The schedule.</param>
    /// <param name="router">The router file's facts, if it comes from one.</param>
    public static ScheduleReport Of(InspectedSchedule inspected, TensorFileReport? router)
    {
        CacheSchedule schedule = inspected.Schedule;
        RunCost? cost = inspected.Network is { } network ? new RunCost(schedule, NetworkCost.Of(network)) : null;
        int[] skipped = [.. from e in Enumerable.Range(0, schedule.Evaluations)
                            from b in Enumerable.Range(0, schedule.Branches)
                            where !schedule.Computes(e, b)
                            select b % 2];
        return new ScheduleReport(
            inspected.File,
            inspected.Format,
            inspected.MadeFor,
            router,
            inspected.Threshold,
            inspected.Network?.Name,
            inspected.AlsoFits.Count > 0 ? inspected.AlsoFits : null,
            schedule.Evaluations,
            schedule.Branches,
            schedule.CacheBranches / schedule.Branches,
            schedule.CacheBranches,
            skipped.Length,
            Count(BranchAction.Drop),
            Count(BranchAction.Forecast),
            skipped.Count(kind => kind == 0),
            skipped.Count(kind => kind == 1),
            schedule.CacheBranches == 0 ? 0 : (double)skipped.Length / schedule.CacheBranches,
            (double)skipped.Length / (schedule.Evaluations * schedule.Branches),
            cost?.MacsBefore,
            cost?.MacsAfter,
            cost?.MacsBeforeWithoutProducts,
            cost?.MacsAfterWithoutProducts,
            cost?.IdealSpeedup,
            [.. Enumerable.Range(0, schedule.Evaluations).Select(e => new EvaluationFacts(
                schedule.Role(e) == EvaluationRole.Refresh ? "refresh" : "cache",
                string.Concat(Enumerable.Range(0, schedule.Branches).Select(b => schedule.Computes(e, b) ? '1' : '0')),
                schedule.Actions(e),
                cost?.PerEvaluation[e]))])
        {
            InSegments = Count(BranchAction.Segment),
            ModelAssumed = inspected.IsNetworkAssumed ? true : null,
            AssumedBlocks = inspected.AssumedBlocks,
        };

        int? Count(BranchAction action) => schedule.Count(action) is > 0 and var count ? count : null;
    }
}
