using L2c.Model.Calibration;

namespace L2c;

public sealed partial class LoadedModel
{
    /// <summary>Measures uncached runs and makes fixed schedules of what was found: a table and a schedule per threshold, as files.</summary>
    /// <param name="job">A request that has been validated against this model.</param>
    /// <param name="progress">Told of every evaluation.</param>
    /// <param name="cancel">Looked at before every evaluation; nothing is written then.</param>
    /// <exception cref="RequestException">The network's outputs are not finite.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    public CalibrationResult Calibrate(CalibrationJob job, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        job.HasTable ? job.Decide() : Exclusively(job.Demand, () => Calibrate(job, new TaskContext(progress, cancel)));

    /// <inheritdoc cref="Calibrate(CalibrationJob, IProgress{WorkProgress}?, CancellationToken)"/>
    /// <param name="request">What to measure and which schedules to make.</param>
    /// <param name="progress">Told of every evaluation.</param>
    /// <param name="cancel">Looked at before every evaluation; nothing is written then.</param>
    public CalibrationResult Calibrate(CalibrationRequest request, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Calibrate(new CalibrationJob(request, Architecture, Choice), progress, cancel);

    /// <inheritdoc cref="Calibrate(CalibrationRequest, IProgress{WorkProgress}?, CancellationToken)"/>
    public Task<CalibrationResult> CalibrateAsync(
        CalibrationRequest request, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Background.Run(() => Calibrate(request, progress, cancel), cancel);

    private CalibrationResult Calibrate(CalibrationJob job, TaskContext context)
    {
        using CalibrationFiles files = new(job);
        SampleJob sample = job.Sample;
        int evaluations = sample.Sampler.Evaluations.Count;
        ICalibrationMeter meter = job.Method.Measure(Architecture, evaluations, job.Request.Settings);
        TrajectoryRun.Execute(sample, meter, this, $"calibrating on {sample.Count} images, {evaluations} steps", context);
        CalibrationTable table = new(
            job.Method.Name, Architecture.Name, sample.Sampler.Name, evaluations, Architecture.Branches, sample.Count, meter.Figures);
        files.Write(table);
        return files.WriteSchedules(table);
    }
}
