namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void UpsampleCore(Tensor x, Tensor y) => throw new NotSupportedException(nameof(Upsample));
}
