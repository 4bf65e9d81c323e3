using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>Ops recorded on a <see cref="CudaDevice"/>: one CUDA graph, launched by one call.</summary>
/// <remarks>Under observation the ops are enqueued again one by one, since a graph cannot be stopped between its nodes.</remarks>
internal sealed class CudaOpSequence(CudaDevice device, Action enqueue, IReadOnlyList<OpInfo> ops, CudaGraph graph) : OpSequence
{
    private bool _disposed;

    /// <inheritdoc/>
    public override IReadOnlyList<OpInfo> Ops => ops;

    /// <inheritdoc/>
    public override int Launches => graph.NodeCount;

    /// <inheritdoc/>
    public override void Run()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        device.Launch(graph);
    }

    /// <inheritdoc/>
    public override void Run(OpObserver observer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        device.Observe(enqueue, observer);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!_disposed && disposing)
        {
            _disposed = true;
            device.Free(graph);
        }
    }
}
