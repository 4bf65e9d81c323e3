using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void SquaredErrorCore(Tensor a, Tensor b, int counted, float scale, Tensor dA, Tensor sums)
    {
        RequireType(nameof(SquaredError), DType.F32, a, b, dA, sums);
        BeginOp(nameof(SquaredError), flops: 0, bytes: (a.Shape.Count + (2L * a.Shape[0] * counted)) * sizeof(float));
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(a));
        parameters.Add(Address(b));
        parameters.Add(counted);
        parameters.Add(scale);
        parameters.Add(Address(dA));
        parameters.Add(Address(sums));
        parameters.Add(RequireInt32(nameof(SquaredError), a) / a.Shape[0]);
        Launch(SquaredErrorKernel.Template, new LaunchSize(a.Shape[0]), parameters.Packed);
    }

    /// <inheritdoc/>
    protected override void HybridLossCore(Tensor output, Tensor noise, Tensor x0, Tensor xt, Tensor table, Tensor dOutput, Tensor losses)
    {
        RequireType(nameof(HybridLoss), DType.F32, output, noise, x0, xt, table, dOutput, losses);
        BeginOp(nameof(HybridLoss), flops: 0, bytes: 7 * x0.Shape.Count * sizeof(float));
        KernelParameters parameters = new(stackalloc byte[128]);
        parameters.Add(Address(output));
        parameters.Add(Address(noise));
        parameters.Add(Address(x0));
        parameters.Add(Address(xt));
        parameters.Add(Address(table));
        parameters.Add(Address(dOutput));
        parameters.Add(Address(losses));
        parameters.Add(RequireInt32(nameof(HybridLoss), x0) / x0.Shape[0]);
        parameters.Add(x0.Shape[0]);
        Launch(HybridLossKernel.Template, new LaunchSize(x0.Shape[0]), parameters.Packed);
    }
}
