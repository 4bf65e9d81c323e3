namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void GroupNormCore(Tensor x, Tensor gamma, Tensor beta, Tensor y, int groups, float epsilon, Activation activation)
    {
        RequireOwn(nameof(GroupNorm), DType.F32, x, gamma, beta, y);
        GroupStatistics statistics = new(x.Shape, groups, _partialSums);
        Enqueue(new GroupStatisticsArguments(x, gamma, epsilon, statistics));
        Enqueue(new GroupNormArguments(x, beta, y, activation, statistics));
    }
}
