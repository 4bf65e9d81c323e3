using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>What the residual norm on CUDA has of its own: two levels, chunks of a row, and several launches.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class ResidualNormCudaTests
{
    // B, T, C. Plain level: smallest that has a variance; primes. Fast level: one lane of the second chunk; DiT-XL's width; more rows than a block.
    private static readonly int[][] _shapes = [[1, 1, 2], [3, 7, 101], [3, 1, 264], [2, 2, 1152], [1, 5, 384]];

    public static MatrixTheoryData<CudaPrecision, int[]> Shapes => new(CudaWorkbench.Precisions, _shapes);

    public static MatrixTheoryData<CudaPrecision, int> Widths => new(CudaWorkbench.Precisions, [8, 256, 512, 768, 1024, 1280, 1536, 1792, 2048]);

    [Theory]
    [MemberData(nameof(Widths))]
    public void Every_number_of_chunks_is_as_accurate(CudaPrecision precision, int channels)
    {
        using CudaWorkbench bench = new(precision);
        ResidualNormCase data = new(bench, [1, 2, channels], terms: 1);
        (double[] exactSum, double[] exact) = data.Modulated<double>();
        (float[] naiveSum, float[] naive) = data.Naive();
        (float[] sum, float[] y) = data.Run();
        Tolerance.TimesNaive(2).Check(sum, exactSum, naiveSum);
        Tolerance.TimesNaive(2).Check(y, exact, naive);
    }

    [Theory]
    [InlineData(CudaPrecision.F32)]
    [InlineData(CudaPrecision.BF16)]
    public void Rows_off_sixteen_bytes_take_the_plain_level_and_agree(CudaPrecision precision)
    {
        using CudaWorkbench bench = new(precision);
        ResidualNormCase data = new(bench, [2, 3, 264], terms: 1);
        (float[] naiveSum, float[] naive) = data.Naive();
        Tensor sum = bench.Take(2, 3, 264), y = bench.Take(2, 3, 264);
        ResidualTerm term = data.PutTerms()[0] with { Gate = bench.PutMisaligned(data.Gates[0], 2, 264) };
        bench.Launches();
        bench.Device.ResidualNorm(data.PutX(), [term], sum, data.PutNorm(), y);
        Assert.Contains("Kernel_Row", bench.Launches() ?? ["Kernel_Row"]);
        Tolerance.TimesNaive(2).Check(bench.Get(sum), data.Modulated<double>().Sum, naiveSum);
        Tolerance.TimesNaive(2).Check(bench.Get(y), data.Modulated<double>().Y, naive);

        data.Run();
        Assert.Contains("Kernel_Rows", bench.Launches() ?? ["Kernel_Rows"]);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void More_branches_than_one_launch_adds_are_added_by_further_ones(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        ResidualNormCase data = new(bench, shape, terms: 6);
        (double[] exactSum, double[] exact) = data.Modulated<double>();

        // The sum is stored after four branches, as a naive computation by launches would.
        ResidualNormCase first = new(bench, shape, terms: 4);
        float[] naiveSum = bench.Round(data.Continue(bench.Round(first.Sum<float>()), from: 4));
        float[] normal = Reference.LayerNorm(naiveSum, data.Channels, ResidualNormCase.Epsilon);
        float[] naive = bench.Round(Reference.Modulate(normal, data.Scale, data.Shift, shape[1], data.Channels));
        bench.Launches();
        (float[] sum, float[] y) = data.Run();
        if (bench.Launches() is { } launches)
        {
            Assert.Equal(2, launches.Count(name => name.StartsWith("Kernel_Row", StringComparison.Ordinal)));
        }

        Tolerance.TimesNaive(2).Check(sum, exactSum, naiveSum);
        Tolerance.TimesNaive(2).Check(y, exact, naive);
        Tolerance.TimesNaive(2).MustReject(bench.Round(first.Sum<float>()), exactSum, naiveSum);

        Tensor alone = bench.Take(shape);
        bench.Device.ResidualNorm(data.PutX(), data.PutTerms(), default, data.PutNorm(), alone);
        Assert.Equal(y, bench.Get(alone));
    }
}
