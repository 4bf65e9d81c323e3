using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void ConvertCore(Tensor x, Tensor y)
    {
        RequireOwn(nameof(Convert), x, y);
        long count = x.Shape.Count;
        BeginOp(nameof(Convert), flops: 0, bytes: count * (x.DType.Size() + y.DType.Size()));
        KernelParameters parameters = new(stackalloc byte[32]);
        parameters.Add(Address(x));
        parameters.Add(Address(y));
        parameters.Add(count);
        bool isFast = count % Float8.Count == 0 && Alignment16.Holds(x, y);
        long threads = isFast ? count / Float8.Count : count;
        Launch(isFast ? ConvertKernel.Fast : ConvertKernel.Plain, BlocksOf(threads, ConvertKernel.Threads), parameters.Packed);
    }
}
