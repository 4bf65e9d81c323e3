using System.Diagnostics;
using L2c.Cli.Inspection;
using L2c.Cli.Output;
using L2c.Cli.Profiling;
using L2c.Model.Caching;
using L2c.Model.Dit;
using L2c.Model.Sampling;

namespace L2c.Cli.Sampling;

/// <summary>Samples and measurements of a finished job.</summary>
/// <param name="Samples">[N,C,H,W].</param>
/// <param name="Trajectory">Per evaluation the state after it, [N,C,H,W]; empty unless asked for.</param>
/// <param name="EvaluationMs">
/// Median wall time of an evaluation of a full batch, sampler update included; where a batch is one sequence, over the batches' means.
/// </param>
/// <param name="SampleMs">Wall time of planning and all evaluations.</param>
/// <param name="PlanMs">Part of it: planning the run of a full batch.</param>
/// <param name="StartMs">From the start of the process to the start of its first evaluation.</param>
/// <param name="RunBytes">Largest memory of a run beside the weights.</param>
/// <param name="CacheBytes">Part of it that keeps branch outputs for later evaluations.</param>
internal sealed record SampleResult(
    float[] Samples, float[][] Trajectory, double EvaluationMs, double SampleMs, double PlanMs, double StartMs, long RunBytes, long CacheBytes);

/// <summary>Runs a job batch by batch.</summary>
internal static class SampleRun
{
    /// <summary>Samples all images.</summary>
    /// <param name="job">What to do.</param>
    /// <param name="schedule">Which branches are computed.</param>
    /// <param name="keepStates">Whether the state after every evaluation is kept.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="terminal">For progress and cancellation.</param>
    /// <exception cref="OperationCanceledException">The user stopped it.</exception>
    public static SampleResult Execute(SampleJob job, CacheSchedule schedule, bool keepStates, DitModel model, Terminal terminal)
    {
        Stopwatch clock = Stopwatch.StartNew();
        int evaluations = job.Sampler.Steps.Count;
        float[] samples = new float[job.Count * job.ElementsPerImage];
        float[][] trajectory = keepStates ? [.. Enumerable.Range(0, evaluations).Select(_ => new float[samples.Length])] : [];
        List<double> milliseconds = new(job.Batches * evaluations);
        long runBytes = 0, cacheBytes = 0;
        double planMs = 0, startMs = 0;
        string title = $"{Units.Of(job.Count, "image")}, {Units.Of(evaluations, "step")}";
        int stepsPerBatch = job.Options.OneSequence ? 1 : evaluations;
        ProgressBar.Run(terminal, job.Request.ShowProgress, title, job.Batches * stepsPerBatch, step =>
        {
            SamplingRun? run = null;
            try
            {
                for (int first = 0; first < job.Count; first += job.Batch)
                {
                    int images = Math.Min(job.Batch, job.Count - first);
                    if (run?.Images != images)
                    {
                        run?.Dispose();
                        long began = Stopwatch.GetTimestamp();
                        run = SamplingRun.Plan(model, job.Sampler, schedule, images, job.Options);
                        (planMs, startMs) = first == 0 ? (Stopwatch.GetElapsedTime(began).TotalMilliseconds, ProcessMs()) : (planMs, startMs);
                        (runBytes, cacheBytes) = (Math.Max(runBytes, run.RunBytes), Math.Max(cacheBytes, run.CacheBytes));
                    }

                    RunBatch(job, run, first, samples, trajectory, milliseconds, step, terminal.Cancel);
                }
            }
            finally
            {
                run?.Dispose();
            }
        });
        return new SampleResult(samples, trajectory, Median.Of(milliseconds), clock.Elapsed.TotalMilliseconds, planMs, startMs, runBytes, cacheBytes);
    }

    // The system tells the start to hundredths of a second.
    private static double ProcessMs()
    {
        using var process = Process.GetCurrentProcess();
        return (DateTime.Now - process.StartTime).TotalMilliseconds;
    }

    private static void RunBatch(
        SampleJob job, SamplingRun run, int first, float[] samples, float[][] trajectory,
        List<double> milliseconds, Action step, CancellationToken cancel)
    {
        int start = first * job.ElementsPerImage;
        int length = run.Images * job.ElementsPerImage;
        bool full = run.Images == job.Batch;
        long began = Stopwatch.GetTimestamp();

        // Nothing can be told of the evaluations of a run of one sequence.
        Action<int>? afterEvaluation = run.Options.OneSequence ? null : AfterEvaluation;
        run.Run(job.Labels.AsSpan(first, run.Images), (float)job.CfgScale, job.Noise(first), afterEvaluation, cancel: cancel);
        if (run.Options.OneSequence)
        {
            Note(run.Schedule.Evaluations);
            step();
        }

        run.ReadState(samples.AsSpan(start, length));

        void AfterEvaluation(int evaluation)
        {
            run.Model.Device.Synchronize();
            Note(1);
            if (trajectory.Length > 0)
            {
                run.ReadState(trajectory[evaluation].AsSpan(start, length));
            }

            step();
            began = Stopwatch.GetTimestamp();
        }

        void Note(int evaluations)
        {
            if (full)
            {
                milliseconds.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds / evaluations);
            }
        }
    }
}
