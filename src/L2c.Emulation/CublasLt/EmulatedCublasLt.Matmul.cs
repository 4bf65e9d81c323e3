using L2c.Native;

namespace L2c.Emulation;

// Choosing an algorithm, and the product itself.
public sealed partial class EmulatedCublasLt
{
    private const int WorkspaceAlignment = 256;
    private const int BiasAlignment = 16;
    private const int TileM = 128;
    private const int TileN = 128;

    /// <inheritdoc/>
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
        lock (driver.Gate)
        {
            returnAlgoCount = 0;
            cublasStatus_t status = Describe(lightHandle, operationDesc, aDesc, bDesc, cDesc, dDesc, out MatmulProblem problem);
            if (status != cublasStatus_t.CUBLAS_STATUS_SUCCESS)
            {
                return status;
            }

            if (!_objects.TryGet(preference.Handle, out PreferenceState? wishes) || heuristicResults.IsEmpty)
            {
                return cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
            }

            foreach (EmulatedAlgorithm algorithm in EmulatedAlgorithm.All)
            {
                if (HasAlgorithms && returnAlgoCount < heuristicResults.Length && algorithm.Serves(problem) && Suits(algorithm, wishes))
                {
                    heuristicResults[returnAlgoCount++] = Result(algorithm, problem);
                }
            }

            return returnAlgoCount > 0 ? cublasStatus_t.CUBLAS_STATUS_SUCCESS : Refusal;
        }
    }

    /// <inheritdoc/>
    public cublasStatus_t cublasLtMatmulAlgoCheck(
        cublasLtHandle_t lightHandle,
        cublasLtMatmulDesc_t operationDesc,
        cublasLtMatrixLayout_t aDesc,
        cublasLtMatrixLayout_t bDesc,
        cublasLtMatrixLayout_t cDesc,
        cublasLtMatrixLayout_t dDesc,
        in cublasLtMatmulAlgo_t algo,
        out cublasLtMatmulHeuristicResult_t result)
    {
        lock (driver.Gate)
        {
            cublasStatus_t status = Describe(lightHandle, operationDesc, aDesc, bDesc, cDesc, dDesc, out MatmulProblem problem);
            EmulatedAlgorithm? algorithm = EmulatedAlgorithm.Find(algo);
            status = status != cublasStatus_t.CUBLAS_STATUS_SUCCESS ? status
                : algorithm is null ? cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE
                : HasAlgorithms && algorithm.Serves(problem) ? cublasStatus_t.CUBLAS_STATUS_SUCCESS
                : cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED;
            result = status == cublasStatus_t.CUBLAS_STATUS_SUCCESS
                ? Result(algorithm!, problem)
                : new cublasLtMatmulHeuristicResult_t(algo, 0, status, 0);
            return status;
        }
    }

    /// <inheritdoc/>
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
        CUstream stream)
    {
        lock (driver.Gate)
        {
            cublasStatus_t status = Describe(lightHandle, computeDesc, aDesc, bDesc, cDesc, dDesc, out MatmulProblem problem);
            if (status != cublasStatus_t.CUBLAS_STATUS_SUCCESS)
            {
                return status;
            }

            if (EmulatedAlgorithm.Find(algo) is not { } algorithm || a.Value == 0 || b.Value == 0 || d.Value == 0 || (beta != 0 && c.Value == 0)
                || (problem.HasBias && (problem.Bias == 0 || problem.Bias % BiasAlignment != 0))
                || (nuint)algorithm.WorkspaceBytes > workspaceSizeInBytes
                || (algorithm.WorkspaceBytes > 0 && (workspace.Value == 0 || workspace.Value % WorkspaceAlignment != 0)))
            {
                return cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
            }

            ulong alignment = (ulong)algorithm.Alignment;
            if (!algorithm.Serves(problem) || a.Value % alignment != 0 || b.Value % alignment != 0 || d.Value % alignment != 0
                || (beta != 0 && c.Value % alignment != 0))
            {
                return cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED;
            }

            // A kernel for each algorithm, form and type, loaded when it is first used.
            var kernel = (algorithm.Id, problem.A.Type, problem.D.Type, problem.Compute, problem.Epilogue, problem.TransposeA, problem.TransposeB);
            if (!_loaded.Contains(kernel) && driver.BreaksRecording(stream))
            {
                return cublasStatus_t.CUBLAS_STATUS_EXECUTION_FAILED;
            }

            _ = _loaded.Add(kernel);

            var traits = new LibraryTraits(Gelu, Relu, TruncatesTf32);
            var work = new MatmulLaunch(problem, algorithm, alpha, beta, (a.Value, b.Value, c.Value, d.Value), workspace.Value, traits);
            return driver.Enqueue(stream, work) == CUresult.CUDA_SUCCESS
                ? cublasStatus_t.CUBLAS_STATUS_SUCCESS
                : cublasStatus_t.CUBLAS_STATUS_EXECUTION_FAILED;
        }
    }

    private static bool Suits(EmulatedAlgorithm algorithm, PreferenceState wishes) =>
        (ulong)algorithm.WorkspaceBytes <= wishes.WorkspaceBytes
        && wishes.Alignment(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES) >= algorithm.Alignment
        && wishes.Alignment(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES) >= algorithm.Alignment
        && wishes.Alignment(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES) >= algorithm.Alignment
        && wishes.Alignment(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES) >= algorithm.Alignment;

    private cublasLtMatmulHeuristicResult_t Result(EmulatedAlgorithm algorithm, in MatmulProblem problem)
    {
        int tiles = (problem.M + TileM - 1) / TileM * ((problem.N + TileN - 1) / TileN) * problem.D.Batch;
        float waves = tiles / (float)driver.Multiprocessors;
        return new cublasLtMatmulHeuristicResult_t(algorithm.Pack(), (nuint)algorithm.WorkspaceBytes, cublasStatus_t.CUBLAS_STATUS_SUCCESS, waves);
    }

    private cublasStatus_t Describe(
        cublasLtHandle_t handle,
        cublasLtMatmulDesc_t operationDesc,
        cublasLtMatrixLayout_t aDesc,
        cublasLtMatrixLayout_t bDesc,
        cublasLtMatrixLayout_t cDesc,
        cublasLtMatrixLayout_t dDesc,
        out MatmulProblem problem)
    {
        problem = default;
        if (!_objects.TryGet<LibraryState>(handle.Handle, out _))
        {
            return cublasStatus_t.CUBLAS_STATUS_NOT_INITIALIZED;
        }

        return _objects.TryGet(operationDesc.Handle, out OperationState? operation)
            && _objects.TryGet(aDesc.Handle, out LayoutState? a) && _objects.TryGet(bDesc.Handle, out LayoutState? b)
            && _objects.TryGet(cDesc.Handle, out LayoutState? c) && _objects.TryGet(dDesc.Handle, out LayoutState? d)
            ? MatmulProblem.Create(operation, a.Layout, b.Layout, c.Layout, d.Layout, out problem)
            : cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
    }
}
