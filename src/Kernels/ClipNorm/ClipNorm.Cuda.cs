using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void ClipNormCore(Tensor gradients, float most, Tensor norm, Tensor scale)
    {
        const string Op = nameof(ClipNorm);
        RequireType(Op, DType.F32, gradients, norm, scale);
        long count = gradients.Shape.Count;
        LaunchSize parts = BlocksOf(count, ClipNormKernel.PartLength);
        BeginOp(Op, flops: 0, bytes: count * sizeof(float));
        CUdeviceptr sums = Scratch(Op, (long)parts.X * sizeof(float));
        KernelParameters squares = new(stackalloc byte[32]);
        squares.Add(Address(gradients));
        squares.Add(sums);
        squares.Add(count);
        Launch(ClipNormKernel.Parts, parts, squares.Packed);
        KernelParameters join = new(stackalloc byte[64]);
        join.Add(sums);
        join.Add(parts.X);
        join.Add(most);
        join.Add(Address(norm));
        join.Add(Address(scale));
        Launch(ClipNormKernel.Joining, new LaunchSize(1), join.Packed);
    }
}
