namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void PoolingCore(Tensor x, Tensor y, Window window, Pool pool) => throw new NotSupportedException(nameof(Pooling));
}
