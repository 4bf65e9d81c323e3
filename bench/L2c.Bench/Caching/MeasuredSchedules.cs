using System.Globalization;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Caching.Forecasts;
using L2c.Model.Calibration;

namespace L2c.Bench.Caching;

/// <summary>Schedules of the methods that measure before they run: calibrated ones, learned forecasts.</summary>
internal static class MeasuredSchedules
{
    private const string Mask = "interval:4";

    /// <summary>What a calibration makes of thresholds from too small for anything to too large for any, five per cent apart.</summary>
    /// <param name="method">The method.</param>
    /// <param name="table">What it measured.</param>
    /// <remarks>EasyCache computes the first tenth of the evaluations, as published for 50; with that number itself little of a short run would be left
    /// to skip.</remarks>
    public static IEnumerable<(string Threshold, CacheSchedule Schedule)> Of(CalibrationMethod method, CalibrationTable table)
    {
        CalibrationSettings settings = new() { FirstComputed = Math.Max(1, table.Steps / 10) };
        for (double threshold = 1e-4; threshold < 100; threshold *= 1.05)
        {
            string text = threshold.ToString("G3", CultureInfo.InvariantCulture);
            double rounded = double.Parse(text, CultureInfo.InvariantCulture);
            yield return ($"{method.ThresholdName} {text}", method.Decide(table, rounded, settings));
        }
    }

    /// <summary>A schedule of each method: calibrated on one batch at the threshold whose MACs are nearest to half, and fitted to one.</summary>
    /// <param name="model">The model.</param>
    /// <param name="job">An uncached run of one batch.</param>
    /// <param name="cancel">Looked at before every evaluation.</param>
    public static IReadOnlyList<(string Name, CacheSchedule Schedule)> NearHalf(LoadedModel model, SampleJob job, CancellationToken cancel)
    {
        TaskContext context = new(null, cancel);
        int evaluations = job.Sampler.Evaluations.Count;
        List<(string Name, CacheSchedule Schedule)> all = [];
        foreach (CalibrationMethod method in CalibrationMethod.All)
        {
            ICalibrationMeter meter = method.Measure(model.Architecture, evaluations, new CalibrationSettings());
            TrajectoryRun.Execute(job, meter, model, method.Name, context);
            CalibrationTable table = new(
                method.Name, model.Architecture.Name, job.Sampler.Name, evaluations, model.Architecture.Branches, job.Count, meter.Figures);
            (string threshold, CacheSchedule schedule) = Of(method, table).MinBy(made => Math.Abs(MacShare(made.Schedule) - 0.5));
            all.Add(($"`{method.Name}`, {threshold}", schedule));
        }

        CacheSchedule mask = ScheduleRule.Parse(Mask, job.Sampler.Roles, model.Architecture.Branches);
        foreach (int terms in (int[])[2, 3])
        {
            ForecastFit fit = new(mask, terms, model.Architecture, job.Guidance, job.Batch);
            TrajectoryRun.Execute(job, fit.Fitting, model, "forecast", context);
            all.Add(($"`fit-forecast --cache {Mask} --terms {terms}`", fit.Fit()));
        }

        return all;

        double MacShare(CacheSchedule schedule)
        {
            RunCost cost = new(schedule, NetworkCost.Of(model.Architecture));
            return (double)cost.MacsAfter / cost.MacsBefore;
        }
    }
}
