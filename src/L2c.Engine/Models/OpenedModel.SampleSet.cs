namespace L2c;

public sealed partial class OpenedModel
{
    /// <summary>Samples a set of images into one npz file, or one rank's chunks of it; goes on where an earlier task of the same settings has come to.</summary>
    /// <param name="job">What to make.</param>
    /// <param name="progress">Told of every evaluation.</param>
    /// <param name="cancel">Looked at before every evaluation; chunks that are done stay, and the result says that it is not finished.</param>
    /// <exception cref="RequestException">The chunks there are of other settings, or another process is at them.</exception>
    /// <exception cref="Weights.MalformedFileException">The weights or a chunk are damaged.</exception>
    /// <exception cref="IOException">The file exists and may not be replaced, cannot be written, or a sample is not finite.</exception>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="DeviceUnavailableException">The device does not open.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed of.</exception>
    public SampleSetResult SampleSet(SampleSetJob job, IProgress<WorkProgress>? progress = null, CancellationToken cancel = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new SampleSetTask(this, job, new TaskContext(progress, cancel)).Run();
    }
}
