using System.Numerics;
using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>What a product is passed through before it is stored, in the same kernel.</summary>
public enum MatmulEpilogue
{
    /// <summary>Stored as it is.</summary>
    None,
    /// <summary>Plus the bias.</summary>
    Bias,
    /// <summary>GELU in its tanh form.</summary>
    GeluTanh,
    /// <summary>Plus the bias, then GELU in its tanh form.</summary>
    GeluTanhBias,
    /// <summary>max(x, 0).</summary>
    Relu,
    /// <summary>Plus the bias, then max(x, 0).</summary>
    ReluBias,
}

/// <summary>Which operands of a product lie transposed in memory: a linear map and its two gradients.</summary>
public enum MatmulForm
{
    /// <summary>y[M, N] = x[M, K] · W[N, K]ᵀ: the map itself, W as PyTorch stores it.</summary>
    Map,
    /// <summary>y[M, N] = x[M, K] · W[K, N]: the gradient of the map's input, dx = dy W, from the same weight.</summary>
    InputGradient,
    /// <summary>y[M, N] = x[K, M]ᵀ · W[K, N] in fp32: the gradient of the map's weight, with dy for x and the map's input for W.</summary>
    WeightGradient,
}

/// <summary>Everything that the choice of an algorithm may depend on: y[M, N] = epilogue(x[M, K] · W[N, K]ᵀ + bias[N]), row-major, or another
/// <see cref="MatmulForm"/>. Key of a <see cref="MatmulPlan"/>.</summary>
/// <param name="M">Rows of y.</param>
/// <param name="N">Columns of y.</param>
/// <param name="K">Terms of each sum.</param>
/// <param name="LdX">Elements from one row of x to the next, at least its columns.</param>
/// <param name="LdY">Elements from one row of y to the next, at least N.</param>
/// <param name="Type">Of x, W, bias and y: F32, F16 or BF16. <see cref="MatmulForm.WeightGradient"/> gives F32 whatever x and W are.</param>
/// <param name="Compute">Sums are fp32; <see cref="cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32"/> only with F32.</param>
/// <param name="Epilogue">What happens before the store.</param>
/// <param name="AlignX">Bytes, a power of two up to 256, that divide the address of x: as <see cref="AlignmentOf"/> gives.</param>
/// <param name="AlignW">The same for W.</param>
/// <param name="AlignY">The same for y.</param>
/// <param name="Form">Which operands lie transposed.</param>
/// <param name="LdW">Elements from one row of W to the next; 0 for contiguous rows.</param>
/// <param name="Accumulates">Whether the product is added to what y holds, before the bias and the rest of the epilogue.</param>
/// <param name="StoresFloats">Whether y is F32 whatever x and W are; there is no bias then.</param>
public readonly record struct MatmulShape(
    int M,
    int N,
    int K,
    int LdX,
    int LdY,
    DType Type,
    cublasComputeType_t Compute,
    MatmulEpilogue Epilogue,
    int AlignX = MatmulShape.MaxAlignment,
    int AlignW = MatmulShape.MaxAlignment,
    int AlignY = MatmulShape.MaxAlignment,
    MatmulForm Form = MatmulForm.Map,
    int LdW = 0,
    bool Accumulates = false,
    bool StoresFloats = false)
{
    /// <summary>Alignment beyond which no algorithm gains, and which the driver gives every allocation, in bytes.</summary>
    public const int MaxAlignment = 256;

    /// <summary>Alignment that cuBLASLt asks of the bias, in bytes.</summary>
    public const int BiasAlignment = 16;

    /// <summary>Whether the epilogue adds a bias.</summary>
    public bool HasBias => Epilogue is MatmulEpilogue.Bias or MatmulEpilogue.GeluTanhBias or MatmulEpilogue.ReluBias;

    /// <summary>Type of y.</summary>
    public DType OutputType => StoresFloats || Form == MatmulForm.WeightGradient ? DType.F32 : Type;

    /// <summary>Elements from one row of W to the next.</summary>
    public int RowStrideW => LdW == 0 ? W.Columns : LdW;

    /// <summary>Multiply-adds times two.</summary>
    public double Flops => 2.0 * M * N * K;

    /// <summary>The largest power of two up to <see cref="MaxAlignment"/> that divides the address.</summary>
    public static int AlignmentOf(CUdeviceptr address) => 1 << int.Min(BitOperations.TrailingZeroCount(address.Value), 8);

    /// <summary>One line without tabs or line breaks, different for different shapes: for messages, tables and the cache.</summary>
    public override string ToString() => Form switch
    {
        MatmulForm.Map => $"y[{M},{N}]/{LdY} {Gets} x[{M},{K}]/{LdX} W[{N},{K}]{StrideW}' {Rest}",
        MatmulForm.InputGradient => $"y[{M},{N}]/{LdY} {Gets} x[{M},{K}]/{LdX} W[{K},{N}]{StrideW} {Rest}",
        _ => $"y[{M},{N}]/{LdY} {Gets} x[{K},{M}]/{LdX}' W[{K},{N}]{StrideW} {Rest}",
    };

    /// <summary>Rows and columns of x as it lies in memory.</summary>
    internal (int Rows, int Columns) X => Form == MatmulForm.WeightGradient ? (K, M) : (M, K);

    /// <summary>Rows and columns of W as it lies in memory.</summary>
    internal (int Rows, int Columns) W => Form == MatmulForm.Map ? (N, K) : (K, N);

    private string Gets => Accumulates ? "+=" : "=";

    private string StrideW => LdW == 0 ? "" : $"/{LdW}";

    private string Rest => $"{Type}{(StoresFloats ? "->F32" : "")} {Compute} {Epilogue} align {AlignX},{AlignW},{AlignY}";

    /// <summary>Refuses what contradicts itself.</summary>
    /// <exception cref="ArgumentException">The message has the rule and the shape.</exception>
    internal void Validate()
    {
        Require(M > 0 && N > 0 && K > 0, "M, N and K must be positive");
        Require(LdX >= X.Columns, $"rows of x overlap: LdX < {X.Columns}");
        Require(RowStrideW >= W.Columns, $"rows of W overlap: LdW < {W.Columns}");
        Require(LdY >= N, "rows of y overlap: LdY < N");
        Require(Type is DType.F32 or DType.F16 or DType.BF16, "x, W and y must be F32, F16 or BF16");
        Require(
            Compute == cublasComputeType_t.CUBLAS_COMPUTE_32F
            || (Compute == cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32 && Type == DType.F32),
            "sums must be fp32, and tf32 products need F32 operands");
        Require(Form != MatmulForm.WeightGradient || Epilogue == MatmulEpilogue.None, "a weight's gradient is stored as it is");
        Require(!StoresFloats || !HasBias, "a bias is of the type of x and W");
        int size = Type.Size();
        Require(IsAlignment(AlignX, size) && IsAlignment(AlignW, size) && IsAlignment(AlignY, OutputType.Size()),
            $"alignments must be powers of two from {size} to {MaxAlignment}");
    }

    private static bool IsAlignment(int bytes, int elementSize) => int.IsPow2(bytes) && bytes >= elementSize && bytes <= MaxAlignment;

    private void Require(bool condition, string rule)
    {
        if (!condition)
        {
            throw new ArgumentException($"Matmul: {rule}: {this}");
        }
    }
}
