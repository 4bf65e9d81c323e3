namespace L2c.Native;

// The only place that knows the C signatures. A wrong one corrupts the stack silently, so each is written once, next to the call.
internal sealed unsafe partial class LibCublasLt
{
    private readonly nint _cublasLtGetVersion, _cublasLtCreate, _cublasLtDestroy;
    private readonly nint _cublasLtMatmulDescCreate, _cublasLtMatmulDescSetAttribute, _cublasLtMatmulDescDestroy;
    private readonly nint _cublasLtMatrixLayoutCreate, _cublasLtMatrixLayoutSetAttribute, _cublasLtMatrixLayoutDestroy;
    private readonly nint _cublasLtMatmulPreferenceCreate, _cublasLtMatmulPreferenceSetAttribute, _cublasLtMatmulPreferenceDestroy;
    private readonly nint _cublasLtMatmulAlgoGetHeuristic, _cublasLtMatmulAlgoCheck, _cublasLtMatmul;

    public nuint cublasLtGetVersion() => ((delegate* unmanaged<nuint>)_cublasLtGetVersion)();

    public cublasStatus_t cublasLtCreate(out cublasLtHandle_t handle) =>
        ((delegate* unmanaged<out cublasLtHandle_t, cublasStatus_t>)_cublasLtCreate)(out handle);

    public cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) =>
        ((delegate* unmanaged<cublasLtHandle_t, cublasStatus_t>)_cublasLtDestroy)(handle);

    public cublasStatus_t cublasLtMatmulDescCreate(out cublasLtMatmulDesc_t matmulDesc, cublasComputeType_t computeType, cudaDataType_t scaleType) =>
        ((delegate* unmanaged<out cublasLtMatmulDesc_t, cublasComputeType_t, cudaDataType_t, cublasStatus_t>)_cublasLtMatmulDescCreate)(
            out matmulDesc, computeType, scaleType);

    public cublasStatus_t cublasLtMatmulDescSetAttribute(
        cublasLtMatmulDesc_t matmulDesc, cublasLtMatmulDescAttributes_t attribute, ReadOnlySpan<byte> value) =>
        SetAttribute(_cublasLtMatmulDescSetAttribute, matmulDesc.Handle, (int)attribute, value);

    public cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t matmulDesc) =>
        ((delegate* unmanaged<cublasLtMatmulDesc_t, cublasStatus_t>)_cublasLtMatmulDescDestroy)(matmulDesc);

    public cublasStatus_t cublasLtMatrixLayoutCreate(out cublasLtMatrixLayout_t matLayout, cudaDataType_t type, ulong rows, ulong cols, long ld) =>
        ((delegate* unmanaged<out cublasLtMatrixLayout_t, cudaDataType_t, ulong, ulong, long, cublasStatus_t>)_cublasLtMatrixLayoutCreate)(
            out matLayout, type, rows, cols, ld);

    public cublasStatus_t cublasLtMatrixLayoutSetAttribute(
        cublasLtMatrixLayout_t matLayout, cublasLtMatrixLayoutAttribute_t attribute, ReadOnlySpan<byte> value) =>
        SetAttribute(_cublasLtMatrixLayoutSetAttribute, matLayout.Handle, (int)attribute, value);

    public cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t matLayout) =>
        ((delegate* unmanaged<cublasLtMatrixLayout_t, cublasStatus_t>)_cublasLtMatrixLayoutDestroy)(matLayout);

    public cublasStatus_t cublasLtMatmulPreferenceCreate(out cublasLtMatmulPreference_t pref) =>
        ((delegate* unmanaged<out cublasLtMatmulPreference_t, cublasStatus_t>)_cublasLtMatmulPreferenceCreate)(out pref);

    public cublasStatus_t cublasLtMatmulPreferenceSetAttribute(
        cublasLtMatmulPreference_t pref, cublasLtMatmulPreferenceAttributes_t attribute, ReadOnlySpan<byte> value) =>
        SetAttribute(_cublasLtMatmulPreferenceSetAttribute, pref.Handle, (int)attribute, value);

    public cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t pref) =>
        ((delegate* unmanaged<cublasLtMatmulPreference_t, cublasStatus_t>)_cublasLtMatmulPreferenceDestroy)(pref);

    public cublasStatus_t cublasLtMatmulAlgoGetHeuristic(
        cublasLtHandle_t lightHandle,
        cublasLtMatmulDesc_t operationDesc,
        cublasLtMatrixLayout_t aDesc,
        cublasLtMatrixLayout_t bDesc,
        cublasLtMatrixLayout_t cDesc,
        cublasLtMatrixLayout_t dDesc,
        cublasLtMatmulPreference_t preference,
        Span<cublasLtMatmulHeuristicResult_t> heuristicResults,
        out int returnAlgoCount)
    {
        fixed (cublasLtMatmulHeuristicResult_t* results = heuristicResults)
        {
            return ((delegate* unmanaged<cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatmulPreference_t, int, cublasLtMatmulHeuristicResult_t*, out int,
                cublasStatus_t>)_cublasLtMatmulAlgoGetHeuristic)(
                lightHandle, operationDesc, aDesc, bDesc, cDesc, dDesc, preference, heuristicResults.Length, results, out returnAlgoCount);
        }
    }

    public cublasStatus_t cublasLtMatmulAlgoCheck(
        cublasLtHandle_t lightHandle,
        cublasLtMatmulDesc_t operationDesc,
        cublasLtMatrixLayout_t aDesc,
        cublasLtMatrixLayout_t bDesc,
        cublasLtMatrixLayout_t cDesc,
        cublasLtMatrixLayout_t dDesc,
        in cublasLtMatmulAlgo_t algo,
        out cublasLtMatmulHeuristicResult_t result) =>
        ((delegate* unmanaged<cublasLtHandle_t, cublasLtMatmulDesc_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
            cublasLtMatrixLayout_t, in cublasLtMatmulAlgo_t, out cublasLtMatmulHeuristicResult_t, cublasStatus_t>)_cublasLtMatmulAlgoCheck)(
            lightHandle, operationDesc, aDesc, bDesc, cDesc, dDesc, in algo, out result);

    public cublasStatus_t cublasLtMatmul(
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
        CUstream stream) =>
        ((delegate* unmanaged<cublasLtHandle_t, cublasLtMatmulDesc_t, in float, CUdeviceptr, cublasLtMatrixLayout_t, CUdeviceptr,
            cublasLtMatrixLayout_t, in float, CUdeviceptr, cublasLtMatrixLayout_t, CUdeviceptr, cublasLtMatrixLayout_t, in cublasLtMatmulAlgo_t,
            CUdeviceptr, nuint, CUstream, cublasStatus_t>)_cublasLtMatmul)(
            lightHandle, computeDesc, in alpha, a, aDesc, b, bDesc, in beta, c, cDesc, d, dDesc, in algo, workspace, workspaceSizeInBytes, stream);

    // All three have the signature (object, int, const void*, size_t).
    private static cublasStatus_t SetAttribute(nint function, nint target, int attribute, ReadOnlySpan<byte> value)
    {
        fixed (byte* bytes = value)
        {
            return ((delegate* unmanaged<nint, int, byte*, nuint, cublasStatus_t>)function)(target, attribute, bytes, (nuint)value.Length);
        }
    }
}
