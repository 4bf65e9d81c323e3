namespace L2c;

public sealed partial class LoadedModel
{
    /// <summary>Runs one batch op by op, several times.</summary>
    /// <param name="job">Its first batch is run.</param>
    /// <param name="repeat">Runs that medians are over.</param>
    /// <param name="progress">Told of every run.</param>
    /// <param name="cancel">Looked at before every evaluation.</param>
    /// <exception cref="RequestException">The device was chosen without recordings, which are what is profiled.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    public ProfileResult Profile(SampleJob job, int repeat = 5, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        job.Device.Graph && Choice.Graph
            ? Exclusively(job.ProfileDemand, () => ProfileResult.Measure(job, this, repeat, new TaskContext(progress, cancel)))
            : throw new RequestException("--graph off does not record the run, and a profile replays a recorded one; omit it");

    /// <inheritdoc cref="Profile(SampleJob, int, IProgress{WorkProgress}?, CancellationToken)"/>
    /// <param name="request">What a batch is of; its number of images does not matter.</param>
    /// <param name="repeat">Runs that medians are over.</param>
    /// <param name="progress">Told of every run.</param>
    /// <param name="cancel">Looked at before every evaluation.</param>
    /// <exception cref="RequestException">Settings do not fit each other or the model.</exception>
    public ProfileResult Profile(
        SampleRequest request, int repeat = 5, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Profile(new SampleJob(request.OfOneBatch(), Architecture, Choice), repeat, progress, cancel);

    /// <inheritdoc cref="Profile(SampleRequest, int, IProgress{WorkProgress}?, CancellationToken)"/>
    public Task<ProfileResult> ProfileAsync(
        SampleRequest request, int repeat = 5, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Background.Run(() => Profile(request, repeat, progress, cancel), cancel);
}
