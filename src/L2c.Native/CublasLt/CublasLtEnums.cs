namespace L2c.Native;

/// <summary>Status codes of cuBLAS.</summary>
/// <remarks>Source: cublas_api.h.</remarks>
public enum cublasStatus_t
{
    /// <summary>No error.</summary>
    CUBLAS_STATUS_SUCCESS = 0,

    /// <summary>The handle was not created, or CUDA itself does not work.</summary>
    CUBLAS_STATUS_NOT_INITIALIZED = 1,

    /// <summary>Memory could not be allocated.</summary>
    CUBLAS_STATUS_ALLOC_FAILED = 3,

    /// <summary>An argument is out of range, or descriptions contradict each other.</summary>
    CUBLAS_STATUS_INVALID_VALUE = 7,

    /// <summary>The device lacks a feature.</summary>
    CUBLAS_STATUS_ARCH_MISMATCH = 8,

    /// <summary>Device memory could not be accessed.</summary>
    CUBLAS_STATUS_MAPPING_ERROR = 11,

    /// <summary>A kernel failed.</summary>
    CUBLAS_STATUS_EXECUTION_FAILED = 13,

    /// <summary>The library failed.</summary>
    CUBLAS_STATUS_INTERNAL_ERROR = 14,

    /// <summary>No algorithm does this.</summary>
    CUBLAS_STATUS_NOT_SUPPORTED = 15,

    /// <summary>A licence is missing.</summary>
    CUBLAS_STATUS_LICENSE_ERROR = 16,
}

/// <summary>Element types.</summary>
/// <remarks>Source: library_types.h, <c>cudaDataType</c>.</remarks>
public enum cudaDataType_t
{
    /// <summary>IEEE binary32.</summary>
    CUDA_R_32F = 0,

    /// <summary>IEEE binary16.</summary>
    CUDA_R_16F = 2,

    /// <summary>bfloat16.</summary>
    CUDA_R_16BF = 14,
}

/// <summary>In what precision products are made and summed.</summary>
/// <remarks>Source: cublas_api.h.</remarks>
public enum cublasComputeType_t
{
    /// <summary>fp32 sums; products of fp32 inputs in fp32, of half inputs exact.</summary>
    CUBLAS_COMPUTE_32F = 68,

    /// <summary>fp32 sums; fp32 inputs are rounded to tf32 (10 bits of mantissa) for tensor cores.</summary>
    CUBLAS_COMPUTE_32F_FAST_TF32 = 77,
}

/// <summary>Whether a matrix is transposed.</summary>
/// <remarks>Source: cublas_api.h.</remarks>
public enum cublasOperation_t
{
    /// <summary>As it is.</summary>
    CUBLAS_OP_N = 0,

    /// <summary>Transposed.</summary>
    CUBLAS_OP_T = 1,
}

/// <summary>What happens to a product before it is stored. Bias is one value per row of the column-major D.</summary>
/// <remarks>Source: cublasLt.h.</remarks>
public enum cublasLtEpilogue_t
{
    /// <summary>Nothing.</summary>
    CUBLASLT_EPILOGUE_DEFAULT = 1,

    /// <summary>max(x, 0).</summary>
    CUBLASLT_EPILOGUE_RELU = 2,

    /// <summary>Adds the bias.</summary>
    CUBLASLT_EPILOGUE_BIAS = 4,

    /// <summary>Adds the bias, then max(x, 0).</summary>
    CUBLASLT_EPILOGUE_RELU_BIAS = 6,

    /// <summary>GELU in its tanh form.</summary>
    CUBLASLT_EPILOGUE_GELU = 32,

    /// <summary>Adds the bias, then GELU in its tanh form.</summary>
    CUBLASLT_EPILOGUE_GELU_BIAS = 36,
}

/// <summary>Attributes of an operation, with their C types.</summary>
/// <remarks>Source: cublasLt.h.</remarks>
public enum cublasLtMatmulDescAttributes_t
{
    /// <summary>int32: <see cref="cublasOperation_t"/> of A.</summary>
    CUBLASLT_MATMUL_DESC_TRANSA = 3,

    /// <summary>int32: <see cref="cublasOperation_t"/> of B.</summary>
    CUBLASLT_MATMUL_DESC_TRANSB = 4,

    /// <summary>uint32: <see cref="cublasLtEpilogue_t"/>.</summary>
    CUBLASLT_MATMUL_DESC_EPILOGUE = 7,

    /// <summary>void*: address of the bias, of D's type.</summary>
    CUBLASLT_MATMUL_DESC_BIAS_POINTER = 8,
}

/// <summary>Attributes of a matrix, with their C types.</summary>
/// <remarks>Source: cublasLt.h.</remarks>
public enum cublasLtMatrixLayoutAttribute_t
{
    /// <summary>int32: matrices in a batch.</summary>
    CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT = 5,

    /// <summary>int64: elements from one matrix of a batch to the next.</summary>
    CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET = 6,
}

/// <summary>How the parts of a sum that was split over K are added up.</summary>
/// <remarks>Source: cublasLt.h. The two schemes left out here add up in D's type, which for halves is not an fp32 sum.</remarks>
public enum cublasLtReductionScheme_t
{
    /// <summary>In the workspace, in the compute type.</summary>
    CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE = 2,
}

/// <summary>Wishes, with their C types.</summary>
/// <remarks>Source: cublasLt.h.</remarks>
public enum cublasLtMatmulPreferenceAttributes_t
{
    /// <summary>uint64: largest workspace in bytes.</summary>
    CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES = 1,

    /// <summary>uint32: bits of <see cref="cublasLtReductionScheme_t"/> that are allowed; all when not set.</summary>
    CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK = 3,

    /// <summary>uint32: alignment of A in bytes that an algorithm may rely on; 256 when not set.</summary>
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES = 5,

    /// <summary>uint32: alignment of B.</summary>
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES = 6,

    /// <summary>uint32: alignment of C.</summary>
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES = 7,

    /// <summary>uint32: alignment of D.</summary>
    CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES = 8,
}
