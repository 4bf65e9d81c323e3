using L2c.Testing;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>Both levels of the residual norm, as PTX through the emulator.</summary>
public sealed class ResidualNormCudaTests
{
    private const float Epsilon = 1e-6f;

    // B, T, C. Plain level: smallest that has a variance; primes. Fast level: one lane of the second chunk; DiT-XL's width; more rows than a block.
    private static readonly int[][] _shapes = [[1, 1, 2], [3, 7, 101], [3, 1, 264], [2, 2, 1152], [1, 5, 384]];

    public static MatrixTheoryData<CudaPrecision, int[], int> Cases => new(CudaWorkbench.Precisions, _shapes, [0, 1, 3]);

    public static MatrixTheoryData<CudaPrecision, int[]> Shapes => new(CudaWorkbench.Precisions, _shapes);

    public static MatrixTheoryData<CudaPrecision, int> Widths => new(CudaWorkbench.Precisions, [8, 256, 512, 768, 1024, 1280, 1536, 1792, 2048]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Modulated_norm_is_as_accurate_as_naive_arithmetic_in_the_same_storage(CudaPrecision precision, int[] shape, int terms)
    {
        using CudaWorkbench bench = new(precision);
        Case data = new(bench, shape, terms);
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
    [MemberData(nameof(Widths))]
    public void Every_number_of_chunks_is_as_accurate(CudaPrecision precision, int channels)
    {
        using CudaWorkbench bench = new(precision);
        Case data = new(bench, [1, 2, channels], terms: 1);
        (double[] exactSum, double[] exact) = data.Modulated<double>();
        (float[] naiveSum, float[] naive) = data.Naive();
        (float[] sum, float[] y) = data.Run();
        Tolerance.TimesNaive(2).Check(sum, exactSum, naiveSum);
        Tolerance.TimesNaive(2).Check(y, exact, naive);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Affine_norm_of_shared_positions_is_as_accurate(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        Case data = new(bench, shape, terms: 1, sharedX: true);
        float[] weight = data.Scale[..data.Channels], bias = data.Shift[..data.Channels];
        double[] exact = Reference.Affine(data.Normal<double>(), weight, bias, data.Channels);
        float[] naive = bench.Round(Reference.Affine(data.Normal<float>(), weight, bias, data.Channels));
        Tolerance.TimesNaive(2).Check(Run(weight), exact, naive);
        Tolerance.TimesNaive(2).MustReject(Run(Array.ConvertAll(weight, v => v + 1)), exact, naive);

        float[] Run(float[] weights)
        {
            Tensor y = bench.Take(shape);
            Norm norm = Norm.Affine(bench.Put(weights, data.Channels), bench.Put(bias, data.Channels), Epsilon);
            bench.Device.ResidualNorm(data.PutX(), data.PutTerms(), default, norm, y);
            return bench.Get(y);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Sums_alone_in_place_and_without_output_agree_bit_for_bit(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        Case data = new(bench, shape, terms: 2);
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
    [MemberData(nameof(Shapes))]
    public void A_large_mean_does_not_cancel_the_variance(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        Case data = new(bench, shape, terms: 0, mean: 1000);
        Tolerance.TimesNaive(2).Check(data.Run().Y, data.Modulated<double>().Y, data.Naive().Y);
    }

    [Theory]
    [InlineData(CudaPrecision.F32)]
    [InlineData(CudaPrecision.BF16)]
    public void Rows_off_sixteen_bytes_take_the_plain_level_and_agree(CudaPrecision precision)
    {
        using CudaWorkbench bench = new(precision);
        Case data = new(bench, [2, 3, 264], terms: 1);
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
        Case data = new(bench, shape, terms: 6);
        (double[] exactSum, double[] exact) = data.Modulated<double>();

        // The sum is stored after four branches, as a naive computation by launches would.
        Case first = new(bench, shape, terms: 4);
        float[] naiveSum = bench.Round(data.Continue(bench.Round(first.Sum<float>()), from: 4));
        float[] normal = Reference.LayerNorm(naiveSum, data.Channels, Epsilon);
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

    [Fact]
    public void The_last_row_of_gates_and_modulations_serves_the_images_beyond_it()
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        Case data = new(bench, [3, 2, 16], terms: 1);
        float[] Repeat(float[] rows) => [.. rows[..32], .. rows[16..32]];
        Tensor few = bench.Take(3, 2, 16), all = bench.Take(3, 2, 16);
        Tensor Rows(float[] values, int count) => bench.Put(values[..(count * 16)], count, 16);
        ResidualTerm term = data.PutTerms()[0];
        bench.Device.ResidualNorm(
            data.PutX(),
            [term with { Gate = Rows(data.Gates[0], 2) }],
            default,
            Norm.Modulated(Rows(data.Scale, 2), Rows(data.Shift, 2), Epsilon),
            few);
        bench.Device.ResidualNorm(
            data.PutX(),
            [term with { Gate = Rows(Repeat(data.Gates[0]), 3) }],
            default,
            Norm.Modulated(Rows(Repeat(data.Scale), 3), Rows(Repeat(data.Shift), 3), Epsilon),
            all);
        Assert.Equal(bench.Get(all), bench.Get(few));
    }

    [Fact]
    public void A_branch_that_the_first_launch_would_overwrite_is_refused()
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        Tensor x = bench.Put(new float[8], 1, 1, 8), y = bench.Put(new float[8], 1, 1, 8);
        ResidualTerm[] terms = [new(x), new(x), new(x), new(x), new(y)];
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => bench.Device.ResidualNorm(x, terms, y, Norm.None, default));
        Assert.Equal("ResidualNorm: source 4 is the output [1, 1, 8], which the first branches have overwritten by then", refusal.Message);
    }

    private sealed class Case
    {
        private readonly CudaWorkbench _bench;
        private readonly int[] _shape;
        private readonly bool _sharedX;
        private readonly float[] _x;

        public Case(CudaWorkbench bench, int[] shape, int terms, bool sharedX = false, double mean = 0)
        {
            (_bench, _shape, _sharedX) = (bench, shape, sharedX);
            int size = shape[0] * shape[1] * shape[2];
            _x = bench.Round(RandomData.Normal(seed: 61, sharedX ? shape[1] * shape[2] : size, mean: mean));
            Branches = [.. Enumerable.Range(0, terms).Select(i => bench.Round(RandomData.Normal(seed: 62 + i, size)))];
            Gates = [.. Enumerable.Range(0, terms).Select(i => bench.Round(RandomData.Normal(seed: 72 + i, shape[0] * shape[2])))];
            Scale = bench.Round(RandomData.Normal(seed: 82, shape[0] * shape[2]));
            Shift = bench.Round(RandomData.Normal(seed: 83, shape[0] * shape[2]));
        }

        public int Channels => _shape[2];

        public float[][] Branches { get; }

        public float[][] Gates { get; }

        public float[] Scale { get; }

        public float[] Shift { get; }

        public T[] Sum<T>()
            where T : System.Numerics.IFloatingPointIeee754<T> => Reference.Residual<T>(_x, Terms(0), _shape[0], _shape[1], Channels);

        /// <summary>The sum of what is there already and the branches from some number on.</summary>
        public float[] Continue(float[] sum, int from) => Reference.Residual<float>(sum, Terms(from), _shape[0], _shape[1], Channels);

        public T[] Normal<T>()
            where T : System.Numerics.IFloatingPointIeee754<T> => Reference.LayerNorm(Sum<T>(), Channels, Epsilon);

        public (T[] Sum, T[] Y) Modulated<T>()
            where T : System.Numerics.IFloatingPointIeee754<T> => (Sum<T>(), Reference.Modulate(Normal<T>(), Scale, Shift, _shape[1], Channels));

        /// <summary>fp32 arithmetic, results rounded to the storage type.</summary>
        public (float[] Sum, float[] Y) Naive()
        {
            (float[] sum, float[] y) = Modulated<float>();
            return (_bench.Round(sum), _bench.Round(y));
        }

        public Tensor PutX() => _sharedX ? _bench.Put(_x, _shape[1], Channels) : _bench.Put(_x, _shape);

        public ResidualTerm[] PutTerms(bool dropGate = false) =>
        [
            .. Branches.Select((branch, i) =>
                new ResidualTerm(_bench.Put(branch, _shape), IsGated(i) && !dropGate ? _bench.Put(Gates[i], _shape[0], Channels) : default)),
        ];

        public Norm PutNorm(float[]? scale = null, float[]? shift = null) =>
            Norm.Modulated(_bench.Put(scale ?? Scale, _shape[0], Channels), _bench.Put(shift ?? Shift, _shape[0], Channels), Epsilon);

        public (float[] Sum, float[] Y) Run(float[]? scale = null, float[]? shift = null, bool dropGate = false)
        {
            Tensor sum = _bench.Take(_shape), y = _bench.Take(_shape);
            _bench.Device.ResidualNorm(PutX(), PutTerms(dropGate), sum, PutNorm(scale, shift), y);
            return (_bench.Get(sum), _bench.Get(y));
        }

        private ReferenceTerm[] Terms(int from) =>
            [.. Branches.Select((branch, i) => new ReferenceTerm(branch, IsGated(i) ? Gates[i] : null)).Skip(from)];

        // The second of three terms has no gate, as in U-ViT.
        private static bool IsGated(int term) => term != 1;
    }
}
