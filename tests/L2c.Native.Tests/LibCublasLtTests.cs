using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using L2c.Native.Tests.Fake;

namespace L2c.Native.Tests;

/// <summary>The bindings of cuBLASLt against a C library that checks every argument; its status names the position of a wrong one.</summary>
public sealed class LibCublasLtTests : IDisposable
{
    private static readonly cublasLtHandle_t _handle = new(Word(0x1100000001));
    private static readonly cublasLtMatmulDesc_t _desc = new(Word(0x2200000002));
    private static readonly cublasLtMatrixLayout_t _a = new(Word(0x3A00000003)), _b = new(Word(0x3B00000003));
    private static readonly cublasLtMatrixLayout_t _c = new(Word(0x3C00000003)), _d = new(Word(0x3D00000003));
    private static readonly cublasLtMatmulPreference_t _preference = new(Word(0x4400000004));
    private readonly string _folder = FakeLibraries.Build("libcublasLt.so.13");
    private readonly LibCublasLt _lt;

    public LibCublasLtTests() => _lt = LibCublasLt.Load(new FolderLoader(_folder));

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void Structs_have_the_sizes_of_C()
    {
        Assert.Equal(64, Unsafe.SizeOf<cublasLtMatmulAlgo_t>());
        Assert.Equal(96, Unsafe.SizeOf<cublasLtMatmulHeuristicResult_t>());
    }

    [Fact]
    public void A_handle_is_created_and_destroyed()
    {
        using CublasLtHandle owner = new(_lt);
        Assert.Equal(_handle, owner.Handle);
        _lt.Check(_lt.cublasLtDestroy(_handle));
        Assert.Equal((cublasStatus_t)101, _lt.cublasLtDestroy(default));
    }

    [Fact]
    public void Operations_take_their_attributes_in_the_C_types()
    {
        _lt.Check(_lt.cublasLtMatmulDescCreate(
            out cublasLtMatmulDesc_t desc, cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32, cudaDataType_t.CUDA_R_32F));
        Assert.Equal(_desc, desc);
        Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_TRANSA, cublasOperation_t.CUBLAS_OP_T);
        Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_TRANSB, cublasOperation_t.CUBLAS_OP_N);
        Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_EPILOGUE, cublasLtEpilogue_t.CUBLASLT_EPILOGUE_GELU_BIAS);
        Set(cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_BIAS_POINTER, new CUdeviceptr(0x7700000010));
        Assert.Equal((cublasStatus_t)103, _lt.cublasLtMatmulDescSetAttribute(
            desc, cublasLtMatmulDescAttributes_t.CUBLASLT_MATMUL_DESC_TRANSA, Bytes(1L)));
        _lt.Check(_lt.cublasLtMatmulDescDestroy(desc));

        void Set<T>(cublasLtMatmulDescAttributes_t attribute, T value)
            where T : unmanaged => _lt.Check(_lt.cublasLtMatmulDescSetAttribute(desc, attribute, Bytes(value)));
    }

    [Fact]
    public void Layouts_keep_sizes_above_32_bits()
    {
        Assert.Equal(_a, Layout(cudaDataType_t.CUDA_R_32F));
        Assert.Equal(_b, Layout(cudaDataType_t.CUDA_R_16F));
        Assert.Equal(_c, Layout(cudaDataType_t.CUDA_R_16BF));
        _lt.Check(_lt.cublasLtMatrixLayoutSetAttribute(_c, cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, Bytes(12)));
        _lt.Check(_lt.cublasLtMatrixLayoutSetAttribute(
            _c, cublasLtMatrixLayoutAttribute_t.CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, Bytes(0x8800000008)));
        _lt.Check(_lt.cublasLtMatrixLayoutDestroy(_b));

        cublasLtMatrixLayout_t Layout(cudaDataType_t type)
        {
            _lt.Check(_lt.cublasLtMatrixLayoutCreate(out cublasLtMatrixLayout_t layout, type, 0x500000001, 0x600000002, -0x700000003));
            return layout;
        }
    }

    [Fact]
    public void Preferences_take_their_attributes_in_the_C_types()
    {
        _lt.Check(_lt.cublasLtMatmulPreferenceCreate(out cublasLtMatmulPreference_t preference));
        Assert.Equal(_preference, preference);
        Set(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, 0x200000000UL);
        Set(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
            cublasLtReductionScheme_t.CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
        Set(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, 256u);
        Set(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, 128u);
        Set(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, 64u);
        Set(cublasLtMatmulPreferenceAttributes_t.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, 32u);
        _lt.Check(_lt.cublasLtMatmulPreferenceDestroy(preference));

        void Set<T>(cublasLtMatmulPreferenceAttributes_t attribute, T value)
            where T : unmanaged => _lt.Check(_lt.cublasLtMatmulPreferenceSetAttribute(preference, attribute, Bytes(value)));
    }

    [Fact]
    public void The_heuristic_fills_an_array_of_structs()
    {
        cublasLtMatmulHeuristicResult_t[] results = new cublasLtMatmulHeuristicResult_t[4];
        _lt.Check(_lt.cublasLtMatmulAlgoGetHeuristic(_handle, _desc, _a, _b, _c, _d, _preference, results, out int count));

        Assert.Equal(3, count);
        for (int rank = 0; rank < 3; rank++)
        {
            cublasStatus_t state = rank == 1 ? cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED : cublasStatus_t.CUBLAS_STATUS_SUCCESS;
            Assert.Equal(
                new cublasLtMatmulHeuristicResult_t(Algorithm(rank), nuint.CreateChecked(0x300000000 + rank), state, rank + 0.5f), results[rank]);
        }

        Assert.Equal(default, results[3]);
        Assert.NotEqual(results[0].algo, results[2].algo);
        Assert.Equal(
            (cublasStatus_t)103, _lt.cublasLtMatmulAlgoGetHeuristic(_handle, _desc, _b, _a, _c, _d, _preference, results, out _));
    }

    [Fact]
    public void An_algorithm_is_checked()
    {
        cublasLtMatmulAlgo_t algo = Algorithm(2);
        _lt.Check(_lt.cublasLtMatmulAlgoCheck(_handle, _desc, _a, _b, _c, _d, in algo, out cublasLtMatmulHeuristicResult_t result));
        Assert.Equal(
            new cublasLtMatmulHeuristicResult_t(algo, nuint.CreateChecked(0x300000002), cublasStatus_t.CUBLAS_STATUS_SUCCESS, 2.5f), result);
        algo[7]++;
        Assert.Equal((cublasStatus_t)107, _lt.cublasLtMatmulAlgoCheck(_handle, _desc, _a, _b, _c, _d, in algo, out _));
    }

    [Fact]
    public void A_matmul_passes_all_sixteen_arguments()
    {
        cublasLtMatmulAlgo_t algo = Algorithm(2);
        _lt.Check(Matmul(0xE00000000E));
        Assert.Equal((cublasStatus_t)114, Matmul(0xE));

        cublasStatus_t Matmul(ulong workspace) => _lt.cublasLtMatmul(
            _handle, _desc, 1.5f, new CUdeviceptr(0xA00000000A), _a, new CUdeviceptr(0xB00000000B), _b, -0.25f, new CUdeviceptr(0xC00000000C), _c,
            new CUdeviceptr(0xD00000000D), _d, in algo, new CUdeviceptr(workspace),
            nuint.CreateChecked(0x200000000), new CUstream(Word(0x5000000001)));
    }

    [Fact]
    public void Errors_carry_the_call_and_the_status()
    {
        CublasLtException unknown = Assert.Throws<CublasLtException>(() => _lt.Check(_lt.cublasLtDestroy(default)));
        Assert.Equal("cublasLtDestroy: unknown status (101)", unknown.Message);
        CublasLtException known = new(cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED, "cublasLtMatmul", "y[1, 2]");
        Assert.Equal("cublasLtMatmul: CUBLAS_STATUS_NOT_SUPPORTED (15); y[1, 2]", known.Message);
        Assert.Equal(cublasStatus_t.CUBLAS_STATUS_NOT_SUPPORTED, known.Status);
    }

    private static cublasLtMatmulAlgo_t Algorithm(int rank)
    {
        cublasLtMatmulAlgo_t algo = default;
        for (int i = 0; i < 8; i++)
        {
            algo[i] = 0xA100000000 + (ulong)((0x100 * rank) + i);
        }

        return algo;
    }

    private static nint Word(long value) => nint.CreateChecked(value);

    private static byte[] Bytes<T>(T value)
        where T : unmanaged => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
}
