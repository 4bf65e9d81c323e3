using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void ConditioningCore(Tensor time, Tensor table, Tensor labels, Tensor c, Tensor silu)
    {
        RequireType(nameof(Conditioning), StorageType, time, table, c, silu);
        RequireType(nameof(Conditioning), DType.I32, labels);
        int rows = silu.Rows, channels = silu.Columns;
        BeginOp(nameof(Conditioning), flops: 0, bytes: (long)StorageType.Size() * channels * (time.Rows + ((long)rows * (c.IsNone ? 2 : 3))));

        KernelParameters parameters = new(stackalloc byte[128]);
        parameters.Add(Address(time));
        parameters.Add(time.RowStride);
        parameters.Add(rows / time.Rows);
        parameters.Add(Address(table));
        parameters.Add(table.RowStride);
        parameters.Add(table.Rows);
        parameters.Add(Address(labels));
        parameters.Add(labels.Columns);
        parameters.Add(Address(c));
        parameters.Add(c.RowStride);
        parameters.Add(Address(silu));
        parameters.Add(silu.RowStride);
        parameters.Add(channels);
        Launch(ConditioningKernel.Template, new LaunchSize(rows), parameters.Packed);
    }
}
