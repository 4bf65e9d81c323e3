using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void PoolingCore(Tensor x, Tensor y, Window window, Pool pool)
    {
        const string Op = nameof(Pooling);
        RequireType(Op, StorageType, x, y);
        int images = y.Shape[0], count = RequireInt32(Op, y) / images;
        Require(images <= MaxGridExtent, Op, $"{images} images (at most {MaxGridExtent})");
        BeginOp(Op, flops: 0, bytes: (x.Shape.Count + y.Shape.Count) * StorageType.Size());
        bool isFast = y.Columns % Float8.Count == 0 && Alignment16.Holds(x, y);
        KernelParameters parameters = new(stackalloc byte[128]);
        parameters.Add(Address(x));
        parameters.Add(x.RowStride);
        parameters.Add(x.Shape[1]);
        parameters.Add(x.Shape[2]);
        parameters.Add(Address(y));
        parameters.Add(y.RowStride);
        parameters.Add(y.Shape[1]);
        parameters.Add(y.Shape[2]);
        parameters.Add(y.Columns);
        parameters.Add(window.Height);
        parameters.Add(window.Width);
        parameters.Add(window.Stride);
        parameters.Add(window.Top);
        parameters.Add(window.Left);
        Launch(
            PoolingKernel.For(pool, isFast),
            new LaunchSize(Blocks(isFast ? count / Float8.Count : count, PoolingKernel.Threads), images),
            parameters.Packed);
    }
}
