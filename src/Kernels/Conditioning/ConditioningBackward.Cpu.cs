namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void ConditioningBackwardCore(Tensor dSilu, Tensor c, Tensor labels, Tensor dTime, Tensor dTable)
    {
        RequireOwn(nameof(ConditioningBackward), DType.F32, dSilu, c, dTime, dTable);
        RequireOwn(nameof(ConditioningBackward), DType.I32, labels);
        Enqueue(new ConditioningBackwardArguments(dSilu, c, labels, dTime, dTable));
    }
}
