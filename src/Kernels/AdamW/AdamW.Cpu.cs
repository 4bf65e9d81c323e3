namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void AdamWCore(Tensor weights, Tensor gradients, Tensor firstMoment, Tensor secondMoment, Tensor average, Tensor coefficients)
    {
        RequireOwn(nameof(AdamW), DType.F32, weights, gradients, firstMoment, secondMoment, average, coefficients);
        Enqueue(new AdamWArguments(weights, gradients, firstMoment, secondMoment, average, coefficients));
    }
}
