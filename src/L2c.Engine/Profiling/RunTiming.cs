using L2c.Model.Caching;
using L2c.Model.Runs;

namespace L2c;

/// <summary>A batch of a job in turn with the same labels and noise under another plan.</summary>
internal static class RunTiming
{
    /// <summary>Plans both runs and times them: contestant 0 is the job, 1 the reference.</summary>
    /// <param name="model">The loaded model.</param>
    /// <param name="job">What is timed; its labels and noise are the inputs of both.</param>
    /// <param name="reference">Sampler and batch of the other run.</param>
    /// <param name="schedule">Schedule of the other run.</param>
    /// <param name="rounds">Rounds that are timed; an odd number is raised by one, so that each run goes first equally often.</param>
    /// <param name="warmUp">Rounds before them that are not.</param>
    /// <param name="context">For progress and cancellation.</param>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public static InterleavedTiming Measure(
        LoadedModel model, SampleJob job, SampleJob reference, CacheSchedule schedule, int rounds, int warmUp, TaskContext context)
    {
        rounds = InterleavedTiming.Balanced(rounds, contestants: 2);
        using SamplingRun run = job.Plan(model, job.Schedule), other = reference.Plan(model, schedule);
        Action step = context.Begin($"timing, {rounds} rounds", 2 * (rounds + warmUp));
        return InterleavedTiming.Measure([() => Run(run), () => Run(other)], rounds, warmUpRounds: warmUp, cancel: context.Cancel);

        void Run(SamplingRun planned)
        {
            job.RunFirst(planned, null, context.Cancel);
            step();
        }
    }
}
