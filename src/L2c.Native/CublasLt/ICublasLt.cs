namespace L2c.Native;

/// <summary>The seam to cuBLASLt: exactly the functions in use, with the vendor's names. A library of its own: a machine can have the driver and lack this one.</summary>
/// <remarks>
/// The rules of <see cref="ICudaDriver"/> hold: a C output pointer is <c>out</c>, a C array with its count is a span, a call never throws for its status.
/// Matrices are column-major, as everywhere in cuBLAS. Source: cuBLAS documentation, chapter cuBLASLt API.
/// </remarks>
public interface ICublasLt
{
    /// <summary>The library's version as one number, which <see cref="CublasLtVersion.Parse"/> takes apart. Needs no device.</summary>
    nuint cublasLtGetVersion();

    /// <summary>Creates a handle for the current context's device.</summary>
    cublasStatus_t cublasLtCreate(out cublasLtHandle_t handle);

    /// <summary>Destroys a handle.</summary>
    cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle);

    /// <summary>Describes an operation: D = epilogue(alpha op(A) op(B) + beta C).</summary>
    cublasStatus_t cublasLtMatmulDescCreate(out cublasLtMatmulDesc_t matmulDesc, cublasComputeType_t computeType, cudaDataType_t scaleType);

    /// <summary>Sets one attribute of an operation.</summary>
    /// <param name="matmulDesc">The operation.</param>
    /// <param name="attribute">Which.</param>
    /// <param name="value">Exactly the bytes of the attribute's C type.</param>
    cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t matmulDesc, cublasLtMatmulDescAttributes_t attribute, ReadOnlySpan<byte> value);

    /// <summary>Destroys the description.</summary>
    cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t matmulDesc);

    /// <summary>Describes a column-major matrix: <paramref name="rows"/> by <paramref name="cols"/>, columns <paramref name="ld"/> elements apart.</summary>
    cublasStatus_t cublasLtMatrixLayoutCreate(out cublasLtMatrixLayout_t matLayout, cudaDataType_t type, ulong rows, ulong cols, long ld);

    /// <summary>Sets one attribute of a matrix, as the count and stride of a batch.</summary>
    cublasStatus_t cublasLtMatrixLayoutSetAttribute(
        cublasLtMatrixLayout_t matLayout, cublasLtMatrixLayoutAttribute_t attribute, ReadOnlySpan<byte> value);

    /// <summary>Destroys the description.</summary>
    cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t matLayout);

    /// <summary>Creates the wishes that the heuristic is asked with.</summary>
    cublasStatus_t cublasLtMatmulPreferenceCreate(out cublasLtMatmulPreference_t pref);

    /// <summary>Sets one wish, as the workspace that may be used.</summary>
    cublasStatus_t cublasLtMatmulPreferenceSetAttribute(
        cublasLtMatmulPreference_t pref, cublasLtMatmulPreferenceAttributes_t attribute, ReadOnlySpan<byte> value);

    /// <summary>Destroys the wishes.</summary>
    cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t pref);

    /// <summary>Asks for algorithms, best guess first.</summary>
    /// <param name="lightHandle">The handle.</param>
    /// <param name="operationDesc">The operation.</param>
    /// <param name="aDesc">A.</param>
    /// <param name="bDesc">B.</param>
    /// <param name="cDesc">C.</param>
    /// <param name="dDesc">D.</param>
    /// <param name="preference">Wishes.</param>
    /// <param name="heuristicResults">As many as are wanted.</param>
    /// <param name="returnAlgoCount">How many were found.</param>
    cublasStatus_t cublasLtMatmulAlgoGetHeuristic(
        cublasLtHandle_t lightHandle,
        cublasLtMatmulDesc_t operationDesc,
        cublasLtMatrixLayout_t aDesc,
        cublasLtMatrixLayout_t bDesc,
        cublasLtMatrixLayout_t cDesc,
        cublasLtMatrixLayout_t dDesc,
        cublasLtMatmulPreference_t preference,
        Span<cublasLtMatmulHeuristicResult_t> heuristicResults,
        out int returnAlgoCount);

    /// <summary>Says whether an algorithm, as one read from a file, serves this operation on this device, and what workspace it takes.</summary>
    cublasStatus_t cublasLtMatmulAlgoCheck(
        cublasLtHandle_t lightHandle,
        cublasLtMatmulDesc_t operationDesc,
        cublasLtMatrixLayout_t aDesc,
        cublasLtMatrixLayout_t bDesc,
        cublasLtMatrixLayout_t cDesc,
        cublasLtMatrixLayout_t dDesc,
        in cublasLtMatmulAlgo_t algo,
        out cublasLtMatmulHeuristicResult_t result);

    /// <summary>Enqueues the operation. Allocates nothing, so it may be captured.</summary>
    /// <param name="lightHandle">The handle.</param>
    /// <param name="computeDesc">The operation.</param>
    /// <param name="alpha">Of the scale type, which is fp32 here.</param>
    /// <param name="a">A's first element.</param>
    /// <param name="aDesc">A.</param>
    /// <param name="b">B's first element.</param>
    /// <param name="bDesc">B.</param>
    /// <param name="beta">As alpha. C is not read at 0.</param>
    /// <param name="c">C's first element; may be D's.</param>
    /// <param name="cDesc">C.</param>
    /// <param name="d">D's first element.</param>
    /// <param name="dDesc">D.</param>
    /// <param name="algo">What the heuristic gave.</param>
    /// <param name="workspace">Device memory, aligned to 256 bytes.</param>
    /// <param name="workspaceSizeInBytes">Its size.</param>
    /// <param name="stream">The stream.</param>
    cublasStatus_t cublasLtMatmul(
        cublasLtHandle_t lightHandle,
        cublasLtMatmulDesc_t computeDesc,
        in float alpha,
        CUdeviceptr a,
        cublasLtMatrixLayout_t aDesc,
        CUdeviceptr b,
        cublasLtMatrixLayout_t bDesc,
        in float beta,
        CUdeviceptr c,
        cublasLtMatrixLayout_t cDesc,
        CUdeviceptr d,
        cublasLtMatrixLayout_t dDesc,
        in cublasLtMatmulAlgo_t algo,
        CUdeviceptr workspace,
        nuint workspaceSizeInBytes,
        CUstream stream);
}

/// <summary>The encoding of cuBLAS version numbers.</summary>
public static class CublasLtVersion
{
    /// <summary>110902 is 11.9.2 and 130002 is 13.0.2 (10000·major + 100·minor + patch); up to 11.7 the major version was multiplied by 1000: 11605
    /// is 11.6.5.</summary>
    /// <remarks>Source: <c>CUBLAS_VERSION</c> in cublas_api.h of cuBLAS 11.6, 11.9 and 12.3.</remarks>
    public static Version Parse(nuint value)
    {
        int v = checked((int)value);
        int radix = v < 100_000 ? 1000 : 10_000;
        return new Version(v / radix, v % radix / 100, v % 100);
    }
}
