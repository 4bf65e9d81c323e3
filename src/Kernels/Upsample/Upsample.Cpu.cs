namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void UpsampleCore(Tensor x, Tensor y)
    {
        RequireOwn(nameof(Upsample), DType.F32, x, y);
        Enqueue(new UpsampleArguments(x, y));
    }
}
