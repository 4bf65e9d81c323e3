namespace L2c.Kernels;

/// <summary>Ops recorded on a <see cref="CpuDevice"/>: a list of calls.</summary>
internal sealed class CpuOpSequence(CpuDevice device, CpuOp[] ops) : OpSequence
{
    private bool _disposed;

    /// <inheritdoc/>
    public override int Count => ops.Length;

    /// <summary>The ops in order, for accounting and profiles.</summary>
    public IReadOnlyList<CpuOp> Ops => ops;

    /// <inheritdoc/>
    public override void Run()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach (CpuOp op in ops)
        {
            device.Execute(op);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _disposed = true;
}
