using System.Runtime.InteropServices;
using L2c.Native;

namespace L2c.Emulation.Tests;

/// <summary>One matmul through cuBLASLt as an engine would do it: described, an algorithm chosen, enqueued.</summary>
internal sealed class Matmul : IDisposable
{
    private readonly Device _device;
    private readonly EmulatedCublasLt _library;
    private readonly cublasLtHandle_t _handle;
    private readonly cublasLtMatmulDesc_t _operation;
    private readonly Dictionary<string, cublasLtMatrixLayout_t> _layouts = [];

    public Matmul(
        Device device,
        cublasComputeType_t compute = cublasComputeType_t.CUBLAS_COMPUTE_32F,
        bool transposeA = false,
        bool transposeB = false,
        cublasLtEpilogue_t epilogue = cublasLtEpilogue_t.CUBLASLT_EPILOGUE_DEFAULT,
        CUdeviceptr bias = default)
    {
        _device = device;
        _library = new EmulatedCublasLt(device);
        Check(_library.cublasLtCreate(out _handle));
        Check(_library.cublasLtMatmulDescCreate(out _operation, compute, cudaDataType_t.CUDA_R_32F));
        Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_TRANSA, transposeA ? 1 : 0);
        Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_TRANSB, transposeB ? 1 : 0);
        Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE, (int)epilogue);
        Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias.Value);
    }

    public EmulatedCublasLt Library => _library;

    public float Alpha { get; set; } = 1;

    public float Beta { get; set; }

    public CUdeviceptr Workspace { get; set; }

    public nuint WorkspaceBytes { get; set; }

    /// <summary>Describes A, B, C or D.</summary>
    public Matmul With(string name, cudaDataType_t type, int rows, int columns, int ld = 0, int batch = 1, long stride = 0)
    {
        Check(_library.cublasLtMatrixLayoutCreate(out cublasLtMatrixLayout_t layout, type, (ulong)rows, (ulong)columns, ld == 0 ? rows : ld));
        Check(Set(layout, cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, batch));
        Check(Set(layout, cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, stride));
        _layouts[name] = layout;
        return this;
    }

    /// <summary>The heuristic's answers for a workspace and an alignment of every matrix.</summary>
    public (cublasStatus_t Status, cublasLtMatmulHeuristicResult_t[] Results) Choose(ulong workspace = 0, uint alignment = 2)
    {
        Check(_library.cublasLtMatmulPreferenceCreate(out cublasLtMatmulPreference_t wishes));
        Check(Set(wishes, cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, workspace));
        for (int i = 0; i < 4; i++)
        {
            Check(Set(wishes, cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES + i, alignment));
        }

        var results = new cublasLtMatmulHeuristicResult_t[8];
        cublasStatus_t status = _library.cublasLtMatmulAlgoGetHeuristic(
            _handle, _operation, _layouts["A"], _layouts["B"], _layouts["C"], _layouts["D"], wishes, results, out int count);
        Check(_library.cublasLtMatmulPreferenceDestroy(wishes));
        return (status, results[..count]);
    }

    public cublasStatus_t CheckAlgorithm(cublasLtMatmulAlgo_t algorithm, out cublasLtMatmulHeuristicResult_t result) =>
        _library.cublasLtMatmulAlgoCheck(
            _handle, _operation, _layouts["A"], _layouts["B"], _layouts["C"], _layouts["D"], algorithm, out result);

    /// <summary>Enqueues with the algorithm given, or the heuristic's first.</summary>
    public cublasStatus_t Enqueue(CUdeviceptr a, CUdeviceptr b, CUdeviceptr c, CUdeviceptr d, cublasLtMatmulAlgo_t? algorithm = null) =>
        _library.cublasLtMatmul(
            _handle, _operation, Alpha, a, _layouts["A"], b, _layouts["B"], Beta, c, _layouts["C"], d, _layouts["D"],
            algorithm ?? Choose().Results[0].algo, Workspace, WorkspaceBytes, _device.Stream);

    public static void Check(cublasStatus_t status) => Assert.Equal(cublasStatus_t.CUBLAS_STATUS_SUCCESS, status);

    public void Dispose()
    {
        foreach (cublasLtMatrixLayout_t layout in _layouts.Values)
        {
            Check(_library.cublasLtMatrixLayoutDestroy(layout));
        }

        Check(_library.cublasLtMatmulDescDestroy(_operation));
        Check(_library.cublasLtDestroy(_handle));
        Assert.Empty(_library.Leaks);
    }

    private void Set<T>(cublasLtMatmulDescAttributes_t attribute, T value)
        where T : unmanaged => Check(_library.cublasLtMatmulDescSetAttribute(_operation, attribute, Bytes(ref value)));

    private cublasStatus_t Set<T>(cublasLtMatrixLayout_t layout, cublasLtMatrixLayoutAttribute_t attribute, T value)
        where T : unmanaged => _library.cublasLtMatrixLayoutSetAttribute(layout, attribute, Bytes(ref value));

    private cublasStatus_t Set<T>(cublasLtMatmulPreference_t wishes, cublasLtMatmulPreferenceAttributes_t attribute, T value)
        where T : unmanaged => _library.cublasLtMatmulPreferenceSetAttribute(wishes, attribute, Bytes(ref value));

    private static Span<byte> Bytes<T>(ref T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new Span<T>(ref value));
}
