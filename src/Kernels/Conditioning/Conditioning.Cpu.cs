namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void ConditioningCore(Tensor time, Tensor table, Tensor labels, Tensor c, Tensor silu)
    {
        RequireOwn(nameof(Conditioning), DType.F32, time, table, c, silu);
        RequireOwn(nameof(Conditioning), DType.I32, labels);
        Enqueue(new ConditioningArguments(time, table, labels, c, silu));
    }
}
