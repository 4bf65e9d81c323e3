using System.Text.Json.Serialization;
using L2c.Model.Caching;
using L2c.Model.Planning;

namespace L2c;

/// <summary>Evaluations of the network that planning took: of one image each, both halves of guidance counted once.</summary>
/// <param name="Times">To measure ops.</param>
/// <param name="Errors">To measure what each decision does to the samples.</param>
/// <param name="Choice">To measure the schedules that were found.</param>
/// <param name="Check">To check the one that was chosen: error and time.</param>
public sealed record PlanPasses(long Times, long Errors, long Choice, long Check)
{
    /// <summary>All of them.</summary>
    public long Total => Times + Errors + Choice + Check;
}

/// <summary>A schedule that was considered.</summary>
/// <param name="Grouping">How the search divided its decisions, see <see cref="BranchGrouping"/>.</param>
/// <param name="Predictors">What may stand in for a branch, as <c>reuse, polynomial 1</c>.</param>
/// <param name="TimeRatio">Predicted time over that of the uncached run.</param>
/// <param name="AdditiveError">Relative L2 by the sum of its decisions' errors, see <see cref="DecisionErrors"/>.</param>
/// <param name="Error">Relative L2 on as many images as decisions were measured on, of other noise; null where it is not finite.</param>
/// <param name="Schedule">The schedule.</param>
public sealed record PlanCandidate(
    string Grouping, string Predictors, double TimeRatio, double AdditiveError, double? Error, [property: JsonIgnore] CacheSchedule Schedule);

/// <summary>A schedule for a budget, what was predicted of it, and what was measured.</summary>
public sealed record PlanResult
{
    /// <inheritdoc cref="BenchResult.Facts"/>
    public required RunFacts Facts { get; init; }

    /// <summary>One of <see cref="Model.Samplers.SamplerCatalog.Names"/>.</summary>
    public required string Sampler { get; init; }

    /// <summary>Evaluations of a run.</summary>
    public required int Evaluations { get; init; }

    /// <summary>Images of the batch that was timed.</summary>
    public required int Images { get; init; }

    /// <summary>Guidance scale; 1 for none.</summary>
    public required double CfgScale { get; init; }

    /// <summary>Share of the uncached time that was asked for.</summary>
    public required double Budget { get; init; }

    /// <summary>The least share that any schedule takes here: everything is reused after the first evaluation.</summary>
    public required double LeastTimeRatio { get; init; }

    /// <summary>The schedule: that of the first candidate.</summary>
    [JsonIgnore]
    public CacheSchedule Schedule => Candidates[0].Schedule;

    /// <summary>Branches of the run that are computed.</summary>
    public int Computed => Schedule.Count(BranchAction.Compute);

    /// <summary>Branches that take their latest output.</summary>
    public int Reused => Schedule.Count(BranchAction.Reuse);

    /// <summary>Branches that are forecast from several outputs.</summary>
    public int Forecast => Schedule.Count(BranchAction.Forecast);

    /// <summary>Evaluations that compute everything.</summary>
    public int Refreshes => Enumerable.Range(0, Schedule.Evaluations).Count(e => Schedule.Role(e) == EvaluationRole.Refresh);

    /// <summary>Multiply-accumulates over those of the uncached run.</summary>
    public required double MacRatio { get; init; }

    /// <summary>Memory of kept outputs.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>Predicted time over that of the uncached run.</summary>
    public double PredictedTimeRatio => Candidates[0].TimeRatio;

    /// <summary>Measured time over that of the uncached run, both in turn.</summary>
    public required PairedRatio Time { get; init; }

    /// <summary>Relative L2 of the samples that was predicted: measured on the images that the schedule was chosen by; null where it is not
    /// finite.</summary>
    public double? PredictedError => Candidates[0].Error;

    /// <summary>Relative L2 of samples from other noise: |cached - uncached| / |uncached|; null where it is not finite.</summary>
    public required double? RelativeL2 { get; init; }

    /// <summary>Relative L2 by the sum of the decisions' errors alone.</summary>
    public double AdditiveError => Candidates[0].AdditiveError;

    /// <summary>Images that errors were measured on.</summary>
    public required int Count { get; init; }

    /// <summary>Other images that <see cref="RelativeL2"/> is of.</summary>
    public required int CheckCount { get; init; }

    /// <summary>What it took.</summary>
    public required PlanPasses Passes { get; init; }

    /// <summary>What was considered, the best first.</summary>
    public required IReadOnlyList<PlanCandidate> Candidates { get; init; }

    /// <summary>The schedule as <c>--cache FILE.json</c> reads it.</summary>
    public byte[] ScheduleText() => ScheduleJson.From(Schedule, Facts.Model, Sampler).ToUtf8();
}
