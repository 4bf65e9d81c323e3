using L2c.Kernels.Cuda;
using L2c.Native;

namespace L2c.Kernels;

public sealed unsafe partial class CudaDevice
{
    /// <inheritdoc/>
    internal protected override Matrix TakeTransposed(Arena arena, Matrix weight) =>
        weight with { Outputs = weight.Inputs, Inputs = weight.Outputs, IsTransposed = !weight.IsTransposed };

    /// <inheritdoc/>
    public override void WriteTransposed(Matrix transposed, int firstOutput, ReadOnlySpan<float> rows)
    {
        int count = rows.Length / transposed.Outputs;
        if (transposed.Device != this || !transposed.IsTransposed || rows.Length % transposed.Outputs != 0 || firstOutput < 0
            || firstOutput + count > transposed.Inputs)
        {
            throw new ArgumentException(
                $"WriteTransposed: {rows.Length} values at row {firstOutput} do not match transposed weight "
                + $"[{transposed.Outputs}, {transposed.Inputs}] of {Name}");
        }
    }

    /// <inheritdoc/>
    protected override void LinearWeightGradientCore(Tensor dy, Tensor x, Tensor dWeight)
    {
        const string Op = nameof(LinearWeightGradient);
        RequireType(Op, StorageType, dy, x);
        RequireType(Op, DType.F32, dWeight);
        long m = x.Rows, n = dWeight.Rows, k = dWeight.Columns;
        BeginOp(Op, flops: 2 * m * n * k, bytes: (m * (n + k) * StorageType.Size()) + (n * k * sizeof(float)));
        var shape = new MatmulShape(
            dWeight.Rows,
            dWeight.Columns,
            x.Rows,
            dy.RowStride,
            dWeight.RowStride,
            StorageType,
            Precision.ComputeType(),
            MatmulEpilogue.None,
            MatmulShape.AlignmentOf(Address(dy)),
            MatmulShape.AlignmentOf(Address(x)),
            MatmulShape.AlignmentOf(Address(dWeight)),
            MatmulForm.WeightGradient,
            x.RowStride == x.Columns ? 0 : x.RowStride);
        if (!TryMatmul(Op, shape, Address(dy), Address(x), default, Address(dWeight)))
        {
            PlainWeightGradient(dy, x, dWeight);
        }
    }

    /// <inheritdoc/>
    protected override void ColumnSumsCore(Tensor x, Tensor sums)
    {
        RequireType(nameof(ColumnSums), StorageType, x);
        RequireType(nameof(ColumnSums), DType.F32, sums);
        BeginOp(nameof(ColumnSums), flops: 0, bytes: (x.Shape.Count * StorageType.Size()) + (sums.Shape.Count * sizeof(float)));
        KernelParameters parameters = new(stackalloc byte[64]);
        parameters.Add(Address(x));
        parameters.Add(x.RowStride);
        parameters.Add(x.Rows);
        parameters.Add(x.Columns);
        parameters.Add(Address(sums));
        Launch(ColumnSumsKernel.Template, new LaunchSize(Blocks(x.Columns, ColumnBlock.Columns)), parameters.Packed);
    }

    /// <inheritdoc/>
    protected override void PackMatrixCore(Tensor values, Matrix weight, int firstOutput)
    {
        RequireType(nameof(PackMatrix), DType.F32, values);
        RequireOwn(nameof(PackMatrix), weight);
        long count = values.Shape.Count;
        nint rows = weight.Address + (nint)((long)firstOutput * weight.Inputs * weight.DType.Size());
        BeginOp(nameof(PackMatrix), flops: 0, bytes: count * (sizeof(float) + weight.DType.Size()));
        KernelParameters parameters = new(stackalloc byte[32]);
        parameters.Add(Address(values));
        parameters.Add(new CUdeviceptr((ulong)rows));
        parameters.Add(count);
        bool isFast = count % Float8.Count == 0 && values.Address % 16 == 0 && rows % 16 == 0;
        long threads = isFast ? count / Float8.Count : count;
        Launch(isFast ? RoundKernel.Fast : RoundKernel.Plain, BlocksOf(threads, RoundKernel.Threads), parameters.Packed);
    }

    /// <inheritdoc/>
    /// <remarks>No op: the transposed matrix is a view of the weight that <see cref="Device.PackMatrix"/> writes.</remarks>
    protected override void PackTransposedCore(Tensor values, Matrix transposed)
    {
        RequireType(nameof(PackTransposed), DType.F32, values);
        RequireOwn(nameof(PackTransposed), transposed);
    }

    private void RequireOwn(string op, Matrix weight)
    {
        if (weight.Device != this)
        {
            throw new ArgumentException($"{op}: weight [{weight.Outputs}, {weight.Inputs}] is not on {Name}");
        }
    }
}
