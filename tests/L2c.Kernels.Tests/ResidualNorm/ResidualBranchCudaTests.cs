using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Weighted branches through both levels of the residual norm, as PTX through the emulator.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class ResidualBranchCudaTests
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
        int[] shape = [1, 2, channels];
        ResidualBranchCase data = new(shape, [3], bench.Round);
        data.CheckAccuracy(bench, data.Put(bench));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Weights_that_cancel_are_summed_before_anything_is_rounded_to_storage(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        float[] values = bench.Round(RandomData.Normal(seed: 91, shape[0] * shape[1] * shape[2]));
        float[] ones = Array.ConvertAll(values, _ => 1f);
        Tensor x = bench.Put(ones, shape), y = bench.Take(shape), kept = bench.Put(Array.ConvertAll(values, value => 4096 * value), shape);

        // Six terms of one branch behind another of two: the second launch has all six, whose first four do not cancel.
        const float Large = 1 << 20;
        ResidualTerm[] branch =
            [.. new[] { Large, -Large, Large, Large, -Large, -Large }.Select((weight, k) => new ResidualTerm(kept, Weight: weight, Joins: k > 0))];
        bench.Launches();
        bench.Device.ResidualNorm(x, [.. branch[..2], .. branch], y, Norm.None, default);
        if (bench.Launches() is { } launches)
        {
            Assert.Equal(2, launches.Count(name => name.StartsWith("Kernel_Row", StringComparison.Ordinal)));
        }

        Assert.Equal(ones, bench.Get(y));

        // The same weights on branches of their own: the stream meets what does not fit into its bits.
        bench.Device.ResidualNorm(x, Array.ConvertAll(branch, term => term with { Joins = false }), y, Norm.None, default);
        Assert.NotEqual(ones, bench.Get(y));
    }

    [Theory]
    [InlineData(CudaPrecision.F32)]
    [InlineData(CudaPrecision.BF16)]
    public void Gates_off_sixteen_bytes_take_the_plain_level_and_agree(CudaPrecision precision)
    {
        using CudaWorkbench bench = new(precision);
        int[] shape = [2, 3, 264];
        ResidualBranchCase data = new(shape, [2], bench.Round);
        ResidualTerm[] terms = data.Put(bench, values => bench.PutMisaligned(values, 2, 264));
        bench.Launches();
        data.CheckAccuracy(bench, terms);
        Assert.Contains("Kernel_Row", bench.Launches() ?? ["Kernel_Row"]);
    }

    [Theory]
    [InlineData(CudaPrecision.F32)]
    [InlineData(CudaPrecision.F16)]
    [InlineData(CudaPrecision.BF16)]
    public void A_recording_reads_scalars_when_it_runs_and_counts_every_source(CudaPrecision precision)
    {
        using CudaWorkbench bench = new(precision);
        int[] shape = [2, 3, 24];
        ResidualBranchCase data = new(shape, [3], bench.Round);
        Tensor x = bench.Put(data.X, shape), expected = bench.Take(shape), sum = bench.Take(shape);
        Tensor scalar = bench.PutState([1], 1), other = bench.PutState([-0.25f], 1);
        ResidualTerm[] terms = Array.ConvertAll(data.Put(bench), term => term.Scalar.IsNone ? term : term with { Scalar = scalar });
        using OpSequence sequence = bench.Device.Capture(() => bench.Device.ResidualNorm(x, terms, sum, Norm.None, default));
        bench.Device.ResidualNorm(
            x, Array.ConvertAll(terms, term => term.Scalar.IsNone ? term : term with { Scalar = other }), expected, Norm.None, default);
        sequence.Run();
        Assert.NotEqual(bench.Get(expected), bench.Get(sum));
        bench.Device.Upload(scalar, [-0.25f]);
        sequence.Run();
        Assert.Equal(bench.Get(expected), bench.Get(sum));
        Assert.Equal([5 * x.Shape.Count * bench.Device.StorageType.Size()], sequence.Ops.Select(op => op.Bytes));
    }
}
