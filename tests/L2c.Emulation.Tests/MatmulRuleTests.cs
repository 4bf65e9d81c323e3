using L2c.Native;

namespace L2c.Emulation.Tests;

/// <summary>What cuBLASLt refuses, and the faults of a product.</summary>
public sealed class MatmulRuleTests : IDisposable
{
    private const cudaDataType_t F32 = cudaDataType_t.CUDA_R_32F, F16 = cudaDataType_t.CUDA_R_16F;
    private readonly Device _device = new();

    public void Dispose() => _device.Dispose();

    [Fact]
    public void The_heuristic_respects_workspace_and_alignment()
    {
        using Matmul aligned = Halves(64, 64, 64), odd = Halves(9, 5, 7);
        Assert.Equal([0U, 1U << 16, 1U << 20, 0U], Bytes(aligned.Choose(1 << 20, 16)));
        Assert.Equal([0U, 1U << 16, 0U], Bytes(aligned.Choose((1 << 20) - 1, 16)));
        Assert.Equal([0U], Bytes(aligned.Choose(1 << 20, 8)));
        Assert.Equal([0U], Bytes(odd.Choose(1 << 20, 16)));
        cublasLtMatmulAlgo_t[] algorithms = [.. aligned.Choose(1 << 20, 16).Results.Select(r => r.algo)];
        Assert.Equal(4, algorithms.Select(a => a[1]).Distinct().Count());
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_SUCCESS, aligned.CheckAlgorithm(algorithms[1], out cublasLtMatmulHeuristicResult_t result));
        Assert.Equal(1U << 16, result.workspaceSize);
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED, odd.CheckAlgorithm(algorithms[1], out _));
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_SUCCESS, odd.CheckAlgorithm(algorithms[3], out _));
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE, odd.CheckAlgorithm(default, out _));
    }

    [Fact]
    public void Descriptions_that_do_not_fit_are_refused()
    {
        using Matmul inner = new Matmul(_device).With("A", F32, 4, 3).With("B", F32, 2, 5).With("C", F32, 4, 5).With("D", F32, 4, 5);
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE, inner.Choose().Status);
        using Matmul batch = new Matmul(_device).With("A", F32, 4, 3, 0, 2, 12).With("B", F32, 3, 5).With("C", F32, 4, 5).With("D", F32, 4, 5);
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE, batch.Choose().Status);
        using Matmul mixed = new Matmul(_device).With("A", F32, 4, 3).With("B", F16, 3, 5).With("C", F32, 4, 5).With("D", F32, 4, 5);
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED, mixed.Choose().Status);
        using Matmul tf32 = new Matmul(_device, cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32)
            .With("A", F16, 4, 3).With("B", F16, 3, 5).With("C", F16, 4, 5).With("D", F16, 4, 5);
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED, tf32.Choose().Status);
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE, inner.Library.cublasLtMatrixLayoutCreate(out _, F32, 4, 5, 3));
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_NOT_INITIALIZED, inner.Library.cublasLtDestroy(default));
    }

    [Fact]
    public void Addresses_must_have_the_algorithms_alignment()
    {
        using Matmul matmul = Halves(64, 64, 64);
        cublasLtMatmulHeuristicResult_t[] algorithms = matmul.Choose(1 << 20, 16).Results;
        CUdeviceptr a = Zeros(2 * 64 * 64 + 16), d = _device.Allocate(2 * 64 * 64), shifted = new(a.Value + 8);
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED, matmul.Enqueue(shifted, a, d, d, algorithms[0].algo));
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_SUCCESS, matmul.Enqueue(shifted, a, d, d, algorithms[3].algo));

        // A workspace that is too small, missing or misaligned.
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE, matmul.Enqueue(a, a, d, d, algorithms[1].algo));
        (matmul.Workspace, matmul.WorkspaceBytes) = (new CUdeviceptr(_device.Allocate(1 << 17).Value + 128), 1 << 16);
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE, matmul.Enqueue(a, a, d, d, algorithms[1].algo));
        matmul.Workspace = new CUdeviceptr(matmul.Workspace.Value + 128);
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_SUCCESS, matmul.Enqueue(a, a, d, d, algorithms[1].algo));
        _device.Synchronize();
    }

    [Fact]
    public void A_bias_must_be_there_and_aligned()
    {
        foreach (ulong offset in new ulong[] { 0, 8 })
        {
            ulong bias = offset == 0 ? 0 : Zeros(64).Value + offset;
            using Matmul matmul = new Matmul(_device, epilogue: cublasLtEpilogue_t.CUBLASLT_EPILOGUE_BIAS, bias: new CUdeviceptr(bias))
                .With("A", F32, 4, 4).With("B", F32, 4, 4).With("C", F32, 4, 4).With("D", F32, 4, 4);
            CUdeviceptr a = Zeros(64), d = _device.Allocate(64);
            Assert.Equal(cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE, matmul.Enqueue(a, a, d, d));
        }
    }

    [Fact]
    public void The_workspace_is_overwritten()
    {
        using Matmul matmul = Halves(64, 64, 64);
        CUdeviceptr a = Zeros(2 * 64 * 64), d = _device.Allocate(2 * 64 * 64), workspace = Zeros((1 << 16) + 4);
        (matmul.Workspace, matmul.WorkspaceBytes) = (workspace, (1 << 16) + 4);
        Matmul.Check(matmul.Enqueue(a, a, d, d, matmul.Choose(1 << 16, 16).Results[1].algo));
        _device.Synchronize();
        Assert.Equal([float.NaN, float.NaN], _device.Download<float>(workspace, 2));
        Assert.Equal([float.NaN, 0f], _device.Download<float>(new CUdeviceptr(workspace.Value + (1 << 16) - 4), 2));
    }

    /// <summary>The last column of A, of B, of C or of D lies outside by a wrong leading dimension.</summary>
    [Theory]
    [InlineData("A", 5, 4, 4, 4)]
    [InlineData("B", 4, 5, 4, 4)]
    [InlineData("C", 4, 4, 5, 4)]
    [InlineData("D", 4, 4, 4, 5)]
    [InlineData("", 4, 4, 4, 4)]
    public void A_wrong_leading_dimension_faults(string which, int lda, int ldb, int ldc, int ldd)
    {
        using Matmul matmul = new Matmul(_device).With("A", F32, 4, 4, lda).With("B", F32, 4, 4, ldb).With("C", F32, 4, 4, ldc)
            .With("D", F32, 4, 4, ldd);
        matmul.Beta = 1;
        Matmul.Check(matmul.Enqueue(Zeros(64), Zeros(64), Zeros(64), _device.Allocate(64)));
        if (which.Length == 0)
        {
            _device.Synchronize();
            return;
        }

        DeviceFault fault = Assert.Throws<DeviceFault>(_device.Synchronize);
        Assert.Equal((FaultKind.OutOfBounds, "cublasLtMatmul M=4 N=4 K=4"), (fault.Kind, fault.Kernel));
        Assert.Equal(which == "D", fault.Message.Contains("write", StringComparison.Ordinal));
    }

    [Fact]
    public void A_large_product_faults_like_a_small_one()
    {
        const int Size = 1200;
        using Matmul matmul = new Matmul(_device).With("A", F32, Size, Size).With("B", F32, Size, 1).With("C", F32, Size, 1).With("D", F32, Size, 1);
        CUdeviceptr d = _device.Allocate(4 * Size);
        Matmul.Check(matmul.Enqueue(_device.Allocate(4 * Size * Size), Zeros(4 * Size), d, d));
        Assert.Equal(FaultKind.Uninitialised, Assert.Throws<DeviceFault>(_device.Synchronize).Kind);
    }

    [Fact]
    public void C_is_read_only_with_beta_and_D_counts_as_written()
    {
        using Matmul matmul = new Matmul(_device).With("A", F32, 4, 4).With("B", F32, 4, 4).With("C", F32, 4, 4).With("D", F32, 4, 4);
        CUdeviceptr a = Zeros(64), c = _device.Allocate(64), d = _device.Allocate(64);
        Matmul.Check(matmul.Enqueue(a, a, c, d));
        matmul.Beta = 1;
        Matmul.Check(matmul.Enqueue(a, a, d, d));
        _device.Synchronize();
        Matmul.Check(matmul.Enqueue(a, a, c, d));
        Assert.Equal(FaultKind.Uninitialised, Assert.Throws<DeviceFault>(_device.Synchronize).Kind);
    }

    /// <summary>D in place of an input is a race; two slices of one buffer are not.</summary>
    [Theory]
    [InlineData(0, true)]
    [InlineData(12, true)]
    [InlineData(16, false)]
    public void D_must_not_overlap_what_is_read(int offset, bool faults)
    {
        using Matmul matmul = new Matmul(_device).With("A", F32, 4, 4, 8).With("B", F32, 4, 4).With("C", F32, 4, 4, 8).With("D", F32, 4, 4, 8);
        CUdeviceptr both = Zeros(4 * 8 * 5), d = new(both.Value + (ulong)offset);
        Matmul.Check(matmul.Enqueue(both, Zeros(64), d, d, matmul.Choose().Results[^1].algo));
        if (faults)
        {
            Assert.Contains("overlaps", Assert.Throws<DeviceFault>(_device.Synchronize).Message, StringComparison.Ordinal);
        }
        else
        {
            _device.Synchronize();
        }
    }

    [Fact]
    public void A_recorded_product_does_not_run_and_reads_its_buffers_at_replay()
    {
        using Matmul matmul = new Matmul(_device).With("A", F32, 1, 1).With("B", F32, 1, 1).With("C", F32, 1, 1).With("D", F32, 1, 1);
        CUdeviceptr a = _device.Upload<float>([2f]), b = _device.Upload<float>([3f]), d = _device.Upload<float>([0f]);

        // The library loads its kernel at the first use, which may not be the recorded one.
        _device.Check(_device.Driver.cuStreamBeginCapture_v2(_device.Stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_EXECUTION_FAILED, matmul.Enqueue(a, b, d, d));
        Assert.Equal(CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, _device.Driver.cuStreamEndCapture(_device.Stream, out _));
        Matmul.Check(matmul.Enqueue(a, b, d, d));
        _device.Synchronize();
        _device.Write<float>(d, [0f]);
        _device.Driver.ClearLog();

        CUgraph graph = _device.Capture(() => Matmul.Check(matmul.Enqueue(a, b, d, d)));
        MatmulLaunch node = Assert.IsType<MatmulLaunch>(Assert.Single(_device.Driver.Nodes(graph)));
        Assert.Equal((1, 1, 1, F32, F32), (node.M, node.N, node.K, node.InputType, node.OutputType));
        Assert.Equal([0f], _device.Download<float>(d, 1));
        CUgraphExec exec = _device.Instantiate(graph);
        for (int value = 4; value < 6; value++)
        {
            _device.Write<float>(a, [value]);
            _device.Check(_device.Driver.cuGraphLaunch(exec, _device.Stream));
            _device.Synchronize();
            Assert.Equal([3f * value], _device.Download<float>(d, 1));
        }

        Assert.Equal(2, _device.Driver.Log.OfType<MatmulLaunch>().Count());
    }

    private static IEnumerable<uint> Bytes((cublasStatus_t Status, cublasLtMatmulHeuristicResult_t[] Results) answer)
    {
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_SUCCESS, answer.Status);
        return answer.Results.Select(r => (uint)r.workspaceSize);
    }

    private Matmul Halves(int m, int n, int k) =>
        new Matmul(_device).With("A", F16, m, k).With("B", F16, k, n).With("C", F16, m, n).With("D", F16, m, n);

    private CUdeviceptr Zeros(int bytes) => _device.Upload<byte>(new byte[bytes]);
}
