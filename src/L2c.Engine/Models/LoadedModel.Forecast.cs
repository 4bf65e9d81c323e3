using L2c.Model.Caching;
using L2c.Model.Caching.Forecasts;

namespace L2c;

public sealed partial class LoadedModel
{
    /// <summary>Fits forecasts of the branches that a schedule does not compute, and tries them on other images.</summary>
    /// <param name="job">A request that has been validated against this model.</param>
    /// <param name="progress">Told of every evaluation.</param>
    /// <param name="cancel">Looked at before every evaluation.</param>
    /// <exception cref="RequestException">The network computes values that are not finite.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    public ForecastResult FitForecast(ForecastJob job, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Exclusively(job.Demand, () => FitForecast(job, new TaskContext(progress, cancel)));

    /// <inheritdoc cref="FitForecast(ForecastJob, IProgress{WorkProgress}?, CancellationToken)"/>
    /// <param name="request">What to fit, and to which images.</param>
    /// <param name="progress">Told of every evaluation.</param>
    /// <param name="cancel">Looked at before every evaluation.</param>
    public ForecastResult FitForecast(ForecastRequest request, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        FitForecast(new ForecastJob(request, Architecture, Choice), progress, cancel);

    /// <inheritdoc cref="FitForecast(ForecastRequest, IProgress{WorkProgress}?, CancellationToken)"/>
    public Task<ForecastResult> FitForecastAsync(
        ForecastRequest request, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Background.Run(() => FitForecast(request, progress, cancel), cancel);

    private ForecastResult FitForecast(ForecastJob job, TaskContext context)
    {
        (SampleJob fitted, SampleJob heldOut) = (job.Fitted, job.HeldOut);
        ForecastFit fit = new(fitted.Schedule, job.Request.Terms, Architecture, fitted.Guidance, job.Batch);
        TrajectoryRun.Execute(fitted, fit.Fitting, this, $"fitting to {fitted.Count} images", context);
        float[] uncached = new float[heldOut.Count * heldOut.ElementsPerImage];
        TrajectoryRun.Execute(heldOut, fit.HeldOut, this, $"{heldOut.Count} other images without caching", context, uncached);
        CacheSchedule schedule = Finite(() => fit.Fit(job.Request.Ridge));
        (ForecastError onFitted, ForecastError onHeldOut) = Finite(() => fit.Total(schedule));
        return new ForecastResult(
            job, schedule, Facts, onFitted, onHeldOut, ByEvaluation(fit, schedule), fit.Places(schedule), Difference(fit.Reuse), Difference(schedule));

        T Finite<T>(Func<T> get)
        {
            try
            {
                return get();
            }
            catch (ArgumentException e)
            {
                throw new RequestException($"{Source}: {e.Message}", e);
            }
        }

        SampleDifference Difference(CacheSchedule schedule)
        {
            float[] samples = SampleRun.Execute(heldOut, schedule, keepStates: false, this, context).Samples;
            return new SampleDifference(
                Comparison.RelativeDistance(samples, uncached), Architecture.PixelSpace ? Comparison.PeakSignalToNoise(samples, uncached) : null);
        }
    }

    private static ForecastEvaluation[] ByEvaluation(ForecastFit fit, CacheSchedule schedule) =>
    [
        .. Enumerable.Range(0, schedule.Evaluations).Where(e => schedule.Skipped(e) > 0).Select(e =>
        {
            (ForecastError fitted, ForecastError heldOut) = fit.Total(schedule, e);
            return new ForecastEvaluation(e, schedule.Skipped(e), fitted, heldOut);
        }),
    ];
}
