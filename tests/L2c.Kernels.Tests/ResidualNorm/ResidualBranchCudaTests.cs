using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Weighted branches through both levels of the residual norm, as PTX through the emulator.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class ResidualBranchCudaTests
{
    private const float Epsilon = 1e-6f;

    // B, T, C. Plain level: smallest that has a variance; primes. Fast level: one lane of the second chunk; DiT-XL's width; more rows than a block.
    private static readonly int[][] _shapes = [[1, 1, 2], [3, 7, 101], [3, 1, 264], [2, 2, 1152], [1, 5, 384]];

    // Terms of each branch that one launch adds: a forecast; the largest; several, of which some are plain.
    private static readonly int[][] _branches = [[2], [6], [1, 3, 1]];

    public static MatrixTheoryData<CudaPrecision, int[], int[]> Cases => new(CudaWorkbench.Precisions, _shapes, _branches);

    public static MatrixTheoryData<CudaPrecision, int[]> Shapes => new(CudaWorkbench.Precisions, _shapes);

    public static MatrixTheoryData<CudaPrecision, int> Widths => new(CudaWorkbench.Precisions, [8, 256, 512, 768, 1024, 1280, 1536, 1792, 2048]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Weighted_branches_are_as_accurate_as_naive_arithmetic_in_the_same_storage(CudaPrecision precision, int[] shape, int[] branches)
    {
        using CudaWorkbench bench = new(precision);
        ResidualBranchCase data = new(shape, branches, bench.Round);
        ResidualTerm[] terms = Put(bench, data, shape);
        Tensor x = bench.Put(data.X, shape);
        CheckAccuracy(bench, data, shape, x, terms);

        Tensor faulty = bench.Take(shape);
        foreach (ResidualTerm[] fault in ResidualBranchCase.Faults(terms))
        {
            bench.Device.ResidualNorm(x, fault, faulty, Norm.None, default);
            Tolerance.TimesNaive(2).MustReject(bench.Get(faulty), data.Sum<double>(), bench.Round(data.Sum<float>()));
        }
    }

    [Theory]
    [MemberData(nameof(Widths))]
    public void Every_number_of_chunks_is_as_accurate(CudaPrecision precision, int channels)
    {
        using CudaWorkbench bench = new(precision);
        int[] shape = [1, 2, channels];
        ResidualBranchCase data = new(shape, [3], bench.Round);
        CheckAccuracy(bench, data, shape, bench.Put(data.X, shape), Put(bench, data, shape));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Weights_that_cancel_are_summed_before_anything_is_rounded_to_storage(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        float[] values = bench.Round(RandomData.Normal(seed: 91, shape[0] * shape[1] * shape[2]));
        float[] ones = Array.ConvertAll(values, _ => 1f);
        Tensor x = bench.Put(ones, shape), y = bench.Take(shape), kept = bench.Put(Array.ConvertAll(values, value => 4096 * value), shape);

        // Six terms of one branch behind another of two: the second launch has all six.
        ResidualTerm[] branch = [.. Enumerable.Range(0, 6).Select(k => new ResidualTerm(kept, Weight: k % 2 == 0 ? 1048576 : -1048576, Joins: k > 0))];
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
    [MemberData(nameof(Shapes))]
    public void A_term_without_factors_has_the_same_bits_beside_weighted_ones(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        ResidualBranchCase data = new(shape, [1, 1, 1], bench.Round);
        ResidualTerm[] plain = Put(bench, data, shape);
        Tensor x = bench.Put(data.X, shape), expected = bench.Take(shape), sum = bench.Take(shape);
        bench.Device.ResidualNorm(x, plain, expected, Norm.None, default);
        bench.Device.ResidualNorm(x, [.. plain, new(plain[0].Source, plain[0].Gate, Weight: 0)], sum, Norm.None, default);
        Assert.Equal(bench.Get(expected), bench.Get(sum));
    }

    [Theory]
    [InlineData(CudaPrecision.F32)]
    [InlineData(CudaPrecision.BF16)]
    public void Gates_off_sixteen_bytes_take_the_plain_level_and_agree(CudaPrecision precision)
    {
        using CudaWorkbench bench = new(precision);
        int[] shape = [2, 3, 264];
        ResidualBranchCase data = new(shape, [2], bench.Round);
        ResidualTerm[] terms = data.Put(
            values => bench.Put(values, shape), values => bench.PutMisaligned(values, 2, 264), value => bench.PutState([value], 1));
        bench.Launches();
        CheckAccuracy(bench, data, shape, bench.Put(data.X, shape), terms);
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
        ResidualTerm[] terms = Array.ConvertAll(Put(bench, data, shape), term => term.Scalar.IsNone ? term : term with { Scalar = scalar });
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

    private static ResidualTerm[] Put(CudaWorkbench bench, ResidualBranchCase data, int[] shape) => data.Put(
        values => bench.Put(values, shape), values => bench.Put(values, shape[0], shape[2]), value => bench.PutState([value], 1));

    private static void CheckAccuracy(CudaWorkbench bench, ResidualBranchCase data, int[] shape, Tensor x, ResidualTerm[] terms)
    {
        (int images, int tokens, int channels) = (shape[0], shape[1], shape[2]);
        double[] exact = data.Sum<double>();
        float[] naive = data.Sum<float>();
        Tensor sum = bench.Take(shape), y = bench.Take(shape);
        Norm norm = Norm.Modulated(bench.Put(data.Scale, images, channels), bench.Put(data.Shift, images, channels), Epsilon);
        bench.Device.ResidualNorm(x, terms, sum, norm, y);
        Tolerance.TimesNaive(2).Check(bench.Get(sum), exact, bench.Round(naive));
        double[] exactY = Reference.Modulate(Reference.LayerNorm(exact, channels, Epsilon), data.Scale, data.Shift, tokens, channels);
        float[] naiveY = Reference.Modulate(Reference.LayerNorm(naive, channels, Epsilon), data.Scale, data.Shift, tokens, channels);
        Tolerance.TimesNaive(2).Check(bench.Get(y), exactY, bench.Round(naiveY));
    }
}
