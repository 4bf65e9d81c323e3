namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    protected override void SamplerUpdateCore(
        Tensor output,
        Tensor guidanceScale,
        int guidedChannels,
        in SamplerCoefficients coefficients,
        Tensor noise,
        Tensor x,
        Tensor x0,
        Tensor guided)
    {
        RequireOwn(nameof(SamplerUpdate), DType.F32, output, guidanceScale, noise, x, x0, guided);
        Enqueue(new SamplerUpdateArguments(output, guidanceScale, guidedChannels, coefficients, noise, x, x0, guided));
    }
}
