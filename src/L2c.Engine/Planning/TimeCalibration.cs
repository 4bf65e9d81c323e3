using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Runs;

namespace L2c;

/// <summary>Measures a <see cref="TimeModel"/>: runs of <see cref="PlanSchedules.TimeCalibration"/> in turn, whole and op by op.</summary>
internal static class TimeCalibration
{
    private const int Rounds = 5, WarmUpRounds = 1;

    /// <summary>Measures.</summary>
    /// <param name="job">The batch.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="passes">Counts the evaluations of the network.</param>
    /// <param name="context">For progress and cancellation.</param>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public static TimeModel Measure(SampleJob job, LoadedModel model, PassCount passes, TaskContext context)
    {
        CacheSchedule[] schedules = PlanSchedules.TimeCalibration(job);
        List<SamplingRun> runs = [];
        try
        {
            Array.ForEach(schedules, schedule => runs.Add(job.Plan(model, schedule)));
            ProfileRecorder[] recorders = [.. runs.Select(run => new ProfileRecorder(run.Ops, Rounds, WarmUpRounds))];
            Action step = context.Begin("time per op", 2 * runs.Count * (Rounds + WarmUpRounds));
            Action[] contestants = [.. runs.Select<SamplingRun, Action>(run => () => Run(run, null)), .. runs.Zip(recorders, Observed)];
            InterleavedTiming timing = InterleavedTiming.Measure(contestants, Rounds, warmUpRounds: WarmUpRounds, cancel: context.Cancel);
            OpTimes times = new([.. recorders.SelectMany(recorder => recorder.Ops.Select((op, i) => (op, recorder.MedianMs(i))))]);
            return new TimeModel(
                times,
                schedule => job.OnPaper(model.Device, schedule).Ops,
                schedules[0],
                [.. Enumerable.Range(1, runs.Count - 1).Select(i => (schedules[i], Quartiles.Of(timing.Ratios(i, 0)).Median))]);

            void Run(SamplingRun run, RunObserver? observer)
            {
                job.RunFirst(run, observer, context.Cancel);
                passes.Add(job.Batch, schedules[0].Evaluations);
                step();
            }

            Action Observed(SamplingRun run, ProfileRecorder recorder) => () =>
            {
                recorder.NextRun();
                Run(run, (in OpInfo _, long start, long end) => recorder.Record(start, end));
            };
        }
        finally
        {
            runs.ForEach(run => run.Dispose());
        }
    }
}
