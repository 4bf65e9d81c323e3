namespace L2c.Kernels;

public abstract partial class Device
{
    /// <summary>dW[n,k] = sum_m dy[m,n] x[m,k]: the gradient of a linear map's weight. The input's is <see cref="Linear"/> with
    /// <see cref="Arena.TakeTransposed"/>'s matrix: dx = dy W.</summary>
    /// <param name="dy">[.., N], any row stride.</param>
    /// <param name="x">[.., K], any row stride, as many rows: the map's input.</param>
    /// <param name="dWeight">[N,K] F32, contiguous, row-major as PyTorch stores the weight; overwritten.</param>
    /// <remarks>
    /// Numbers  sums over m in fp32, in an order that depends on M alone (CPU); CUDA: the library chooses by shape.
    /// Traffic  M (N + K) + N K elements.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void LinearWeightGradient(Tensor dy, Tensor x, Tensor dWeight)
    {
        const string Op = nameof(LinearWeightGradient);
        Require(dy.Rows == x.Rows, Op, $"dy {dy.Shape} does not match x {x.Shape} (rows must agree)");
        Require(
            dWeight.DType == DType.F32 && dWeight.IsContiguous && dWeight.Shape.Rank == 2, Op,
            $"dWeight {dWeight.Shape} {dWeight.DType} must be [N,K] F32, contiguous");
        Require(
            dWeight.Rows == dy.Columns && dWeight.Columns == x.Columns, Op, $"dWeight {dWeight.Shape} does not match dy {dy.Shape} and x {x.Shape}");
        LinearWeightGradientCore(dy, x, dWeight);
    }

    /// <summary>sums[n] = sum_m x[m,n]: the gradient of a bias.</summary>
    /// <param name="x">[.., N], any row stride.</param>
    /// <param name="sums">[N] F32, contiguous; overwritten.</param>
    /// <remarks>
    /// Numbers  fp32, in an order that depends on M alone.
    /// Traffic  M N elements.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void ColumnSums(Tensor x, Tensor sums)
    {
        Require(
            sums.DType == DType.F32 && sums.IsContiguous && sums.Shape.Count == x.Columns, nameof(ColumnSums),
            $"sums {sums.Shape} {sums.DType} must be F32, a value per column of x {x.Shape}");
        ColumnSumsCore(x, sums);
    }

    /// <summary>Writes a weight that training has changed into the layout that <see cref="Linear"/> reads.</summary>
    /// <param name="values">[R,K] F32, contiguous, row-major as PyTorch stores it: all rows, or some of a weight that is written in pieces.</param>
    /// <param name="weight">N x K, carved by <see cref="Arena.TakeMatrix"/>.</param>
    /// <param name="firstOutput">Where the rows go.</param>
    /// <remarks>Traffic  2 R K elements. An op, unlike <see cref="WriteMatrix"/>: it can be recorded.</remarks>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void PackMatrix(Tensor values, Matrix weight, int firstOutput = 0)
    {
        Require(
            !weight.IsTransposed && !weight.IsSlice && firstOutput >= 0 && firstOutput + values.Rows <= weight.Outputs
                && values.Columns == weight.Inputs,
            nameof(PackMatrix),
            $"values {values.Shape} at row {firstOutput} do not match weight [{weight.Outputs}, {weight.Inputs}]");
        Require(
            values.DType == DType.F32 && values.IsContiguous, nameof(PackMatrix),
            $"values {values.Shape} {values.DType} must be F32, contiguous");
        PackMatrixCore(values, weight, firstOutput);
    }

    /// <summary>As <see cref="PackMatrix"/> for the transposed matrix of <see cref="Arena.TakeTransposed"/>.</summary>
    /// <param name="values">[N,K] F32, contiguous: the weight itself, not its transpose.</param>
    /// <param name="transposed">K x N.</param>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public void PackTransposed(Tensor values, Matrix transposed)
    {
        Require(
            transposed.IsTransposed && values.Rows == transposed.Inputs && values.Columns == transposed.Outputs, nameof(PackTransposed),
            $"values {values.Shape} do not match transposed weight [{transposed.Outputs}, {transposed.Inputs}]");
        Require(
            values.DType == DType.F32 && values.IsContiguous, nameof(PackTransposed),
            $"values {values.Shape} {values.DType} must be F32, contiguous");
        PackTransposedCore(values, transposed);
    }

    /// <summary>Carves what <see cref="Linear"/> needs to compute dx = dy W: a second layout on the CPU, a view of the weight itself on CUDA.
    /// </summary>
    internal protected abstract Matrix TakeTransposed(Arena arena, Matrix weight);

    /// <summary>Writes rows of a weight, given as PyTorch stores it, into its transposed matrix; does nothing where that is a view.</summary>
    /// <param name="transposed">Carved by <see cref="Arena.TakeTransposed"/>.</param>
    /// <param name="firstOutput">First of the weight's rows given: first input of the transposed matrix.</param>
    /// <param name="rows">Whole rows of the weight, <see cref="Matrix.Outputs"/> values each.</param>
    public abstract void WriteTransposed(Matrix transposed, int firstOutput, ReadOnlySpan<float> rows);

    /// <summary>The device's form of <see cref="LinearWeightGradient"/>; shapes have been checked.</summary>
    protected abstract void LinearWeightGradientCore(Tensor dy, Tensor x, Tensor dWeight);

    /// <summary>The device's form of <see cref="ColumnSums"/>; shapes have been checked.</summary>
    protected abstract void ColumnSumsCore(Tensor x, Tensor sums);

    /// <summary>The device's form of <see cref="PackMatrix"/>; shapes have been checked.</summary>
    protected abstract void PackMatrixCore(Tensor values, Matrix weight, int firstOutput);

    /// <summary>The device's form of <see cref="PackTransposed"/>; shapes have been checked.</summary>
    protected abstract void PackTransposedCore(Tensor values, Matrix transposed);
}
