namespace L2c;

public sealed partial class LoadedModel
{
    /// <summary>Samples and measures how far the samples are from data.</summary>
    /// <param name="job">A request that has been validated against this model.</param>
    /// <param name="progress">Told of every evaluation of the network and every image.</param>
    /// <param name="cancel">Looked at before every evaluation of the network.</param>
    /// <exception cref="RequestException">The data have another size than the samples, or cannot be compared with them.</exception>
    /// <exception cref="Weights.MalformedFileException">A file of the data is damaged.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    public EvaluateResult Evaluate(EvaluateJob job, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Exclusively(job.Demand, () => Evaluate(job, new TaskContext(progress, cancel)));

    /// <inheritdoc cref="Evaluate(EvaluateJob, IProgress{WorkProgress}?, CancellationToken)"/>
    /// <param name="request">What to sample and what to compare it with.</param>
    /// <param name="progress">Told of every evaluation of the network and every image.</param>
    /// <param name="cancel">Looked at before every evaluation of the network.</param>
    public EvaluateResult Evaluate(EvaluateRequest request, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Evaluate(new EvaluateJob(request, Architecture, Choice), progress, cancel);

    /// <inheritdoc cref="Evaluate(EvaluateRequest, IProgress{WorkProgress}?, CancellationToken)"/>
    public Task<EvaluateResult> EvaluateAsync(
        EvaluateRequest request, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Background.Run(() => Evaluate(request, progress, cancel), cancel);

    private EvaluateResult Evaluate(EvaluateJob job, TaskContext context)
    {
        using IImageSet data = ImageEvaluation.Open(job.Request.Data, Architecture.InputSize, context);
        PixelSamples.RequireSizeOf(data, Architecture);
        using IDistanceFeatures features = ImageEvaluation.Features(job.Request.Inception, Choice, context);
        FrechetMeter meter = new(data, job.Request.DataCount, features, Choice.Threads, Choice.Memory, context);
        meter.WarnOfFew(job.Samples.Count, "the samples");
        string cache = job.Samples.Cache is { } choice ? $", {choice.Text}" : "";
        Distance samples = Measure(job.Samples, $"{Architecture.Name}, {job.Samples.Sampler.Name}{cache}");
        Distance[] ddim = [.. job.Ddim.Select(other => other == job.Samples ? samples : Measure(other, Architecture.Name + ", ddim"))];
        return ImageEvaluation.Result(meter, data, samples, context) with
        {
            Ddim = ddim,
            Parameters = SampleDescription.Of(job.Samples, Source, WeightSet),
            Device = Facts.Device,
        };

        Distance Measure(SampleJob sampled, string name)
        {
            int steps = sampled.Sampler.Evaluations.Count;
            float[] values = SampleRun.Execute(sampled, sampled.Schedule, keepStates: false, this, context).Samples;
            return Distance.Of($"{name}, {steps} steps", steps, sampled.Count, meter.Of(values, name));
        }
    }
}
