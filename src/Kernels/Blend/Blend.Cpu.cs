namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void BlendCore(Tensor fresh, Tensor cached, Tensor weight, Tensor blended)
    {
        RequireOwn(nameof(Blend), DType.F32, fresh, cached, weight, blended);
        Enqueue(new BlendArguments(fresh, cached, weight, blended));
    }

    /// <inheritdoc/>
    protected override void BlendBackwardCore(Tensor d, Tensor fresh, Tensor cached, Tensor weight, Tensor dFresh, Tensor dWeight)
    {
        RequireOwn(nameof(BlendBackward), DType.F32, d, fresh, cached, weight, dFresh, dWeight);
        Enqueue(new BlendBackwardArguments(d, fresh, cached, weight, dFresh, dWeight));
    }
}
