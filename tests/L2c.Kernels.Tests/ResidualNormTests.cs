using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class ResidualNormTests
{
    private const float Epsilon = 1e-6f;

    // B, T, C: smallest that has a variance; DiT-XL's width with fewer tokens; primes; more tokens than rows that are added at a time.
    private static readonly int[][] _shapes = [[1, 1, 2], [2, 16, 1152], [3, 7, 101], [2, 131, 24]];

    public static MatrixTheoryData<string, int[], int> Cases => new(Workbench.Sets, _shapes, [0, 1, 2, 3, 4, 9]);

    public static MatrixTheoryData<string, int[]> Shapes => new(Workbench.Sets, _shapes);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Modulated_norm_is_as_accurate_as_naive_fp32(string set, int[] shape, int terms)
    {
        using var bench = new Workbench(set);
        Case data = new(shape, terms, sharedX: false);
        (double[] exactSum, double[] exact) = data.Modulated<double>();
        (float[] naiveSum, float[] naive) = data.Modulated<float>();
        (float[] sum, float[] y) = data.Run(bench);
        Tolerance.TimesNaive(2).Check(sum, exactSum, naiveSum);
        Tolerance.TimesNaive(2).Check(y, exact, naive);

        (_, float[] withoutOne) = data.Run(bench, scale: Array.ConvertAll(data.Scale, v => v - 1));
        (_, float[] withoutShift) = data.Run(bench, shift: new float[data.Shift.Length]);
        Tolerance.TimesNaive(2).MustReject(withoutOne, exact, naive);
        Tolerance.TimesNaive(2).MustReject(withoutShift, exact, naive);
        if (terms > 0)
        {
            (float[] ungatedSum, float[] ungated) = data.Run(bench, dropGate: true);
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
    public void Affine_norm_of_shared_positions_is_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        Case data = new(shape, terms: 1, sharedX: true);
        float[] weight = data.Scale[..data.Channels], bias = data.Shift[..data.Channels];
        double[] exact = Reference.Affine(data.Normal<double>(), weight, bias, data.Channels);
        float[] naive = Reference.Affine(data.Normal<float>(), weight, bias, data.Channels);
        Tensor y = bench.Take(shape);
        bench.Device.ResidualNorm(data.PutX(bench), data.PutTerms(bench), default, Norm.Affine(bench.Put(weight, data.Channels), bench.Put(bias, data.Channels), Epsilon), y);
        Tolerance.TimesNaive(2).Check(bench.Get(y), exact, naive);

        float[] plusOne = Array.ConvertAll(weight, v => v + 1);
        bench.Device.ResidualNorm(data.PutX(bench), data.PutTerms(bench), default, Norm.Affine(bench.Put(plusOne, data.Channels), bench.Put(bias, data.Channels), Epsilon), y);
        Tolerance.TimesNaive(2).MustReject(bench.Get(y), exact, naive);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Sums_alone_in_place_and_without_output_agree_bit_for_bit(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        Case data = new(shape, terms: 2, sharedX: false);
        (float[] sum, float[] y) = data.Run(bench);

        Tensor only = bench.Take(shape);
        bench.Device.ResidualNorm(data.PutX(bench), data.PutTerms(bench), only, Norm.None, default);
        Assert.Equal(sum, bench.Get(only));

        Tensor inPlace = data.PutX(bench), normalised = bench.Take(shape);
        bench.Device.ResidualNorm(inPlace, data.PutTerms(bench), inPlace, data.PutNorm(bench), normalised);
        Assert.Equal(sum, bench.Get(inPlace));
        Assert.Equal(y, bench.Get(normalised));

        Tensor overX = data.PutX(bench);
        bench.Device.ResidualNorm(overX, data.PutTerms(bench), default, data.PutNorm(bench), overX);
        Assert.Equal(y, bench.Get(overX));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void All_terms_at_once_equal_one_after_the_other_bit_for_bit(string set, int[] shape, int terms)
    {
        using var bench = new Workbench(set);
        Case data = new(shape, terms, sharedX: false);
        Tensor x = data.PutX(bench), y = bench.Take(shape);
        ResidualTerm[] all = data.PutTerms(bench);
        foreach (ResidualTerm term in all)
        {
            bench.Device.ResidualNorm(x, [term], x, Norm.None, default);
        }

        bench.Device.ResidualNorm(x, [], default, data.PutNorm(bench), y);
        (float[] sum, float[] normalised) = data.Run(bench);
        Assert.Equal(bench.Get(x), sum);
        Assert.Equal(bench.Get(y), normalised);
        if (terms > 1 && data.Channels > 2)
        {
            // Planted fault: the last term first.
            Tensor other = bench.Take(shape);
            bench.Device.ResidualNorm(data.PutX(bench), [all[^1], .. all[..^1]], other, Norm.None, default);
            Assert.NotEqual(sum, bench.Get(other));
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_large_mean_does_not_cancel_the_variance(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        Case data = new(shape, terms: 0, sharedX: false, mean: 1000);
        (_, double[] exact) = data.Modulated<double>();
        (_, float[] naive) = data.Modulated<float>();
        Tolerance.TimesNaive(2).Check(data.Run(bench).Y, exact, naive);
    }

    [Fact]
    public void Gates_may_be_slices_of_one_modulation_tensor()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        Case data = new([3, 7, 101], terms: 1, sharedX: false);
        Tensor all = bench.Take(3, 3 * 101), y = bench.Take(3, 7, 101);
        bench.Device.Upload(all, [.. Enumerable.Range(0, 3).SelectMany(b => (float[])[.. Row(data.Gates[0], b), .. Row(data.Scale, b), .. Row(data.Shift, b)])]);
        ResidualTerm term = new(bench.Put(data.Branches[0], 3, 7, 101), all.SliceColumns(0, 101));
        bench.Device.ResidualNorm(data.PutX(bench), [term], default, Norm.Modulated(all.SliceColumns(101, 101), all.SliceColumns(202, 101), Epsilon), y);
        Assert.Equal(data.Run(bench).Y, bench.Get(y));

        static float[] Row(float[] values, int b) => values[(b * 101)..((b + 1) * 101)];
    }

    [Fact]
    public void Wrong_shapes_are_refused_by_name()
    {
        using var bench = new Workbench(nameof(InstructionSet.Portable));
        Tensor x = bench.Take(2, 3, 4), y = bench.Take(2, 3, 4), gate = bench.Take(3, 4);
        Refused("ResidualNorm: source [2, 3, 5] does not match output [2, 3, 4]", () => bench.Device.ResidualNorm(x, [new(bench.Take(2, 3, 5))], y, Norm.None, default));
        Refused("ResidualNorm: gate [3, 4] does not match output [2, 3, 4]", () => bench.Device.ResidualNorm(x, [new(x, gate)], y, Norm.None, default));
        Refused("ResidualNorm: scale [3, 4] and shift [3, 4] do not match output [2, 3, 4]", () => bench.Device.ResidualNorm(x, [], default, Norm.Modulated(gate, gate, 0), y));
        Refused("ResidualNorm: xIn [5, 4] does not match output [2, 3, 4]", () => bench.Device.ResidualNorm(bench.Take(5, 4), [], y, Norm.None, default));
        Refused("ResidualNorm: y goes with a norm", () => bench.Device.ResidualNorm(x, [], x, Norm.None, y));
        Refused("ResidualNorm: neither", () => bench.Device.ResidualNorm(x, [], default, Norm.None, default));

        static void Refused(string start, Action call) => Assert.StartsWith(start, Assert.Throws<ArgumentException>(call).Message, StringComparison.Ordinal);
    }

    private sealed class Case(int[] shape, int terms, bool sharedX, double mean = 0)
    {
        private readonly float[] _x = RandomData.Normal(seed: 61, (sharedX ? 1 : shape[0]) * shape[1] * shape[2], mean: mean);

        public int Channels => shape[2];

        public float[][] Branches { get; } = [.. Enumerable.Range(0, terms).Select(i => RandomData.Normal(seed: 62 + i, shape[0] * shape[1] * shape[2]))];

        public float[][] Gates { get; } = [.. Enumerable.Range(0, terms).Select(i => RandomData.Normal(seed: 72 + i, shape[0] * shape[2]))];

        public float[] Scale { get; } = RandomData.Normal(seed: 82, shape[0] * shape[2]);

        public float[] Shift { get; } = RandomData.Normal(seed: 83, shape[0] * shape[2]);

        public T[] Sum<T>()
            where T : System.Numerics.IFloatingPointIeee754<T> =>
            Reference.Residual<T>(_x, [.. Branches.Select((branch, i) => new ReferenceTerm(branch, IsGated(i) ? Gates[i] : null))], shape[0], shape[1], Channels);

        public T[] Normal<T>()
            where T : System.Numerics.IFloatingPointIeee754<T> => Reference.LayerNorm(Sum<T>(), Channels, Epsilon);

        public (T[] Sum, T[] Y) Modulated<T>()
            where T : System.Numerics.IFloatingPointIeee754<T> => (Sum<T>(), Reference.Modulate(Normal<T>(), Scale, Shift, shape[1], Channels));

        public Tensor PutX(Workbench bench) => sharedX ? bench.Put(_x, shape[1], Channels) : bench.Put(_x, shape);

        public ResidualTerm[] PutTerms(Workbench bench, bool dropGate = false) =>
        [
            .. Branches.Select((branch, i) => new ResidualTerm(bench.Put(branch, shape), IsGated(i) && !dropGate ? bench.Put(Gates[i], shape[0], Channels) : default)),
        ];

        public Norm PutNorm(Workbench bench, float[]? scale = null, float[]? shift = null) =>
            Norm.Modulated(bench.Put(scale ?? Scale, shape[0], Channels), bench.Put(shift ?? Shift, shape[0], Channels), Epsilon);

        public (float[] Sum, float[] Y) Run(Workbench bench, float[]? scale = null, float[]? shift = null, bool dropGate = false)
        {
            Tensor sum = bench.Take(shape), y = bench.Take(shape);
            bench.Device.ResidualNorm(PutX(bench), PutTerms(bench, dropGate), sum, PutNorm(bench, scale, shift), y);
            return (bench.Get(sum), bench.Get(y));
        }

        // The second of three terms has no gate, as in U-ViT.
        private static bool IsGated(int term) => term != 1;
    }
}
