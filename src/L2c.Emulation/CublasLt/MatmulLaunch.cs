using System.Globalization;
using L2c.Native;

namespace L2c.Emulation;

/// <summary>Which arithmetic makes the products of a matmul.</summary>
public enum MatmulUnit
{
    /// <summary>Tensor cores, fp16 or bf16.</summary>
    Half,

    /// <summary>Tensor cores, fp32 with 10 bits of mantissa.</summary>
    Tf32,

    /// <summary>fp32 arithmetic.</summary>
    Fp32,
}

/// <summary>A matmul of cuBLASLt: D = epilogue(alpha op(A) op(B) + beta C), column-major.</summary>
public sealed record MatmulLaunch : DeviceWork
{
    private readonly MatmulProblem _problem;
    private readonly EmulatedAlgorithm _algorithm;
    private readonly (ulong A, ulong B, ulong C, ulong D) _address;
    private readonly ulong _workspace;
    private readonly LibraryTraits _traits;

    internal MatmulLaunch(
        MatmulProblem problem,
        EmulatedAlgorithm algorithm,
        float alpha,
        float beta,
        (ulong A, ulong B, ulong C, ulong D) address,
        ulong workspace,
        LibraryTraits traits)
    {
        (_problem, _algorithm, Alpha, Beta, _address, _workspace, _traits) = (problem, algorithm, alpha, beta, address, workspace, traits);
    }

    /// <summary>Rows of D.</summary>
    public int M => _problem.M;

    /// <summary>Columns of D.</summary>
    public int N => _problem.N;

    /// <summary>Terms of each sum.</summary>
    public int K => _problem.K;

    /// <summary>Matrices in the batch.</summary>
    public int Batch => _problem.D.Batch;

    /// <summary>A is stored as [M, K] in row-major terms.</summary>
    public bool TransposeA => _problem.TransposeA;

    /// <summary>B is stored as [K, N] in row-major terms.</summary>
    public bool TransposeB => _problem.TransposeB;

    /// <summary>Type of A and B.</summary>
    public cudaDataType_t InputType => _problem.A.Type;

    /// <summary>Type of C, D and the bias.</summary>
    public cudaDataType_t OutputType => _problem.D.Type;

    /// <summary>How products are made.</summary>
    public cublasComputeType_t Compute => _problem.Compute;

    /// <summary>What happens before the result is stored.</summary>
    public cublasLtEpilogue_t Epilogue => _problem.Epilogue;

    /// <summary>Factor of the product.</summary>
    public float Alpha { get; }

    /// <summary>Factor of C.</summary>
    public float Beta { get; }

    /// <summary>Which arithmetic makes the products.</summary>
    public MatmulUnit Unit => InputType != cudaDataType_t.CUDA_R_32F ? MatmulUnit.Half
        : Compute == cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32 ? MatmulUnit.Tf32
        : MatmulUnit.Fp32;

    /// <summary>Operations: two per multiply-add.</summary>
    public double Flops => 2.0 * M * N * K * Batch;

    /// <summary>Bytes of A, B, D and the bias, each once, and of C where it is added.</summary>
    public double MinimumBytes => (double)Batch
        * ((((double)M + N) * K * _problem.A.ElementBytes) + ((double)M * N * _problem.D.ElementBytes * (Beta == 0 ? 1 : 2)))
        + (_problem.HasBias ? _problem.D.ColumnBytes : 0);

    /// <summary>Bytes of an element of A and B.</summary>
    public int ElementBytes => _problem.A.ElementBytes;

    /// <summary>Number of the algorithm.</summary>
    public int Algorithm => _algorithm.Id;

    internal override void Run(DeviceMemory memory)
    {
        try
        {
            MatmulKernel.Run(_problem, _algorithm, Alpha, Beta, _address, _workspace, _traits, memory);
        }
        catch (DeviceFault fault)
        {
            throw fault.At(string.Create(CultureInfo.InvariantCulture, $"cublasLtMatmul M={M} N={N} K={K}"));
        }
    }
}
