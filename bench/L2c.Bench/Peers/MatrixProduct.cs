using L2c.Kernels;

namespace L2c.Bench.Peers;

/// <summary>Which of a linear map's three products.</summary>
internal enum ProductForm
{
    /// <summary>y = x W^T.</summary>
    Forward,
    /// <summary>dx = dy W.</summary>
    InputGradient,
    /// <summary>dW = dy^T x.</summary>
    WeightGradient,
}

/// <summary>A product of a linear map with weight [N,K] on M rows, as libraries of matrix products know it: two stored
/// matrices, either transposed.</summary>
/// <param name="Form">Which product.</param>
/// <param name="M">Rows of x and y.</param>
/// <param name="N">Outputs.</param>
/// <param name="K">Inputs.</param>
/// <param name="Activation">Of the outputs.</param>
internal sealed record MatrixProduct(ProductForm Form, int M, int N, int K, Activation Activation = Activation.None)
{
    /// <summary>The left operand as it is stored: x, or dy.</summary>
    public Extents Left => Form == ProductForm.Forward ? new(M, K) : new(M, N);

    /// <summary>The right operand as it is stored: W, or x.</summary>
    public Extents Right => Form == ProductForm.WeightGradient ? new(M, K) : new(N, K);

    /// <summary>The result.</summary>
    public Extents Result => Form switch
    {
        ProductForm.Forward => new(M, N),
        ProductForm.InputGradient => new(M, K),
        _ => new(N, K),
    };

    /// <summary>What is summed over.</summary>
    public int Inner => Form switch
    {
        ProductForm.Forward => K,
        ProductForm.InputGradient => N,
        _ => M,
    };

    /// <summary>Whether the left operand is read by columns.</summary>
    public bool IsLeftTransposed => Form == ProductForm.WeightGradient;

    /// <summary>Whether the right operand is read by columns.</summary>
    public bool IsRightTransposed => Form == ProductForm.Forward;

    /// <summary>Rows and columns of a matrix.</summary>
    internal readonly record struct Extents(int Rows, int Columns)
    {
        /// <summary>Elements.</summary>
        public int Count => Rows * Columns;
    }
}
