using System.Buffers.Binary;
using L2c.Native;

namespace L2c.Emulation;

/// <summary>
/// cuBLASLt in C#, on the device of an <see cref="EmulatedDriver"/>: sums in fp32 in the order of k, inputs and results of their storage types.
/// </summary>
/// <param name="driver">Whose streams and memory are used.</param>
public sealed partial class EmulatedCublasLt(EmulatedDriver driver) : ICublasLt
{
    private readonly HandleTable _objects = new();
    private readonly HashSet<(int, cudaDataType_t, cudaDataType_t, cublasComputeType_t, cublasLtEpilogue_t, bool, bool)> _loaded = [];

    /// <summary>Whether the heuristic has an answer; without one for a shape, as a library may be, callers need kernels of their own.</summary>
    public bool HasAlgorithms { get; set; } = true;

    /// <summary>What the heuristic says where it has no answer.</summary>
    public cublasStatus_t Refusal { get; set; } = cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED;

    /// <summary>What the GELU epilogues compute; null for the tanh form as exactly as fp32 has it.</summary>
    public Func<float, float>? Gelu { get; set; }

    /// <summary>What the ReLU epilogues compute; at first a maximum that keeps NaN.</summary>
    public Func<float, float> Relu { get; set; } = x => x < 0 ? 0 : x;

    /// <summary>Whether fp32 becomes tf32 by dropping 13 bits, as the tensor core does by itself; else it is rounded to nearest on its way there.</summary>
    public bool TruncatesTf32 { get; set; }

    /// <summary>What <see cref="cublasLtGetVersion"/> says. 13.0.0 unless set.</summary>
    public nuint Version { get; init; } = 130000;

    /// <summary>One line for each handle and description that was not destroyed.</summary>
    public IReadOnlyList<string> Leaks
    {
        get
        {
            lock (driver.Gate)
            {
                return [.. _objects.Objects.Select(o => o.ToString()!)];
            }
        }
    }

    /// <inheritdoc/>
    public nuint cublasLtGetVersion() => Version;

    /// <inheritdoc/>
    public cublasStatus_t cublasLtCreate(out cublasLtHandle_t handle)
    {
        lock (driver.Gate)
        {
            bool usable = driver.HasCurrentContext;
            handle = usable ? new cublasLtHandle_t(_objects.Add(new LibraryState())) : default;
            return usable ? cublasStatus_t.CUBLAS_STATUS_SUCCESS : cublasStatus_t.CUBLAS_STATUS_NOT_INITIALIZED;
        }
    }

    /// <inheritdoc/>
    public cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
    {
        lock (driver.Gate)
        {
            return _objects.Remove<LibraryState>(handle.Handle) ? cublasStatus_t.CUBLAS_STATUS_SUCCESS : cublasStatus_t.CUBLAS_STATUS_NOT_INITIALIZED;
        }
    }

    /// <inheritdoc/>
    public cublasStatus_t cublasLtMatmulDescCreate(out cublasLtMatmulDesc_t matmulDesc, cublasComputeType_t computeType, cudaDataType_t scaleType)
    {
        lock (driver.Gate)
        {
            bool valid = Enum.IsDefined(computeType) && Enum.IsDefined(scaleType);
            matmulDesc = valid ? new cublasLtMatmulDesc_t(_objects.Add(new OperationState(computeType, scaleType))) : default;
            return valid ? cublasStatus_t.CUBLAS_STATUS_SUCCESS : cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
        }
    }

    /// <inheritdoc/>
    public cublasStatus_t cublasLtMatmulDescSetAttribute(
        cublasLtMatmulDesc_t matmulDesc, cublasLtMatmulDescAttributes_t attribute, ReadOnlySpan<byte> value)
    {
        lock (driver.Gate)
        {
            int bytes = attribute == cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_BIAS_POINTER ? 8 : 4;
            if (!_objects.TryGet(matmulDesc.Handle, out OperationState? operation) || value.Length != bytes)
            {
                return cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
            }

            ulong number = Number(value);
            switch (attribute)
            {
                case cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_TRANSA when number <= (int)cublasOperation_t.CUBLAS_OP_T:
                    operation.OpA = (cublasOperation_t)number;
                    break;
                case cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_TRANSB when number <= (int)cublasOperation_t.CUBLAS_OP_T:
                    operation.OpB = (cublasOperation_t)number;
                    break;
                case cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE when Enum.IsDefined((cublasLtEpilogue_t)number):
                    operation.Epilogue = (cublasLtEpilogue_t)number;
                    break;
                case cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_BIAS_POINTER:
                    operation.Bias = number;
                    break;
                default:
                    return cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
            }

            return cublasStatus_t.CUBLAS_STATUS_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t matmulDesc) => Destroy<OperationState>(matmulDesc.Handle);

    /// <inheritdoc/>
    public cublasStatus_t cublasLtMatrixLayoutCreate(out cublasLtMatrixLayout_t matLayout, cudaDataType_t type, ulong rows, ulong cols, long ld)
    {
        lock (driver.Gate)
        {
            var layout = new MatrixLayout(type, (long)rows, (long)cols, ld, 1, 0);
            matLayout = layout.Valid ? new cublasLtMatrixLayout_t(_objects.Add(new LayoutState(layout))) : default;
            return layout.Valid ? cublasStatus_t.CUBLAS_STATUS_SUCCESS : cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
        }
    }

    /// <inheritdoc/>
    public cublasStatus_t cublasLtMatrixLayoutSetAttribute(
        cublasLtMatrixLayout_t matLayout, cublasLtMatrixLayoutAttribute_t attribute, ReadOnlySpan<byte> value)
    {
        lock (driver.Gate)
        {
            bool count = attribute == cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT;
            if (!_objects.TryGet(matLayout.Handle, out LayoutState? matrix) || value.Length != (count ? 4 : 8) || !Enum.IsDefined(attribute))
            {
                return cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
            }

            MatrixLayout layout = count
                ? matrix.Layout with { Batch = (int)Number(value) }
                : matrix.Layout with { BatchStride = (long)Number(value) };
            matrix.Layout = layout.Valid ? layout : matrix.Layout;
            return layout.Valid ? cublasStatus_t.CUBLAS_STATUS_SUCCESS : cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
        }
    }

    /// <inheritdoc/>
    public cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t matLayout) => Destroy<LayoutState>(matLayout.Handle);

    /// <inheritdoc/>
    public cublasStatus_t cublasLtMatmulPreferenceCreate(out cublasLtMatmulPreference_t pref)
    {
        lock (driver.Gate)
        {
            pref = new cublasLtMatmulPreference_t(_objects.Add(new PreferenceState()));
            return cublasStatus_t.CUBLAS_STATUS_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public cublasStatus_t cublasLtMatmulPreferenceSetAttribute(
        cublasLtMatmulPreference_t pref, cublasLtMatmulPreferenceAttributes_t attribute, ReadOnlySpan<byte> value)
    {
        lock (driver.Gate)
        {
            bool workspace = attribute == cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES;
            if (!_objects.TryGet(pref.Handle, out PreferenceState? wishes) || value.Length != (workspace ? 8 : 4) || !Enum.IsDefined(attribute))
            {
                return cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
            }

            if (workspace)
            {
                wishes.WorkspaceBytes = Number(value);
            }
            else
            {
                wishes.Alignments[attribute] = (uint)Number(value);
            }

            return cublasStatus_t.CUBLAS_STATUS_SUCCESS;
        }
    }

    /// <inheritdoc/>
    public cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t pref) => Destroy<PreferenceState>(pref.Handle);

    private static ulong Number(ReadOnlySpan<byte> value) =>
        value.Length == 8 ? BinaryPrimitives.ReadUInt64LittleEndian(value) : BinaryPrimitives.ReadUInt32LittleEndian(value);

    private cublasStatus_t Destroy<T>(nint handle)
        where T : class
    {
        lock (driver.Gate)
        {
            return _objects.Remove<T>(handle) ? cublasStatus_t.CUBLAS_STATUS_SUCCESS : cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
        }
    }

    private sealed class LibraryState
    {
        public override string ToString() => "a cuBLASLt handle";
    }
}
