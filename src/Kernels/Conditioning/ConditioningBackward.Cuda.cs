using L2c.Kernels.Cuda;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    protected override void ConditioningBackwardCore(Tensor dSilu, Tensor c, Tensor labels, Tensor dTime, Tensor dTable)
    {
        const string Op = nameof(ConditioningBackward);
        RequireType(Op, StorageType, dSilu, c, dTime);
        RequireType(Op, DType.I32, labels);
        RequireType(Op, DType.F32, dTable);
        BeginOp(Op, flops: 0, bytes: (3 * dSilu.Shape.Count * StorageType.Size()) + (dTable.Shape.Count * sizeof(float)));
        KernelParameters parameters = new(stackalloc byte[128]);
        parameters.Add(Address(dSilu));
        parameters.Add(dSilu.RowStride);
        parameters.Add(Address(c));
        parameters.Add(c.RowStride);
        parameters.Add(Address(labels));
        parameters.Add(labels.Columns);
        parameters.Add(Address(dTable));
        parameters.Add(dTable.Rows);
        parameters.Add(dTable.Columns);
        LaunchSize grid = new(dTable.Rows, Blocks(dTable.Columns, ConditioningBackwardKernel.Threads));
        Launch(ConditioningBackwardKernel.Template, grid, parameters.Packed);
        TimesSlope(dSilu, c, dTime, Activation.Silu);
    }
}
