using L2c.Model.Caching;

namespace L2c.Bench.Experiment;

/// <summary>Times of rows, each in turn with the uncached run.</summary>
/// <param name="settings">Of the experiment.</param>
/// <param name="folder">Its folder.</param>
/// <param name="model">The model.</param>
/// <param name="context">For progress and cancellation.</param>
internal sealed class ExperimentTimes(ExperimentSettings settings, ExperimentFolder folder, LoadedModel model, TaskContext context)
{
    /// <summary>A row's time over that of the uncached run.</summary>
    public static PairedRatio Read(ExperimentRow row, ExperimentFolder folder) => folder.Read<PairedRatio>(FileOf(row))
        ?? throw new RequestException($"{row.Method} {row.Parameter} has not been timed; run the stage times first");

    /// <summary>Measures a row, if it has not been measured.</summary>
    /// <param name="row">The row.</param>
    public void Complete(ExperimentRow row)
    {
        if (folder.Read<PairedRatio>(FileOf(row)) is not null)
        {
            return;
        }

        (SampleJob job, CacheSchedule schedule) = ExperimentSampling.Of(row, settings, folder, model);
        SampleJob uncached = new(ExperimentSampling.Request(settings, settings.Steps), model.Architecture, model.Choice);
        using var run = job.Plan(model, schedule);
        using var reference = uncached.Plan(model, uncached.FullSchedule);
        int rounds = InterleavedTiming.Balanced(settings.Rounds, contestants: 2);
        Action step = context.Begin($"time of {row.Method} {row.Parameter}", 2 * (rounds + InterleavedTiming.DefaultWarmUp));
        var timing = InterleavedTiming.Measure([() => Run(job, run), () => Run(uncached, reference)], rounds, cancel: context.Cancel);
        bool identical = row.Steps == settings.Steps && schedule.ComputesAll;
        folder.Write(PairedRatio.Of(timing, 0, 1, identical), FileOf(row));

        void Run(SampleJob of, Model.Runs.SamplingRun planned)
        {
            of.RunFirst(planned, null, context.Cancel);
            step();
        }
    }

    private static string[] FileOf(ExperimentRow row) => ["times", $"{row.File}.json"];
}
