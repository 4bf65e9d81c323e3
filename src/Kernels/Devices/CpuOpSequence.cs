using System.Diagnostics;

namespace L2c.Kernels;

/// <summary>Ops recorded on a <see cref="CpuDevice"/>: a list of calls.</summary>
internal sealed class CpuOpSequence(CpuDevice device, CpuOp[] ops) : OpSequence
{
    private bool _disposed;

    /// <inheritdoc/>
    public override IReadOnlyList<OpInfo> Ops { get; } = [.. ops.Select(op => new OpInfo(op.Name, op.Scope, op.Flops, op.Bytes))];

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
    public override void Run(OpObserver observer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        for (int i = 0; i < ops.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            device.Execute(ops[i]);
            observer(i, start, Stopwatch.GetTimestamp());
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _disposed = true;
}
