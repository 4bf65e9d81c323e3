using L2c.Native;

namespace L2c.Emulation;

/// <summary>An operation on matrices that fit together: D = epilogue(alpha op(A) op(B) + beta C), D of M rows and N columns.</summary>
internal readonly record struct MatmulProblem(
    MatrixLayout A,
    MatrixLayout B,
    MatrixLayout C,
    MatrixLayout D,
    bool TransposeA,
    bool TransposeB,
    cublasComputeType_t Compute,
    cublasLtEpilogue_t Epilogue,
    ulong Bias)
{
    public int M => checked((int)D.Rows);

    public int N => checked((int)D.Columns);

    public int K => checked((int)(TransposeA ? A.Rows : A.Columns));

    public bool HasBias => ((int)Epilogue & (int)cublasLtEpilogue_t.CUBLASLT_EPILOGUE_BIAS) != 0;

    public bool HasRelu => ((int)Epilogue & (int)cublasLtEpilogue_t.CUBLASLT_EPILOGUE_RELU) != 0;

    public bool HasGelu => ((int)Epilogue & (int)cublasLtEpilogue_t.CUBLASLT_EPILOGUE_GELU) != 0;

    /// <summary>Puts descriptions together.</summary>
    /// <returns>Invalid value when shapes contradict each other, not supported for types that no kernel takes.</returns>
    public static cublasStatus_t Create(
        OperationState operation, MatrixLayout a, MatrixLayout b, MatrixLayout c, MatrixLayout d, out MatmulProblem problem)
    {
        bool transposeA = operation.OpA == cublasOperation_t.CUBLAS_OP_T, transposeB = operation.OpB == cublasOperation_t.CUBLAS_OP_T;
        problem = new MatmulProblem(a, b, c, d, transposeA, transposeB, operation.Compute, operation.Epilogue, operation.Bias);
        long inner = transposeA ? a.Rows : a.Columns;
        bool fits = (transposeA ? a.Columns : a.Rows) == d.Rows && (transposeB ? b.Rows : b.Columns) == d.Columns
            && inner == (transposeB ? b.Columns : b.Rows)
            && (c.Rows, c.Columns) == (d.Rows, d.Columns)
            && a.Batch == d.Batch && b.Batch == d.Batch && c.Batch == d.Batch
            && (d.Batch == 1 || d.BatchStride != 0);
        if (!fits)
        {
            return cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
        }

        // The table of cublasLtMatmul: inputs of one type; results of that type, or fp32; tf32 is for fp32 inputs.
        bool tf32 = operation.Compute == cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32;
        bool known = operation.Scale == cudaDataType_t.CUDA_R_32F && a.Type == b.Type && c.Type == d.Type
            && (d.Type == a.Type || d.Type == cudaDataType_t.CUDA_R_32F)
            && (!tf32 || a.Type == cudaDataType_t.CUDA_R_32F);
        return known ? cublasStatus_t.CUBLAS_STATUS_SUCCESS : cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED;
    }
}
