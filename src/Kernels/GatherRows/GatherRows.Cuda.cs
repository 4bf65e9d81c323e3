using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void GatherRowsCore(Tensor source, Tensor rows, Tensor destination)
    {
        RequireType(nameof(GatherRows), StorageType, source, destination);
        RequireType(nameof(GatherRows), DType.I32, rows);
        int size = StorageType.Size();
        BeginOp(nameof(GatherRows), flops: 0, bytes: 2 * destination.Shape.Count * size);

        bool isFast = (long)source.Columns * size % 16 == 0 && Alignment16.Holds(source, destination);
        int unit = isFast ? 16 : 2;
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(source));
        parameters.Add(checked(source.RowStride * size) / unit);
        parameters.Add(Address(rows));
        parameters.Add(source.Rows);
        parameters.Add(Address(destination));
        parameters.Add(checked(destination.RowStride * size) / unit);
        parameters.Add(source.Columns * size / unit);
        Launch(isFast ? GatherRowsKernel.Fast : GatherRowsKernel.Plain, new LaunchSize(destination.Rows), parameters.Packed);
    }
}
