using System.Runtime.InteropServices;
using L2c.Native;

namespace L2c.Kernels.Tests.Cuda.Matmul;

/// <summary>A small cuBLASLt on host memory: it follows descriptors as the documentation reads, column-major, and computes in fp32. Halves are only
/// planned, never multiplied. Its algorithms are 1, 2, 3 ..., by <c>data[0]</c>; each takes time on the driver's clock.</summary>
internal sealed class FakeCublasLt(RecordingDriver driver) : ICublasLt
{
    private const cublasStatus_t Success = cublasStatus_t.CUBLAS_STATUS_SUCCESS;
    private const cublasStatus_t NotSupported = cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED;
    private readonly List<Descriptor?> _descriptors = [];

    /// <summary>What the heuristic offers, best guess first.</summary>
    public List<FakeAlgorithm> Algorithms { get; } = [new(1, 1, 0), new(2, 0.5f, 1 << 20), new(3, 2, 0)];

    /// <summary>Status of the heuristic when it is not success.</summary>
    public cublasStatus_t HeuristicStatus { get; set; }

    /// <summary>Objects that have not been destroyed: handles, descriptions, wishes.</summary>
    public int Alive { get; private set; }

    /// <summary>Calls of the heuristic, of the check and of matmul.</summary>
    public (int Heuristic, int Check, int Matmul) Calls { get; private set; }

    /// <summary>Wishes of the last call of the heuristic.</summary>
    public Descriptor LastWishes { get; private set; } = new();

    public Descriptor LastOperation { get; private set; } = new();

    public ulong LastAlgorithm { get; private set; }

    public (CUdeviceptr Address, nuint Bytes) LastWorkspace { get; private set; }

    public CUstream LastStream { get; private set; }

    public nuint cublasLtGetVersion() => 130002;

    public cublasStatus_t cublasLtCreate(out cublasLtHandle_t handle)
    {
        handle = new cublasLtHandle_t(7);
        Alive++;
        return Success;
    }

    public cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
    {
        Alive--;
        return Success;
    }

    public cublasStatus_t cublasLtMatmulDescCreate(out cublasLtMatmulDesc_t matmulDesc, cublasComputeType_t computeType, cudaDataType_t scaleType)
    {
        matmulDesc = new cublasLtMatmulDesc_t(Add(new Descriptor { Compute = computeType, Type = scaleType }));
        return Success;
    }

    public cublasStatus_t cublasLtMatmulDescSetAttribute(
        cublasLtMatmulDesc_t matmulDesc, cublasLtMatmulDescAttributes_t attribute, ReadOnlySpan<byte> value) =>
        Of(matmulDesc.Handle).Set((int)attribute, value);

    public cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t matmulDesc) => Remove(matmulDesc.Handle);

    public cublasStatus_t cublasLtMatrixLayoutCreate(out cublasLtMatrixLayout_t matLayout, cudaDataType_t type, ulong rows, ulong cols, long ld)
    {
        matLayout = new cublasLtMatrixLayout_t(Add(new Descriptor { Type = type, Rows = (int)rows, Cols = (int)cols, Ld = (int)ld }));
        return ld >= (long)rows ? Success : cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
    }

    public cublasStatus_t cublasLtMatrixLayoutSetAttribute(
        cublasLtMatrixLayout_t matLayout, cublasLtMatrixLayoutAttribute_t attribute, ReadOnlySpan<byte> value) =>
        throw new InvalidOperationException("the test did not expect a batch");

    public cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t matLayout) => Remove(matLayout.Handle);

    public cublasStatus_t cublasLtMatmulPreferenceCreate(out cublasLtMatmulPreference_t pref)
    {
        pref = new cublasLtMatmulPreference_t(Add(new Descriptor()));
        return Success;
    }

    public cublasStatus_t cublasLtMatmulPreferenceSetAttribute(
        cublasLtMatmulPreference_t pref, cublasLtMatmulPreferenceAttributes_t attribute, ReadOnlySpan<byte> value) =>
        Of(pref.Handle).Set((int)attribute, value);

    public cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t pref) => Remove(pref.Handle);

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
        Calls = Calls with { Heuristic = Calls.Heuristic + 1 };
        LastWishes = Of(preference.Handle);
        LastOperation = Of(operationDesc.Handle);
        returnAlgoCount = 0;
        (Descriptor a, Descriptor d) = (Of(aDesc.Handle), Of(dDesc.Handle));
        if (HeuristicStatus != Success || (a.Type != cudaDataType_t.CUDA_R_32F && (a.Ld % 2 != 0 || d.Ld % 2 != 0)))
        {
            return HeuristicStatus != Success ? HeuristicStatus : NotSupported;
        }

        foreach (FakeAlgorithm algorithm in Algorithms.Take(heuristicResults.Length))
        {
            heuristicResults[returnAlgoCount++] = algorithm.Result();
        }

        return Success;
    }

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
        Calls = Calls with { Check = Calls.Check + 1 };
        cublasLtMatmulAlgo_t wanted = algo;
        result = Algorithms.Select(algorithm => algorithm.Result()).FirstOrDefault(known => known.algo == wanted);
        return result.algo[0] == 0 ? cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE : Success;
    }

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
        Calls = Calls with { Matmul = Calls.Matmul + 1 };
        (LastAlgorithm, LastWorkspace, LastStream, LastOperation) = (algo[0], (workspace, workspaceSizeInBytes), stream, Of(computeDesc.Handle));
        FakeAlgorithm algorithm = Algorithms[(int)algo[0] - 1];
        if (algorithm.FailsToRun)
        {
            return NotSupported;
        }

        driver.Clock += algorithm.Milliseconds(Calls.Matmul);
        if (c != d || cDesc != dDesc)
        {
            return cublasStatus_t.CUBLAS_STATUS_INVALID_VALUE;
        }

        Multiply(alpha, a, Of(aDesc.Handle), b, Of(bDesc.Handle), beta, d, Of(dDesc.Handle));
        return Success;
    }

    // Column-major: element (r, c) of a matrix lies at r + c * ld.
    private void Multiply(float alpha, CUdeviceptr a, Descriptor la, CUdeviceptr b, Descriptor lb, float beta, CUdeviceptr d, Descriptor ld)
    {
        for (int row = 0; row < ld.Rows; row++)
        {
            for (int col = 0; col < ld.Cols; col++)
            {
                float sum = 0;
                bool turnA = LastOperation.TransA == 1, turnB = LastOperation.TransB == 1;
                for (int k = 0; k < (turnA ? la.Rows : la.Cols); k++)
                {
                    int left = turnA ? k + (row * la.Ld) : row + (k * la.Ld), right = turnB ? col + (k * lb.Ld) : k + (col * lb.Ld);
                    sum += Read(a.Value, left) * Read(b.Value, right);
                }

                sum = (sum * alpha) + (beta == 0 ? 0 : beta * Read(d.Value, row + (col * ld.Ld)));
                sum += (LastOperation.Epilogue & 4) != 0 ? Read(LastOperation.Bias, row) : 0;
                bool gelu = (LastOperation.Epilogue & 32) != 0, relu = (LastOperation.Epilogue & 2) != 0;
                float inner = 0.7978845608f * (sum + (0.044715f * sum * sum * sum));
                Write(d.Value, row + (col * ld.Ld), gelu ? 0.5f * sum * (1 + MathF.Tanh(inner)) : relu ? Math.Max(sum, 0) : sum);
            }
        }
    }

    private static float Read(ulong address, int index) => BitConverter.Int32BitsToSingle(Marshal.ReadInt32((nint)address, index * sizeof(float)));

    private static void Write(ulong address, int index, float value) =>
        Marshal.WriteInt32((nint)address, index * sizeof(float), BitConverter.SingleToInt32Bits(value));

    private nint Add(Descriptor descriptor)
    {
        Alive++;
        _descriptors.Add(descriptor);
        return 1000 + _descriptors.Count;
    }

    private Descriptor Of(nint handle) => _descriptors[(int)handle - 1001] ?? throw new InvalidOperationException("destroyed");

    private cublasStatus_t Remove(nint handle)
    {
        _ = Of(handle);
        _descriptors[(int)handle - 1001] = null;
        Alive--;
        return Success;
    }

    /// <summary>A description of any kind: attributes by number, values by their bytes.</summary>
    internal sealed class Descriptor
    {
        private readonly long[] _values = new long[32];
        private readonly int[] _bytes = new int[32];

        public cublasComputeType_t Compute { get; init; }

        public cudaDataType_t Type { get; init; }

        public int Rows { get; init; }

        public int Cols { get; init; }

        public int Ld { get; init; }

        public long TransA => _values[3];

        public long TransB => _values[4];

        public long Epilogue => _values[7];

        public ulong Bias => (ulong)_values[8];

        public (long Value, int Bytes) this[cublasLtMatmulPreferenceAttributes_t attribute] => (_values[(int)attribute], _bytes[(int)attribute]);

        public cublasStatus_t Set(int attribute, ReadOnlySpan<byte> value)
        {
            _values[attribute] = value.Length == 8 ? MemoryMarshal.Read<long>(value) : MemoryMarshal.Read<int>(value);
            _bytes[attribute] = value.Length;
            return Success;
        }
    }
}

/// <summary>An algorithm of <see cref="FakeCublasLt"/>.</summary>
/// <param name="Id">From 1, its place in the list.</param>
/// <param name="Cost">Milliseconds of one product.</param>
/// <param name="Workspace">Bytes.</param>
/// <param name="State">What the heuristic says of it.</param>
/// <param name="FailsToRun">The heuristic offers it, and matmul refuses it.</param>
/// <param name="SlowUntilCall">Before this call of matmul it takes a hundred times as long.</param>
internal sealed record FakeAlgorithm(
    int Id, float Cost, int Workspace, cublasStatus_t State = default, bool FailsToRun = false, int SlowUntilCall = 0)
{
    public float Milliseconds(int call) => call < SlowUntilCall ? 100 * Cost : Cost;

    public cublasLtMatmulHeuristicResult_t Result()
    {
        cublasLtMatmulAlgo_t algo = default;
        algo[0] = (ulong)Id;
        algo[7] = 0xFEDCBA9876543210;
        return new cublasLtMatmulHeuristicResult_t(algo, (nuint)Workspace, State, 0.25f * Id);
    }
}
