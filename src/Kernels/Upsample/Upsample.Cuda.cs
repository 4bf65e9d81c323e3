namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void UpsampleCore(Tensor x, Tensor y) => throw new NotSupportedException(nameof(Upsample));
}
