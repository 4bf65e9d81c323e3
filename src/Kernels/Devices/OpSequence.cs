namespace L2c.Kernels;

/// <summary>Ops recorded once by <see cref="Device.Capture"/> and replayed many times: a list of calls on the CPU, a CUDA graph on a GPU.</summary>
/// <remarks>A replay reads its buffers at replay time and allocates, decides and copies nothing.</remarks>
public abstract class OpSequence : IDisposable
{
    /// <summary>The ops in order.</summary>
    public abstract IReadOnlyList<OpInfo> Ops { get; }

    /// <summary>What a replay sets off: nodes of the CUDA graph, of which an op may have several; ops on the CPU.</summary>
    public virtual int Launches => Ops.Count;

    /// <summary>Runs the ops in order. On CUDA this enqueues; <see cref="Device.Synchronize"/> waits.</summary>
    public abstract void Run();

    /// <summary>Runs the ops one by one, waiting for each, and reports when each ran.</summary>
    /// <param name="observer">Called after each op has run.</param>
    public abstract void Run(OpObserver observer);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the recording holds.</summary>
    protected abstract void Dispose(bool disposing);
}
