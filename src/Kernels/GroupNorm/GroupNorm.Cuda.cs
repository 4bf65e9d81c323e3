namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void GroupNormCore(Tensor x, Tensor gamma, Tensor beta, Tensor y, int groups, float epsilon, Activation activation) => throw new NotSupportedException(nameof(GroupNorm));
}
