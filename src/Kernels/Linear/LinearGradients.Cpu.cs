namespace L2c.Kernels;

public unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    internal protected override Matrix TakeTransposed(Arena arena, Matrix weight) =>
        new(arena.TakeBytes(MatrixBytes(weight.Inputs, weight.Outputs)), weight.Inputs, weight.Outputs, StorageType, this, IsTransposed: true);

    /// <inheritdoc/>
    public override void WriteTransposed(Matrix transposed, int firstOutput, ReadOnlySpan<float> rows)
    {
        RequireIdle(nameof(WriteTransposed));
        int count = rows.Length / transposed.Outputs;
        if (transposed.Device != this || !transposed.IsTransposed || transposed.IsSlice
            || rows.Length % transposed.Outputs != 0 || firstOutput < 0 || firstOutput + count > transposed.Inputs)
        {
            throw new ArgumentException(
                $"WriteTransposed: {rows.Length} values at row {firstOutput} do not match "
                + $"transposed weight [{transposed.Outputs}, {transposed.Inputs}] of {Name}");
        }

        if (count > 0)
        {
            fixed (float* source = rows)
            {
                _team.Run(new PackTransposedRows(nameof(WriteTransposed), transposed, firstOutput, count, source, PanelWidth));
            }
        }
    }

    /// <inheritdoc/>
    protected override void LinearWeightGradientCore(Tensor dy, Tensor x, Tensor dWeight)
    {
        RequireOwn(nameof(LinearWeightGradient), DType.F32, dy, x, dWeight);
        Enqueue(new LinearWeightGradientArguments(dy, x, dWeight));
    }

    /// <inheritdoc/>
    protected override void ColumnSumsCore(Tensor x, Tensor sums)
    {
        RequireOwn(nameof(ColumnSums), DType.F32, x, sums);
        Enqueue(new ColumnSumsArguments(x, sums));
    }

    /// <inheritdoc/>
    protected override void PackMatrixCore(Tensor values, Matrix weight, int firstOutput)
    {
        RequirePackable(nameof(PackMatrix), values, weight);
        Enqueue(new PackMatrixArguments(values, weight, firstOutput));
    }

    /// <inheritdoc/>
    protected override void PackTransposedCore(Tensor values, Matrix transposed)
    {
        RequirePackable(nameof(PackTransposed), values, transposed);
        Enqueue(new PackTransposedArguments(values, transposed));
    }

    private void RequirePackable(string op, Tensor values, Matrix weight)
    {
        RequireOwn(op, DType.F32, values);
        Require(weight.Device == this, op, $"weight [{weight.Outputs}, {weight.Inputs}] is not on {Name}");
        Require(!weight.IsSlice, op, $"weight [{weight.Outputs}, {weight.Inputs}] is part of a larger one, which is written whole");
    }
}
