using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void BlendCore(Tensor fresh, Tensor cached, Tensor weight, Tensor blended)
    {
        RequireType(nameof(Blend), StorageType, fresh, cached, blended);
        RequireType(nameof(Blend), DType.F32, weight);
        long count = blended.Shape.Count;
        BeginOp(nameof(Blend), flops: 0, bytes: 3 * count * StorageType.Size());
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(fresh));
        parameters.Add(Address(cached));
        parameters.Add(Address(weight));
        parameters.Add(Address(blended));
        parameters.Add(count);
        bool isFast = count % Float8.Count == 0 && fresh.Address % 16 == 0 && cached.Address % 16 == 0 && blended.Address % 16 == 0;
        long threads = isFast ? count / Float8.Count : count;
        Launch(isFast ? BlendKernel.Fast : BlendKernel.Plain, BlocksOf(threads, BlendKernel.Threads), parameters.Packed);
    }

    /// <inheritdoc/>
    protected override void BlendBackwardCore(Tensor d, Tensor fresh, Tensor cached, Tensor weight, Tensor dFresh, Tensor dWeight)
    {
        const string Op = nameof(BlendBackward);
        RequireType(Op, StorageType, d, fresh, cached, dFresh);
        RequireType(Op, DType.F32, weight, dWeight);
        BeginOp(Op, flops: 0, bytes: ((dFresh.IsNone ? 3 : 4) * d.Shape.Count * StorageType.Size()) + (d.Rows * (long)sizeof(float)));
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(d));
        parameters.Add(Address(fresh));
        parameters.Add(Address(cached));
        parameters.Add(Address(weight));
        parameters.Add(Address(dFresh));
        parameters.Add(Address(dWeight));
        parameters.Add(d.Rows);
        parameters.Add(d.Columns);
        bool isFast = d.Columns % Float8.Count == 0 && Alignment16.Holds(d, fresh, cached, dFresh);
        Launch(
            isFast ? BlendBackwardKernel.Fast : BlendBackwardKernel.Plain,
            new LaunchSize(Blocks(d.Rows, BlendBackwardKernel.RowsPerBlock)),
            parameters.Packed);
    }
}
