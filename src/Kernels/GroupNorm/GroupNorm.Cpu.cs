namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void GroupNormCore(Tensor x, Tensor gamma, Tensor beta, Tensor y, int groups, float epsilon, Activation activation) => throw new NotSupportedException(nameof(GroupNorm));
}
