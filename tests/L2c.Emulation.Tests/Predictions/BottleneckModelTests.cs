using L2c.Native;

namespace L2c.Emulation.Tests.Predictions;

/// <summary>Predictions are what the constants and the counts make of them, computed here by hand.</summary>
public sealed class BottleneckModelTests
{
    private static readonly GpuModel _h200 = GpuModel.Find("h200")!;

    // 16 warps of a multiprocessor use its pipes 16 / (16 + 4) of the time.
    private const double Busy = 1.83e9 * 16 / 20;

    // 528 blocks of 128 threads with 128 registers: four for each of 132 multiprocessors, all resident.
    private static readonly KernelCounts _nothing = new()
    {
        Kernel = "k",
        Blocks = 528,
        Counted = 528,
        Threads = 128,
        SharedBytes = 0,
        Instructions = [],
        Memory = [],
        PartialWarps = 0,
        Divergent = 0,
        Macs = 0,
        IssueSlots = 0,
        Special = 0,
    };

    [Fact]
    public void Each_resource_alone_limits_at_its_own_rate()
    {
        const double perMultiprocessor = 1e6;
        const double all = 132 * perMultiprocessor;
        Expect(Limiter.Tensor, perMultiprocessor / (2048 * 0.62) / Busy, _nothing with { Macs = all });
        Expect(Limiter.Special, perMultiprocessor * 2 / Busy, _nothing with { Special = all });
        Expect(Limiter.Issue, perMultiprocessor / 4 / Busy, _nothing with { IssueSlots = all });
        Expect(Limiter.Shared, perMultiprocessor / Busy, With(MemorySpace.Shared, all));
        Expect(Limiter.L2, all * 32 / 9.7e12, With(MemorySpace.Global, all) with { UniqueRead = 32, UniqueWritten = 0 });
        Expect(Limiter.Memory, all * 32 / 4.3e12, With(MemorySpace.Global, all));
    }

    [Fact]
    public void What_is_asked_for_twice_comes_from_L2_as_far_as_that_holds_it()
    {
        double mib = 1 << 20;
        KernelCounts counts = With(MemorySpace.Global, 400 * mib / 32);
        Prediction small = BottleneckModel.Of(_h200, counts with { UniqueRead = 40 * mib, UniqueWritten = 0 }, 128);
        Assert.Equal((40 * mib, 0.9), (small.MemoryBytes, Math.Round(small.L2Share, 9)));

        // Of 200 MiB a quarter stays in 50 MiB, so three quarters of the second reading come from memory.
        Prediction large = BottleneckModel.Of(_h200, counts with { UniqueRead = 150 * mib, UniqueWritten = 50 * mib }, 128);
        Assert.Equal((200 + (200 * 0.75)) * mib, large.MemoryBytes, tolerance: 1);
    }

    [Fact]
    public void The_busiest_multiprocessor_sets_the_time()
    {
        double full = Shared(528), oneMore = Shared(529);
        Assert.Equal(5.0 / 4, oneMore / full, tolerance: 1e-9);

        // One block on one multiprocessor: 4 warps, half of the time busy.
        Assert.Equal(1000 / (1.83e9 / 2), Shared(1), tolerance: 1e-12);

        // Every block has a thousand wavefronts.
        static double Shared(int blocks) =>
            BottleneckModel.Of(_h200, With(MemorySpace.Shared, 1000.0 * blocks) with { Blocks = blocks }, 128).Seconds - GpuModel.LaunchGap;
    }

    [Fact]
    public void A_block_that_does_not_fit_is_refused()
    {
        KernelCounts large = _nothing with { Threads = 1024 };
        ArgumentException refused = Assert.Throws<ArgumentException>(() => BottleneckModel.Of(_h200, large, 128));
        Assert.Contains("Registers", refused.Message, StringComparison.Ordinal);
    }

    // y [4096,1152] of 4608 terms: 9 x 32 tiles of 128 x 128 are 3 waves on 132 multiprocessors. Smaller tiles fill the
    // waves better, 18 x 64 of 64 x 64 are 9 waves of a quarter, but read more: only fp32, which is slow anyway, can have them.
    [Theory]
    [InlineData(cudaDataType_t.CUDA_R_16BF, cublasComputeType_t.CUBLAS_COMPUTE_32F, 989.4e12, 3)]
    [InlineData(cudaDataType_t.CUDA_R_32F, cublasComputeType_t.CUBLAS_COMPUTE_32F_FAST_TF32, 494.7e12, 3)]
    [InlineData(cudaDataType_t.CUDA_R_32F, cublasComputeType_t.CUBLAS_COMPUTE_32F, 66.9e12, 2.25)]
    public void A_product_takes_whole_waves_of_tiles(cudaDataType_t type, cublasComputeType_t compute, double peak, double waves)
    {
        Prediction product = BottleneckModel.Of(_h200, Product(type, compute, 1152, 4096, 4608));
        double rate = peak * 0.8;
        Assert.Equal(Limiter.Tensor, product.Limiter);
        Assert.Equal(waves * 2 * 128 * 128 * 4608 * 132 / rate, product.Seconds - GpuModel.LaunchGap, tolerance: 1e-4 * product.Seconds);
        Assert.Equal(2.0 * 1152 * 4096 * 4608 / rate, product.Floor, tolerance: 1e-4 * product.Floor);
    }

    [Fact]
    public void A_product_with_few_rows_reads_its_weights_from_memory()
    {
        Prediction product = BottleneckModel.Of(_h200, Product(cudaDataType_t.CUDA_R_16BF, cublasComputeType_t.CUBLAS_COMPUTE_32F, 195840, 16, 1152));
        double bytes = 2.0 * ((195840.0 * 1152) + (16 * 1152) + (195840.0 * 16));
        Assert.Equal((Limiter.Memory, bytes), (product.Limiter, product.MemoryBytes));
        Assert.Equal(bytes / 4.3e12, product.Seconds - GpuModel.LaunchGap, tolerance: 1e-12);
    }

    private static void Expect(Limiter limiter, double seconds, KernelCounts counts)
    {
        Prediction prediction = BottleneckModel.Of(_h200, counts, registers: 128);
        Assert.Equal(limiter, prediction.Limiter);
        Assert.Equal(seconds + GpuModel.LaunchGap, prediction.Seconds, tolerance: 1e-9 * seconds);
        Assert.Equal(seconds, prediction.Parts[limiter], tolerance: 1e-9 * seconds);
    }

    private static KernelCounts With(MemorySpace space, double transactions) =>
        _nothing with { Memory = [new MemoryCounts(space, AccessKind.Load, 16, 1, 1, transactions, transactions)] };

    private static MatmulLaunch Product(cudaDataType_t type, cublasComputeType_t compute, int m, int n, int k)
    {
        MatmulProblem problem = new(
            new MatrixLayout(type, k, m, k, 1, 0),
            new MatrixLayout(type, k, n, k, 1, 0),
            new MatrixLayout(type, m, n, m, 1, 0),
            new MatrixLayout(type, m, n, m, 1, 0),
            TransposeA: true,
            TransposeB: false,
            compute,
            cublasLtEpilogue_t.CUBLASLT_EPILOGUE_DEFAULT,
            0);
        return new MatmulLaunch(problem, EmulatedAlgorithm.All[0], 1, 0, default, 0, default);
    }
}
