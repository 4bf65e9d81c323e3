using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class ResidualNormTests
{
    // B, T, C: smallest that has a variance; DiT-XL's width with fewer tokens; primes; more tokens than rows that are added at a time.
    private static readonly int[][] _shapes = [[1, 1, 2], [2, 16, 1152], [3, 7, 101], [2, 131, 24]];

    // Plain level: smallest that has a variance; primes. Fast level: one lane of the second chunk; DiT-XL's width; more rows than a block.
    private static readonly int[][] _shapesOfCuda = [[1, 1, 2], [3, 7, 101], [3, 1, 264], [2, 2, 1152], [1, 5, 384]];

    public static TheoryData<string, int[], int> CpuCases => [.. DeviceCases.Of(DeviceCases.Cpu, _shapes, [0, 1, 2, 3, 4, 9])];

    public static TheoryData<string, int[], int> Cases => [.. CpuCases, .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda, [0, 1, 3])];

    public static TheoryData<string, int[]> Shapes =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _shapes), .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Modulated_norm_is_as_accurate_as_naive_arithmetic_in_the_same_storage(string device, int[] shape, int terms)
    {
        using Bench bench = Bench.Open(device);
        ResidualNormCase data = new(bench, shape, terms);
        (double[] exactSum, double[] exact) = data.Modulated<double>();
        (float[] naiveSum, float[] naive) = data.Naive();
        (float[] sum, float[] y) = data.Run();
        Tolerance.TimesNaive(2).Check(sum, exactSum, naiveSum);
        Tolerance.TimesNaive(2).Check(y, exact, naive);

        (_, float[] withoutOne) = data.Run(scale: Array.ConvertAll(data.Scale, v => v - 1));
        (_, float[] withoutShift) = data.Run(shift: new float[data.Shift.Length]);
        Tolerance.TimesNaive(2).MustReject(withoutOne, exact, naive);
        Tolerance.TimesNaive(2).MustReject(withoutShift, exact, naive);
        if (terms > 0)
        {
            (float[] ungatedSum, float[] ungated) = data.Run(dropGate: true);
            Tolerance.TimesNaive(2).MustReject(ungatedSum, exactSum, naiveSum);
            if (data.Channels > 2)
            {
                // A norm over two channels sees only the sign of their difference.
                Tolerance.TimesNaive(2).MustReject(ungated, exact, naive);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Affine_norm_of_shared_positions_is_as_accurate(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        ResidualNormCase data = new(bench, shape, terms: 1, sharedX: true);
        float[] weight = data.Scale[..data.Channels], bias = data.Shift[..data.Channels];
        double[] exact = Reference.Affine(data.Normal<double>(), weight, bias, data.Channels);
        float[] naive = bench.Round(Reference.Affine(data.Normal<float>(), weight, bias, data.Channels));
        Tolerance.TimesNaive(2).Check(Run(weight), exact, naive);
        Tolerance.TimesNaive(2).MustReject(Run(Array.ConvertAll(weight, v => v + 1)), exact, naive);

        float[] Run(float[] weights)
        {
            Tensor y = bench.Take(shape);
            Norm norm = Norm.Affine(bench.Put(weights, data.Channels), bench.Put(bias, data.Channels), ResidualNormCase.Epsilon);
            bench.Device.ResidualNorm(data.PutX(), data.PutTerms(), default, norm, y);
            return bench.Get(y);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Sums_alone_in_place_and_without_output_agree_bit_for_bit(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        ResidualNormCase data = new(bench, shape, terms: 2);
        (float[] sum, float[] y) = data.Run();

        Tensor only = bench.Take(shape);
        bench.Device.ResidualNorm(data.PutX(), data.PutTerms(), only, Norm.None, default);
        Assert.Equal(sum, bench.Get(only));

        Tensor inPlace = data.PutX(), normalised = bench.Take(shape);
        bench.Device.ResidualNorm(inPlace, data.PutTerms(), inPlace, data.PutNorm(), normalised);
        Assert.Equal(sum, bench.Get(inPlace));
        Assert.Equal(y, bench.Get(normalised));

        Tensor overX = data.PutX();
        bench.Device.ResidualNorm(overX, data.PutTerms(), default, data.PutNorm(), overX);
        Assert.Equal(y, bench.Get(overX));
    }

    [Theory]
    [MemberData(nameof(CpuCases))]
    public void All_terms_at_once_equal_one_after_the_other_bit_for_bit(string device, int[] shape, int terms)
    {
        using Bench bench = Bench.Open(device);
        ResidualNormCase data = new(bench, shape, terms);
        Tensor x = data.PutX(), y = bench.Take(shape);
        ResidualTerm[] all = data.PutTerms();
        foreach (ResidualTerm term in all)
        {
            bench.Device.ResidualNorm(x, [term], x, Norm.None, default);
        }

        bench.Device.ResidualNorm(x, [], default, data.PutNorm(), y);
        (float[] sum, float[] normalised) = data.Run();
        Assert.Equal(bench.Get(x), sum);
        Assert.Equal(bench.Get(y), normalised);
        if (terms > 1 && data.Channels > 2)
        {
            // Planted fault: the last term first.
            Tensor other = bench.Take(shape);
            bench.Device.ResidualNorm(data.PutX(), [all[^1], .. all[..^1]], other, Norm.None, default);
            Assert.NotEqual(sum, bench.Get(other));
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_large_mean_does_not_cancel_the_variance(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        ResidualNormCase data = new(bench, shape, terms: 0, mean: 1000);
        Tolerance.TimesNaive(2).Check(data.Run().Y, data.Modulated<double>().Y, data.Naive().Y);
    }

    [Theory]
    [MemberData(nameof(DeviceCases.OneOfEach), MemberType = typeof(DeviceCases))]
    public void Gates_may_be_slices_of_one_modulation_tensor(string device)
    {
        using Bench bench = Bench.Open(device);
        ResidualNormCase data = new(bench, [3, 7, 101], terms: 1);
        Tensor y = bench.Take(3, 7, 101);
        Tensor all = bench.Put(
            [.. Enumerable.Range(0, 3).SelectMany(b => (float[])[.. Row(data.Gates[0], b), .. Row(data.Scale, b), .. Row(data.Shift, b)])], 3, 3 * 101);
        ResidualTerm term = new(bench.Put(data.Branches[0], 3, 7, 101), all.SliceColumns(0, 101));
        Norm norm = Norm.Modulated(all.SliceColumns(101, 101), all.SliceColumns(202, 101), ResidualNormCase.Epsilon);
        bench.Device.ResidualNorm(data.PutX(), [term], default, norm, y);
        Assert.Equal(data.Run().Y, bench.Get(y));

        static float[] Row(float[] values, int b) => values[(b * 101)..((b + 1) * 101)];
    }
}
