namespace L2c;

public sealed partial class LoadedModel
{
    /// <summary>Makes the chunks of a set that a folder lacks.</summary>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="IOException">A sample is not finite, or a chunk cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled; the chunks that are done stay.</exception>
    internal void MakeChunks(SampleSetJob job, SampleSetFolder folder, TaskContext context) => Exclusively(job.Sample.Demand, () =>
    {
        using SampleSetRun run = new(job.Sample, this, folder, context);
        run.Run([.. job.Chunks]);
        return true;
    });
}
