namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void ClipNormCore(Tensor gradients, float most, Tensor norm, Tensor scale)
    {
        RequireOwn(nameof(ClipNorm), DType.F32, gradients, norm, scale);
        Enqueue(new ClipNormArguments(gradients, most, norm, scale, _partialSums));
    }
}
