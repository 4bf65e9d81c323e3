using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
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
        RequireType(nameof(SamplerUpdate), DType.F32, output, guidanceScale, noise, x, x0, guided);
        int count = RequireInt32(nameof(SamplerUpdate), x), images = x.Shape[0];
        int passes = 2 + (coefficients.UsesNoise ? 1 : 0) + (x0.IsNone ? 0 : 1);
        long elements = ((long)passes * count) + ((guided.IsNone ? 1 : 2) * output.Shape.Count);
        BeginOp(nameof(SamplerUpdate), flops: 0, bytes: sizeof(float) * elements);

        KernelParameters parameters = new(stackalloc byte[128]);
        parameters.Add(Address(output));
        parameters.Add(Address(guidanceScale));
        parameters.Add(Address(noise));
        parameters.Add(Address(x));
        parameters.Add(Address(x0));
        parameters.Add(Address(guided));
        parameters.Add(output.Shape.Count / output.Shape[0] * images);
        parameters.Add(count);
        parameters.Add(x.Shape[1]);
        parameters.Add(output.Shape[1]);
        parameters.Add(x.Shape[2] * x.Shape[3]);
        parameters.Add(guidedChannels);
        parameters.Add(
            (coefficients.ClipX0 ? SamplerUpdateKernel.ClipX0 : 0)
            | (coefficients.LearnedVariance ? SamplerUpdateKernel.LearnedVariance : 0)
            | (coefficients.UsesNoise ? SamplerUpdateKernel.UsesNoise : 0));
        parameters.Add(coefficients.XToX0);
        parameters.Add(coefficients.EpsToX0);
        parameters.Add(coefficients.MeanX0);
        parameters.Add(coefficients.MeanEps);
        parameters.Add(coefficients.MeanX);
        parameters.Add(coefficients.Sigma);
        parameters.Add(coefficients.MinLogVariance);
        parameters.Add(coefficients.MaxLogVariance);
        Launch(SamplerUpdateKernel.Template, BlocksOf(count, SamplerUpdateKernel.Threads), parameters.Packed);
    }
}
