using L2c.Model.Autoencoder;

namespace L2c;

public sealed partial class LoadedModel
{
    /// <summary>Samples images, and compares them with those without caching where the request says so.</summary>
    /// <param name="request">What to sample.</param>
    /// <param name="progress">Told of every evaluation.</param>
    /// <param name="cancel">Looked at before every evaluation.</param>
    /// <exception cref="RequestException">Settings do not fit each other or the model.</exception>
    /// <exception cref="Weights.MalformedFileException">A file that the request names is damaged or does not fit the model.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    public SampleResult Sample(SampleRequest request, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Sample(new SampleJob(request, Architecture, Choice), progress, cancel);

    /// <summary>Samples a request that has been validated against this model.</summary>
    /// <param name="job">What to sample.</param>
    /// <param name="progress">Told of every evaluation.</param>
    /// <param name="cancel">Looked at before every evaluation.</param>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    public SampleResult Sample(SampleJob job, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Exclusively(job.Demand, () => Sample(job, new TaskContext(progress, cancel)));

    /// <inheritdoc cref="Sample(SampleRequest, IProgress{WorkProgress}?, CancellationToken)"/>
    public Task<SampleResult> SampleAsync(SampleRequest request, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Background.Run(() => Sample(request, progress, cancel), cancel);

    private SampleResult Sample(SampleJob job, TaskContext context)
    {
        using AutoencoderModel? autoencoder = job.Decoding?.Load(Device); // before the long work, in which a damaged file would be too late
        RunOutput run = SampleRun.Execute(job, job.Schedule, job.Request.KeepStates, this, context);
        CacheCost? cost = CacheCost.Of(job, Device);
        Comparison? comparison = job.Request.Compare ? L2c.Comparison.Of(job, this, run.Samples, cost!, context) : null;
        using ImageDecoder? decoder = job.Decoding?.Plan(autoencoder!);
        DecodedSamples? decoded = job.Decoding?.Decode(decoder!, run.Samples, comparison?.Uncached, context);
        context.Cancel.ThrowIfCancellationRequested();
        return new SampleResult(
            job,
            run.Samples,
            run.States,
            Facts,
            new RunMemory(Network.WeightBytes, run.RunBytes - run.CacheBytes, run.CacheBytes)
            {
                DecoderWeightBytes = autoencoder?.WeightBytes,
                DecoderBytes = decoded?.PassBytes,
            },
            cost,
            comparison,
            run.Times,
            SampleDescription.Of(job, Source, WeightSet))
        {
            Decoded = decoded,
        };
    }
}
