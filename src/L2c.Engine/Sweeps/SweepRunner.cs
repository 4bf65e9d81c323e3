using System.Diagnostics;
using System.Globalization;
using L2c.Model.Metrics;

namespace L2c;

/// <summary>Runs the rows of a plan that a table lacks.</summary>
/// <param name="plan">What to run.</param>
/// <param name="model">The model.</param>
/// <param name="data">What distances are to.</param>
/// <param name="table">Receives the rows.</param>
/// <param name="context">For progress and cancellation.</param>
internal sealed class SweepRunner(SweepPlan plan, LoadedModel model, IImageSet data, SweepTable table, TaskContext context)
{
    private const int TimedRounds = 10;

    private FrechetMeter? _meter;
    private float[]? _uncached;

    /// <summary>Runs the rows from <see cref="SweepRequest.First"/> to <see cref="SweepRequest.Last"/> that are missing.</summary>
    /// <exception cref="OperationCanceledException">The task was cancelled; the rows that are done are in the table.</exception>
    public void Run()
    {
        (int Number, SweepRow Row)[] missing =
        [
            .. plan.Rows.Select((row, i) => (i + 1, row))
                .Where(entry => entry.Item1 >= plan.Request.First && entry.Item1 <= plan.Request.Last && table.Find(entry.row) is null),
        ];
        long left = missing.Sum(entry => entry.Row.Macs), done = 0;
        Stopwatch clock = Stopwatch.StartNew();
        foreach ((int number, SweepRow row) in missing)
        {
            long began = Stopwatch.GetTimestamp();
            context.Remark($"row {number} of {plan.Rows.Count}: {row.Name}");
            SweepRecord record = Measure(row);
            table.Add(record);
            (left, done) = (left - row.Macs, done + row.Macs);
            var rest = TimeSpan.FromSeconds(clock.Elapsed.TotalSeconds / done * left);
            context.Remark(string.Create(
                CultureInfo.InvariantCulture,
                $"  distance {record.Frechet:0.0000} ({record.FrechetLow:0.0000} .. {record.FrechetHigh:0.0000}), ")
                + string.Create(
                    CultureInfo.InvariantCulture,
                    $"time x {record.TimeRatio:0.000} ({record.TimeRatioLow:0.000} .. {record.TimeRatioHigh:0.000}), ")
                + $"in {Duration(Stopwatch.GetElapsedTime(began))}" + (left > 0 ? $"; about {Duration(rest)} left" : ""));
        }
    }

    private SweepRecord Measure(SweepRow row)
    {
        (double ms, PairedRatio ratio) = Time(row);
        SweepRecord? same = plan.Rows.Where(other => other.SamplesAs(row)).Select(table.Find).FirstOrDefault(record => record is not null);
        same ??= Figures(row);
        return same with
        {
            Rule = row.Rule,
            Parameter = row.Parameter,
            Steps = row.Steps,
            Macs = row.Macs,
            MacRatio = (double)row.Macs / plan.Uncached.Macs,
            Ms = ms,
            TimeRatio = ratio.TimeRatio,
            TimeRatioLow = ratio.TimeRatioLow,
            TimeRatioHigh = ratio.TimeRatioHigh,
        };
    }

    /// <summary>What depends on the samples alone.</summary>
    private SweepRecord Figures(SweepRow row)
    {
        if (_meter is null)
        {
            _meter = new FrechetMeter(data, plan.Request.DataCount, new RandomFeatures(model.Choice.Threads, context), model.Choice.Threads, model.Choice.Memory, context);
            _meter.WarnOfFew(plan.Uncached.Job.Count, "the samples of each row");
        }

        _uncached ??= Sample(plan.Uncached.Job);
        float[] samples = row.SamplesAs(plan.Uncached) ? _uncached : Sample(row.Job);
        FrechetEstimate estimate = _meter.Of(samples, row.Name);
        return new SweepRecord(
            row.Rule, row.Parameter, row.Steps, row.Macs, 0, 0, 0, estimate.Distance, estimate.Low, estimate.High,
            Comparison.RelativeDistance(samples, _uncached), Comparison.PeakSignalToNoise(samples, _uncached));
    }

    private float[] Sample(SampleJob job) => SampleRun.Execute(job, job.Schedule, keepStates: false, model, context).Samples;

    /// <summary>A full batch against the same batch without caching, in turn: milliseconds per image, and the ratio.</summary>
    private (double Ms, PairedRatio Ratio) Time(SweepRow row)
    {
        SampleJob uncached = plan.Uncached.Job;
        InterleavedTiming timing = RunTiming.Measure(
            model, row.Job, uncached, uncached.Schedule, TimedRounds, InterleavedTiming.DefaultWarmUp, context);
        return (timing.MedianMs(0) / row.Job.Batch, PairedRatio.Of(timing, 0, 1));
    }

    private static string Duration(TimeSpan time) => time switch
    {
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min"),
    };
}
