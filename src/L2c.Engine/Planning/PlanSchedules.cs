using L2c.Model.Caching;

namespace L2c;

/// <summary>The schedules that a planner measures before it makes one.</summary>
internal static class PlanSchedules
{
    /// <summary>The cheapest that there is: the first evaluation computes everything, the others reuse it.</summary>
    public static CacheSchedule Least(SampleJob job) => CacheSchedule.Reusing(
        [.. Enumerable.Range(0, job.Sampler.Evaluations.Count).Select(e => e == 0 ? EvaluationRole.Refresh : EvaluationRole.Cache)],
        job.Architecture.Branches,
        (_, _) => true);

    /// <summary>
    /// What the times of ops are measured on: everything computed, the least, and one in between whose residual passes have one term and several.
    /// </summary>
    public static CacheSchedule[] TimeCalibration(SampleJob job)
    {
        EvaluationRole[] alternating =
            [.. Enumerable.Range(0, job.Sampler.Evaluations.Count).Select(e => e % 2 == 0 ? EvaluationRole.Refresh : EvaluationRole.Cache)];
        CacheSchedule mixed = CacheSchedule.Reusing(alternating, job.Architecture.Branches, (e, b) => ((e / 2) + (b / 3)) % 2 == 0);
        return [job.FullSchedule, Least(job), mixed];
    }
}
