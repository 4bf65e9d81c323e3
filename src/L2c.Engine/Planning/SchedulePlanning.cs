using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Runs;

namespace L2c;

/// <summary>From a budget to a schedule that has been checked: its error on other noise, its time in turn with the uncached run's.</summary>
internal static class SchedulePlanning
{
    /// <summary>Plans, and measures what was planned.</summary>
    /// <param name="job">What was asked for.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="time">How long runs take; null to measure it.</param>
    /// <param name="context">For progress and cancellation.</param>
    /// <exception cref="RequestException">No schedule takes as little as the budget, or samples are not finite.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public static PlanResult Run(PlanJob job, LoadedModel model, TimeModel? time, TaskContext context)
    {
        PassCount times = new(), check = new();
        SampleJob sample = job.Sample;
        time ??= TimeCalibration.Measure(sample, model, times, context);
        double least = time.Ratio(PlanSchedules.Least(sample));
        SchedulePlanner.RequireReachable(job.Request.Budget, least);
        SchedulePlanner planner = new(job, model, time, context);
        PlanCandidate[] candidates = planner.Find(job.Request.Budget);
        CacheSchedule chosen = candidates[0].Schedule;
        double? error = new SampleErrors(job, model, job.FirstToCheck, job.Request.CheckCount, check, context).Of(chosen);
        PairedRatio measured = Measure(job, model, chosen, check, context);
        RunCost cost = new(chosen, NetworkCost.Of(sample.Architecture));
        return new PlanResult
        {
            Facts = model.Facts,
            Sampler = sample.Sampler.Name,
            Evaluations = chosen.Evaluations,
            Images = sample.Batch,
            CfgScale = sample.CfgScale,
            Budget = job.Request.Budget,
            LeastTimeRatio = least,
            MacRatio = (double)cost.MacsAfter / cost.MacsBefore,
            CacheBytes = sample.OnPaper(model.Device, chosen).CacheBytes,
            Time = measured,
            RelativeL2 = error,
            Count = job.Count,
            CheckCount = job.Request.CheckCount,
            Passes = new PlanPasses(times.Total, planner.ErrorPasses.Total, planner.ChoicePasses.Total, check.Total),
            Candidates = candidates,
        };
    }

    private static PairedRatio Measure(PlanJob job, LoadedModel model, CacheSchedule schedule, PassCount passes, TaskContext context)
    {
        SampleJob sample = job.Sample;
        int rounds = InterleavedTiming.Balanced(job.Request.Rounds, contestants: 2), warmUp = job.Request.WarmUp;
        using SamplingRun planned = sample.Plan(model, schedule), uncached = sample.Plan(model, sample.FullSchedule);
        Action step = context.Begin($"timing, {rounds} rounds", 2 * (rounds + warmUp));
        var timing = InterleavedTiming.Measure([() => Run(planned), () => Run(uncached)], rounds, warmUpRounds: warmUp, cancel: context.Cancel);
        return PairedRatio.Of(timing, 0, 1, identicalPlans: schedule.ComputesAll);

        void Run(SamplingRun run)
        {
            sample.RunFirst(run, null, context.Cancel);
            passes.Add(sample.Batch, schedule.Evaluations);
            step();
        }
    }
}
