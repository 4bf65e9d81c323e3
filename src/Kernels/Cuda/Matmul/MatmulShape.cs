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
}

/// <summary>Everything that the choice of an algorithm may depend on: y[M, N] = epilogue(x[M, K] · W[N, K]ᵀ + bias[N]), row-major. Key of a
/// <see cref="MatmulPlan"/>.</summary>
/// <param name="M">Rows of x and y.</param>
/// <param name="N">Columns of y, rows of W.</param>
/// <param name="K">Columns of x and W. W's rows are contiguous.</param>
/// <param name="LdX">Elements from one row of x to the next, at least K.</param>
/// <param name="LdY">Elements from one row of y to the next, at least N.</param>
/// <param name="Type">Of x, W, bias and y: F32, F16 or BF16.</param>
/// <param name="Compute">Sums are fp32; <see cref="cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32"/> only with F32.</param>
/// <param name="Epilogue">What happens before the store.</param>
/// <param name="AlignX">Bytes, a power of two up to 256, that divide the address of x: as <see cref="AlignmentOf"/> gives.</param>
/// <param name="AlignW">The same for W.</param>
/// <param name="AlignY">The same for y.</param>
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
    int AlignY = MatmulShape.MaxAlignment)
{
    /// <summary>Alignment beyond which no algorithm gains, and which the driver gives every allocation, in bytes.</summary>
    public const int MaxAlignment = 256;

    /// <summary>Alignment that cuBLASLt asks of the bias, in bytes.</summary>
    public const int BiasAlignment = 16;

    /// <summary>Whether the epilogue adds a bias.</summary>
    public bool HasBias => Epilogue is MatmulEpilogue.Bias or MatmulEpilogue.GeluTanhBias;

    /// <summary>Multiply-adds times two.</summary>
    public double Flops => 2.0 * M * N * K;

    /// <summary>The largest power of two up to <see cref="MaxAlignment"/> that divides the address.</summary>
    public static int AlignmentOf(CUdeviceptr address) => 1 << int.Min(BitOperations.TrailingZeroCount(address.Value), 8);

    /// <summary>One line without tabs or line breaks, different for different shapes: for messages, tables and the cache.</summary>
    public override string ToString() =>
        $"y[{M},{N}]/{LdY} = x[{M},{K}]/{LdX} W[{N},{K}]' {Type} {Compute} {Epilogue} align {AlignX},{AlignW},{AlignY}";

    /// <summary>Refuses what contradicts itself.</summary>
    /// <exception cref="ArgumentException">The message has the rule and the shape.</exception>
    internal void Validate()
    {
        Require(M > 0 && N > 0 && K > 0, "M, N and K must be positive");
        Require(LdX >= K, "rows of x overlap: LdX < K");
        Require(LdY >= N, "rows of y overlap: LdY < N");
        Require(Type is DType.F32 or DType.F16 or DType.BF16, "x, W and y must be F32, F16 or BF16");
        Require(
            Compute == cublasComputeType_t.CUBLAS_COMPUTE_32F
            || (Compute == cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32 && Type == DType.F32),
            "sums must be fp32, and tf32 products need F32 operands");
        int size = Type.Size();
        Require(IsAlignment(AlignX, size) && IsAlignment(AlignW, size) && IsAlignment(AlignY, size),
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
