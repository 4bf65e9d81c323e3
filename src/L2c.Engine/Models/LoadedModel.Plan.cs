namespace L2c;

public sealed partial class LoadedModel
{
    /// <summary>Finds a schedule for a share of the uncached time: the best that measured times and errors lead to.</summary>
    /// <param name="job">A request that has been validated against this model.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="cancel">Looked at before every evaluation of the network.</param>
    /// <exception cref="RequestException">No schedule takes as little time as the budget, or samples are not finite.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    public PlanResult Plan(PlanJob job, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Exclusively(job.Demand, () => SchedulePlanning.Run(job, this, time: null, new TaskContext(progress, cancel)));

    /// <inheritdoc cref="Plan(PlanJob, IProgress{WorkProgress}?, CancellationToken)"/>
    /// <param name="request">What to plan for.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="cancel">Looked at before every evaluation of the network.</param>
    public PlanResult Plan(PlanRequest request, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Plan(new PlanJob(request, Architecture, Choice), progress, cancel);

    /// <inheritdoc cref="Plan(PlanRequest, IProgress{WorkProgress}?, CancellationToken)"/>
    public Task<PlanResult> PlanAsync(PlanRequest request, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default) =>
        Background.Run(() => Plan(request, progress, cancel), cancel);
}
