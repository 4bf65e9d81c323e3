namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void PoolingCore(Tensor x, Tensor y, Window window, Pool pool)
    {
        RequireOwn(nameof(Pooling), DType.F32, x, y);
        Enqueue(new PoolingArguments(x, y, window, pool));
    }
}
