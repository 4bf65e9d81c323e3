using System.Runtime.InteropServices;
using L2c.Native;

namespace L2c.Kernels.Cuda;

/// <summary>Device memory that algorithms may use as scratch. Products on one stream share it; two streams need two.</summary>
/// <param name="Address">Aligned to 256 bytes; 0 when there is none.</param>
/// <param name="Bytes">Its size.</param>
public readonly record struct MatmulWorkspace(CUdeviceptr Address, nuint Bytes)
{
    /// <summary>Size worth presetting: 32 MiB from sm_90 on, 4 MiB before.</summary>
    /// <remarks>Source: cuBLAS documentation, default workspaces of cublasSetWorkspace.</remarks>
    public static nuint RecommendedBytes(Version computeCapability) => computeCapability.Major >= 9 ? 32u << 20 : 4u << 20;
}

/// <summary>A shape in the terms of cuBLASLt: descriptors and the calls that take them.</summary>
/// <remarks>
/// Row-major y = x Wᵀ is column-major yᵀ = W xᵀ: A is W seen as K x N (transposed by the operation), B is x seen as K x M, D is y seen as N x M.
/// So a bias per row of D is a bias per column of y. W seen as N x K, as dx = dy W has it, is not transposed by the operation; and for dW = dyᵀ x
/// it is B that is: x of the shape, seen as M x K.
/// </remarks>
internal sealed class MatmulOperation : IDisposable
{
    private readonly ICublasLt _cublasLt;
    private readonly cublasLtHandle_t _handle;
    private readonly MatmulWorkspace _workspace;
    private readonly cublasLtMatmulDesc_t _desc;
    private readonly cublasLtMatrixLayout_t _weight, _x, _y;
    private bool _destroyed;

    public MatmulOperation(ICublasLt cublasLt, cublasLtHandle_t handle, MatmulWorkspace workspace, MatmulShape shape)
    {
        _cublasLt = cublasLt;
        _handle = handle;
        _workspace = workspace;
        Shape = shape;
        try
        {
            cublasLt.Check(cublasLt.cublasLtMatmulDescCreate(out _desc, shape.Compute, cudaDataType_t.CUDA_R_32F));
            Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_TRANSA, Transposed(shape.Form == MatmulForm.Map));
            Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_TRANSB, Transposed(shape.Form == MatmulForm.WeightGradient));
            Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE, Epilogue(shape.Epilogue));
            if (shape.HasBias)
            {
                // The choice may look at the pointer, so it gets one that is aligned as much as a bias has to be and no more. Nothing reads it.
                SetBias(new CUdeviceptr(workspace.Address.Value + MatmulShape.BiasAlignment));
            }

            _weight = Layout(shape.W, shape.RowStrideW, shape.Type);
            _x = Layout(shape.X, shape.LdX, shape.Type);
            _y = Layout((shape.M, shape.N), shape.LdY, shape.OutputType);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public MatmulShape Shape { get; }

    /// <summary>Algorithms that can be used, best guess first; none when the library has none for this shape.</summary>
    public IReadOnlyList<cublasLtMatmulHeuristicResult_t> Candidates(int atMost)
    {
        cublasLtMatmulHeuristicResult_t[] results = new cublasLtMatmulHeuristicResult_t[atMost];
        cublasStatus_t status;
        int count;
        _cublasLt.Check(_cublasLt.cublasLtMatmulPreferenceCreate(out cublasLtMatmulPreference_t preference));
        try
        {
            Set(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, (ulong)_workspace.Bytes);
            Set(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, (uint)Shape.AlignW);
            Set(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, (uint)Shape.AlignX);
            Set(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, (uint)Shape.AlignY);
            Set(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, (uint)Shape.AlignY);
            if (Shape.Type != DType.F32)
            {
                // Sums are fp32 also when they are split over K: the parts must not be added up in half precision.
                Set(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
                    cublasLtReductionScheme_t.CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
            }

            status = _cublasLt.cublasLtMatmulAlgoGetHeuristic(_handle, _desc, _weight, _x, _y, _y, preference, results, out count);
        }
        finally
        {
            _ = _cublasLt.cublasLtMatmulPreferenceDestroy(preference);
        }

        return status switch
        {
            cublasStatus_t.CUBLAS_STATUS_SUCCESS => [.. results.Take(count).Where(IsUsable)],

            // Some versions call a combination that they have no kernel for invalid; what contradicts itself was refused before.
            cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED or cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE => [],
            _ => throw new CublasLtException(status, nameof(_cublasLt.cublasLtMatmulAlgoGetHeuristic), Shape.ToString()),
        };

        void Set<T>(cublasLtMatmulPreferenceAttributes_t attribute, T value)
            where T : unmanaged =>
            _cublasLt.Check(
                _cublasLt.cublasLtMatmulPreferenceSetAttribute(preference, attribute, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value))));
    }

    /// <summary>Whether an algorithm of unknown origin serves this shape here, within the workspace.</summary>
    public bool Accepts(in cublasLtMatmulAlgo_t algorithm, out nuint workspaceBytes)
    {
        cublasStatus_t status = _cublasLt.cublasLtMatmulAlgoCheck(
            _handle, _desc, _weight, _x, _y, _y, in algorithm, out cublasLtMatmulHeuristicResult_t result);
        workspaceBytes = result.workspaceSize;
        return status == cublasStatus_t.CUBLAS_STATUS_SUCCESS && IsUsable(result);
    }

    /// <summary>Enqueues. The bias pointer must have been set.</summary>
    public cublasStatus_t Enqueue(in cublasLtMatmulAlgo_t algorithm, CUdeviceptr x, CUdeviceptr weight, CUdeviceptr y, CUstream stream)
    {
        float beta = Shape.Accumulates ? 1 : 0;
        return _cublasLt.cublasLtMatmul(
            _handle, _desc, 1, weight, _weight, x, _x, beta, y, _y, y, _y, in algorithm, _workspace.Address, _workspace.Bytes, stream);
    }

    /// <summary>What the next <see cref="Enqueue"/> adds; it keeps the value, so a recorded product keeps its own.</summary>
    public void SetBias(CUdeviceptr bias) => Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);

    // Layouts and descriptions are host objects: their destruction cannot fail in a way that matters.
    public void Dispose()
    {
        if (_destroyed)
        {
            return;
        }

        _destroyed = true;
        if (_desc != default)
        {
            _ = _cublasLt.cublasLtMatmulDescDestroy(_desc);
        }

        Destroy(_weight);
        Destroy(_x);
        Destroy(_y);
    }

    private static cublasOperation_t Transposed(bool isTransposed) => isTransposed ? cublasOperation_t.CUBLAS_OP_T : cublasOperation_t.CUBLAS_OP_N;

    private static cublasLtEpilogue_t Epilogue(MatmulEpilogue epilogue) => epilogue switch
    {
        MatmulEpilogue.None => cublasLtEpilogue_t.CUBLASLT_EPILOGUE_DEFAULT,
        MatmulEpilogue.Bias => cublasLtEpilogue_t.CUBLASLT_EPILOGUE_BIAS,
        MatmulEpilogue.GeluTanh => cublasLtEpilogue_t.CUBLASLT_EPILOGUE_GELU,
        MatmulEpilogue.GeluTanhBias => cublasLtEpilogue_t.CUBLASLT_EPILOGUE_GELU_BIAS,
        MatmulEpilogue.Relu => cublasLtEpilogue_t.CUBLASLT_EPILOGUE_RELU,
        _ => cublasLtEpilogue_t.CUBLASLT_EPILOGUE_RELU_BIAS,
    };

    private bool IsUsable(cublasLtMatmulHeuristicResult_t result) =>
        result.state == cublasStatus_t.CUBLAS_STATUS_SUCCESS && result.workspaceSize <= _workspace.Bytes;

    // A row-major matrix is a column-major one with rows and columns exchanged.
    private cublasLtMatrixLayout_t Layout((int Rows, int Columns) matrix, int rowStride, DType type)
    {
        cudaDataType_t element = type switch
        {
            DType.F16 => cudaDataType_t.CUDA_R_16F,
            DType.BF16 => cudaDataType_t.CUDA_R_16BF,
            _ => cudaDataType_t.CUDA_R_32F,
        };
        _cublasLt.Check(_cublasLt.cublasLtMatrixLayoutCreate(
            out cublasLtMatrixLayout_t layout, element, (ulong)matrix.Columns, (ulong)matrix.Rows, rowStride));
        return layout;
    }

    private void Destroy(cublasLtMatrixLayout_t layout)
    {
        if (layout != default)
        {
            _ = _cublasLt.cublasLtMatrixLayoutDestroy(layout);
        }
    }

    private void Set<T>(cublasLtMatmulDescAttributes_t attribute, T value)
        where T : unmanaged =>
        _cublasLt.Check(_cublasLt.cublasLtMatmulDescSetAttribute(_desc, attribute, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value))));
}
