namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void PoolingCore(Tensor x, Tensor y, Window window, Pool pool) => throw new NotSupportedException(nameof(Pooling));
}
