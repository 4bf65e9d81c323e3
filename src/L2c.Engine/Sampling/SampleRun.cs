using System.Diagnostics;
using L2c.Model.Caching;
using L2c.Model.Runs;

namespace L2c;

/// <summary>What came of the batches of a job.</summary>
/// <param name="Samples">[N,C,H,W].</param>
/// <param name="States">Per evaluation the state after it, [N,C,H,W]; empty unless asked for.</param>
/// <param name="Times">Of the run; loading is not in them.</param>
/// <param name="RunBytes">Largest memory of a run beside the weights.</param>
/// <param name="CacheBytes">Part of it that keeps branch outputs for later evaluations.</param>
internal sealed record RunOutput(float[] Samples, float[][] States, SampleTimes Times, long RunBytes, long CacheBytes);

/// <summary>Runs a job batch by batch.</summary>
internal sealed class SampleRun
{
    private readonly SampleJob _job;
    private readonly TaskContext _context;
    private readonly float[] _samples;
    private readonly float[][] _states;
    private readonly List<double> _milliseconds = [];
    private readonly Action _step;

    private SampleRun(SampleJob job, bool keepStates, TaskContext context)
    {
        (_job, _context) = (job, context);
        int evaluations = job.Sampler.Evaluations.Count;
        _samples = new float[job.Count * job.ElementsPerImage];
        _states = keepStates ? [.. Enumerable.Range(0, evaluations).Select(_ => new float[_samples.Length])] : [];
        string images = job.Count == 1 ? "1 image" : $"{job.Count} images", steps = evaluations == 1 ? "1 step" : $"{evaluations} steps";
        _step = context.Begin($"{images}, {steps}", job.Batches * (job.Options.OneSequence ? 1 : evaluations));
    }

    /// <summary>Samples all images.</summary>
    /// <param name="job">What to do.</param>
    /// <param name="schedule">Which branches are computed.</param>
    /// <param name="keepStates">Whether the state after every evaluation is kept.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="context">For progress and cancellation.</param>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    public static RunOutput Execute(SampleJob job, CacheSchedule schedule, bool keepStates, LoadedModel model, TaskContext context) =>
        new SampleRun(job, keepStates, context).Execute(schedule, model);

    private RunOutput Execute(CacheSchedule schedule, LoadedModel model)
    {
        Stopwatch clock = Stopwatch.StartNew();
        long runBytes = 0, cacheBytes = 0;
        double planMs = 0, startMs = 0;
        SamplingRun? run = null;
        try
        {
            for (int first = 0; first < _job.Count; first += _job.Batch)
            {
                int images = Math.Min(_job.Batch, _job.Count - first);
                if (run?.Images != images)
                {
                    run?.Dispose();
                    long began = Stopwatch.GetTimestamp();
                    run = _job.Plan(model, schedule, images);
                    (planMs, startMs) = first == 0 ? (Stopwatch.GetElapsedTime(began).TotalMilliseconds, ProcessMs()) : (planMs, startMs);
                    (runBytes, cacheBytes) = (Math.Max(runBytes, run.RunBytes), Math.Max(cacheBytes, run.CacheBytes));
                }

                RunBatch(run, first);
            }
        }
        finally
        {
            run?.Dispose();
        }

        SampleTimes times = new(
            Math.Round(startMs),
            Math.Round(clock.Elapsed.TotalMilliseconds, 3),
            Math.Round(planMs, 3),
            Math.Round(Quartiles.Of(_milliseconds).Median, 3));
        return new RunOutput(_samples, _states, times, runBytes, cacheBytes);
    }

    // The system tells the start to hundredths of a second.
    private static double ProcessMs()
    {
        using var process = Process.GetCurrentProcess();
        return (DateTime.Now - process.StartTime).TotalMilliseconds;
    }

    private void RunBatch(SamplingRun run, int first)
    {
        int start = first * _job.ElementsPerImage, length = run.Images * _job.ElementsPerImage;
        double milliseconds = 0; // in evaluations: reading states does not count
        long began = Stopwatch.GetTimestamp();

        // Nothing can be told of the evaluations of a run of one sequence.
        Action<int>? afterEvaluation = run.Options.OneSequence ? null : AfterEvaluation;
        run.Run(_job.Labels.AsSpan(first, run.Images), (float)_job.CfgScale, _job.Noise(first), afterEvaluation, cancel: _context.Cancel);
        if (run.Options.OneSequence)
        {
            milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            _step();
        }

        run.ReadState(_samples.AsSpan(start, length));
        if (run.Images == _job.Batch)
        {
            _milliseconds.Add(milliseconds / run.Schedule.Evaluations);
        }

        void AfterEvaluation(int evaluation)
        {
            run.Model.Device.Synchronize();
            milliseconds += Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            if (_states.Length > 0)
            {
                run.ReadState(_states[evaluation].AsSpan(start, length));
            }

            _step();
            began = Stopwatch.GetTimestamp();
        }
    }
}
