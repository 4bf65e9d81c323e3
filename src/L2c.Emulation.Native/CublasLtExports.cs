using System.Runtime.InteropServices;
using L2c.Native;

namespace L2c.Emulation.Native;

/// <summary>The matrix library's functions with the signatures of cublasLt.h.</summary>
/// <remarks>Every pointer is checked before it is used; the rest is the emulator's. Source: cuBLAS documentation, chapter cuBLASLt API.</remarks>
internal static unsafe class CublasLtExports
{
    private const cublasStatus_t Invalid = cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;

    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtGetVersion))]
    public static nuint cublasLtGetVersion() => Gpu.CublasLt.cublasLtGetVersion();

    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtCreate))]
    public static cublasStatus_t cublasLtCreate(cublasLtHandle_t* lightHandle) =>
        lightHandle is null ? Invalid : Gpu.CublasLt.cublasLtCreate(out *lightHandle);

    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtDestroy))]
    public static cublasStatus_t cublasLtDestroy(cublasLtHandle_t lightHandle) => Gpu.CublasLt.cublasLtDestroy(lightHandle);

    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtMatmulDescCreate))]
    public static cublasStatus_t cublasLtMatmulDescCreate(
        cublasLtMatmulDesc_t* matmulDesc, cublasComputeType_t computeType, cudaDataType_t scaleType) =>
        matmulDesc is null ? Invalid : Gpu.CublasLt.cublasLtMatmulDescCreate(out *matmulDesc, computeType, scaleType);

    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtMatmulDescSetAttribute))]
    public static cublasStatus_t cublasLtMatmulDescSetAttribute(
        cublasLtMatmulDesc_t matmulDesc, cublasLtMatmulDescAttributes_t attr, byte* buf, nuint sizeInBytes) =>
        buf is null ? Invalid : Gpu.CublasLt.cublasLtMatmulDescSetAttribute(matmulDesc, attr, Value(buf, sizeInBytes));

    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtMatmulDescDestroy))]
    public static cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t matmulDesc) => Gpu.CublasLt.cublasLtMatmulDescDestroy(matmulDesc);

    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtMatrixLayoutCreate))]
    public static cublasStatus_t cublasLtMatrixLayoutCreate(
        cublasLtMatrixLayout_t* matLayout, cudaDataType_t type, ulong rows, ulong cols, long ld) =>
        matLayout is null ? Invalid : Gpu.CublasLt.cublasLtMatrixLayoutCreate(out *matLayout, type, rows, cols, ld);

    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtMatrixLayoutSetAttribute))]
    public static cublasStatus_t cublasLtMatrixLayoutSetAttribute(
        cublasLtMatrixLayout_t matLayout, cublasLtMatrixLayoutAttribute_t attr, byte* buf, nuint sizeInBytes) =>
        buf is null ? Invalid : Gpu.CublasLt.cublasLtMatrixLayoutSetAttribute(matLayout, attr, Value(buf, sizeInBytes));

    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtMatrixLayoutDestroy))]
    public static cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t matLayout) =>
        Gpu.CublasLt.cublasLtMatrixLayoutDestroy(matLayout);

    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtMatmulPreferenceCreate))]
    public static cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* pref) =>
        pref is null ? Invalid : Gpu.CublasLt.cublasLtMatmulPreferenceCreate(out *pref);

    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtMatmulPreferenceSetAttribute))]
    public static cublasStatus_t cublasLtMatmulPreferenceSetAttribute(
        cublasLtMatmulPreference_t pref, cublasLtMatmulPreferenceAttributes_t attr, byte* buf, nuint sizeInBytes) =>
        buf is null ? Invalid : Gpu.CublasLt.cublasLtMatmulPreferenceSetAttribute(pref, attr, Value(buf, sizeInBytes));

    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtMatmulPreferenceDestroy))]
    public static cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t pref) =>
        Gpu.CublasLt.cublasLtMatmulPreferenceDestroy(pref);

    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtMatmulAlgoGetHeuristic))]
    public static cublasStatus_t cublasLtMatmulAlgoGetHeuristic(
        cublasLtHandle_t lightHandle,
        cublasLtMatmulDesc_t operationDesc,
        cublasLtMatrixLayout_t aDesc,
        cublasLtMatrixLayout_t bDesc,
        cublasLtMatrixLayout_t cDesc,
        cublasLtMatrixLayout_t dDesc,
        cublasLtMatmulPreference_t preference,
        int requestedAlgoCount,
        cublasLtMatmulHeuristicResult_t* heuristicResultsArray,
        int* returnAlgoCount) =>
        requestedAlgoCount <= 0 || heuristicResultsArray is null || returnAlgoCount is null ? Invalid
            : Gpu.CublasLt.cublasLtMatmulAlgoGetHeuristic(
                lightHandle,
                operationDesc,
                aDesc,
                bDesc,
                cDesc,
                dDesc,
                preference,
                new Span<cublasLtMatmulHeuristicResult_t>(heuristicResultsArray, requestedAlgoCount),
                out *returnAlgoCount);

    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtMatmulAlgoCheck))]
    public static cublasStatus_t cublasLtMatmulAlgoCheck(
        cublasLtHandle_t lightHandle,
        cublasLtMatmulDesc_t operationDesc,
        cublasLtMatrixLayout_t aDesc,
        cublasLtMatrixLayout_t bDesc,
        cublasLtMatrixLayout_t cDesc,
        cublasLtMatrixLayout_t dDesc,
        cublasLtMatmulAlgo_t* algo,
        cublasLtMatmulHeuristicResult_t* result) =>
        algo is null || result is null ? Invalid
            : Gpu.CublasLt.cublasLtMatmulAlgoCheck(lightHandle, operationDesc, aDesc, bDesc, cDesc, dDesc, in *algo, out *result);

    // Without an algorithm the vendor's library asks its heuristic; L2c never does that, and the emulator refuses it.
    [UnmanagedCallersOnly(EntryPoint = nameof(cublasLtMatmul))]
    public static cublasStatus_t cublasLtMatmul(
        cublasLtHandle_t lightHandle,
        cublasLtMatmulDesc_t computeDesc,
        float* alpha,
        CUdeviceptr a,
        cublasLtMatrixLayout_t aDesc,
        CUdeviceptr b,
        cublasLtMatrixLayout_t bDesc,
        float* beta,
        CUdeviceptr c,
        cublasLtMatrixLayout_t cDesc,
        CUdeviceptr d,
        cublasLtMatrixLayout_t dDesc,
        cublasLtMatmulAlgo_t* algo,
        CUdeviceptr workspace,
        nuint workspaceSizeInBytes,
        CUstream stream) =>
        alpha is null || beta is null || algo is null ? Invalid
            : Gpu.Tell(Gpu.CublasLt.cublasLtMatmul(
                lightHandle,
                computeDesc,
                in *alpha,
                a,
                aDesc,
                b,
                bDesc,
                in *beta,
                c,
                cDesc,
                d,
                dDesc,
                in *algo,
                workspace,
                workspaceSizeInBytes,
                stream));

    private static ReadOnlySpan<byte> Value(byte* buffer, nuint bytes) => new(buffer, checked((int)bytes));
}
