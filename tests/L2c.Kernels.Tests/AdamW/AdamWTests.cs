using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class AdamWTests
{
    private static readonly ReferenceAdamW _first = new(1e-3, 0.9, 0.999, 1e-8, WeightDecay: 0.01, Step: 1, EmaDecay: 0.9999, GradientScale: 0.75);
    private static readonly ReferenceAdamW _later = _first with { Step = 1000 };

    // Smallest; more than one tile; awkward.
    public static TheoryData<string, int, bool> Cases =>
    [
        .. DeviceCases.Of(DeviceCases.Cpu, [1, 20_000, 101], [false, true]),
        .. DeviceCases.Of([nameof(CudaPrecision.BF16)], [1, 4096, 1013], [false, true]),
    ];

    public static TheoryData<string, int> Counts =>
        [.. DeviceCases.Of(DeviceCases.Cpu, [101]), .. DeviceCases.Of([nameof(CudaPrecision.BF16)], [1, 4096, 1013])];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_step_is_as_accurate_as_naive_fp32(string device, int count, bool isFirst)
    {
        using Bench bench = Bench.Open(device);
        Case data = new(count, isFirst);
        ReferenceAdamW step = isFirst ? _first : _later;
        (double[] w, double[] m, double[] v, double[] ema) exact = Reference.AdamW<double>(data.W, data.G, data.M, data.V, data.Ema, step);
        (float[] w, float[] m, float[] v, float[] ema) naive = Reference.AdamW<float>(data.W, data.G, data.M, data.V, data.Ema, step);
        Result result = data.Run(bench, Coefficients(step));
        Check(result, Tolerance.TimesNaive(2).Check);

        // Planted faults: betas exchanged, no decay, no scale, one step further.
        Result exchanged = data.Run(bench, Coefficients(step with { Beta1 = step.Beta2, Beta2 = step.Beta1 }));
        Tolerance.TimesNaive(2).MustReject(exchanged.M, exact.m, naive.m);
        Tolerance.TimesNaive(2).MustReject(exchanged.V, exact.v, naive.v);
        Tolerance.TimesNaive(2).MustReject(data.Run(bench, Coefficients(step with { WeightDecay = 0 })).W, exact.w, naive.w);
        Tolerance.TimesNaive(2).MustReject(data.Run(bench, Coefficients(step with { EmaDecay = 1 })).Ema, exact.ema, naive.ema);
        Result unscaled = data.Run(bench, Coefficients(step with { GradientScale = 1 }));
        Tolerance.TimesNaive(2).MustReject(unscaled.M, exact.m, naive.m);
        Tolerance.TimesNaive(2).MustReject(unscaled.V, exact.v, naive.v);
        if (isFirst)
        {
            Tolerance.TimesNaive(2).MustReject(data.Run(bench, Coefficients(step with { Step = 2 })).W, exact.w, naive.w);
        }

        void Check(Result result, Checker check)
        {
            check(result.W, exact.w, naive.w);
            check(result.M, exact.m, naive.m);
            check(result.V, exact.v, naive.v);
            check(result.Ema, exact.ema, naive.ema);
        }
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Without_a_moving_average_the_rest_is_the_same(string device, int count)
    {
        using Bench bench = Bench.Open(device);
        Case data = new(count, isFirst: false);
        Result with = data.Run(bench, Coefficients(_later)), without = data.Run(bench, Coefficients(_later), hasAverage: false);
        Assert.Equal((with.W, with.M, with.V), (without.W, without.M, without.V), new ArraysEqual());
        Assert.Equal(data.Ema, without.Ema);
    }

    [Theory]
    [MemberData(nameof(DeviceCases.OneOfEach), MemberType = typeof(DeviceCases))]
    public void A_weight_without_gradient_only_decays(string device)
    {
        using Bench bench = Bench.Open(device);
        Tensor w = bench.Put([2], 1), zero = bench.Put([0], 1), m = bench.Put([0], 1), v = bench.Put([0], 1);
        bench.Device.AdamW(w, zero, m, v, default, bench.Put(Coefficients(_first), (int)AdamWCoefficient.Count));
        Assert.Equal(2 - 1e-5f * 2, bench.Get(w)[0], 1e-7f);
    }

    private static float[] Coefficients(ReferenceAdamW step)
    {
        var values = new float[(int)AdamWCoefficient.Count];
        values[(int)AdamWCoefficient.LearningRate] = (float)step.LearningRate;
        values[(int)AdamWCoefficient.OneMinusBeta1] = (float)(1 - step.Beta1);
        values[(int)AdamWCoefficient.OneMinusBeta2] = (float)(1 - step.Beta2);
        values[(int)AdamWCoefficient.Epsilon] = (float)step.Epsilon;
        values[(int)AdamWCoefficient.WeightDecay] = (float)step.WeightDecay;
        values[(int)AdamWCoefficient.Correction1] = (float)(1 / (1 - Math.Pow(step.Beta1, step.Step)));
        values[(int)AdamWCoefficient.Correction2] = (float)(1 / Math.Sqrt(1 - Math.Pow(step.Beta2, step.Step)));
        values[(int)AdamWCoefficient.OneMinusEmaDecay] = (float)(1 - step.EmaDecay);
        values[(int)AdamWCoefficient.GradientScale] = (float)step.GradientScale;
        return values;
    }

    private delegate void Checker(ReadOnlySpan<float> actual, ReadOnlySpan<double> exact, ReadOnlySpan<float> naive);

    private sealed record Result(float[] W, float[] M, float[] V, float[] Ema);

    private sealed class ArraysEqual : IEqualityComparer<(float[] W, float[] M, float[] V)>
    {
        public bool Equals((float[] W, float[] M, float[] V) x, (float[] W, float[] M, float[] V) y) =>
            x.W.SequenceEqual(y.W) && x.M.SequenceEqual(y.M) && x.V.SequenceEqual(y.V);

        public int GetHashCode((float[] W, float[] M, float[] V) value) => 0;
    }

    private sealed class Case(int count, bool isFirst)
    {
        public float[] W { get; } = RandomData.Normal(seed: 191, count);

        public float[] G { get; } = RandomData.Normal(seed: 192, count, deviation: 0.01);

        public float[] M { get; } = isFirst ? new float[count] : RandomData.Normal(seed: 193, count, deviation: 0.01);

        public float[] V { get; } =
            isFirst ? new float[count] : Array.ConvertAll(RandomData.Normal(seed: 194, count, deviation: 0.01), g => g * g + 1e-6f);

        public float[] Ema { get; } = RandomData.Normal(seed: 195, count);

        public Result Run(Bench bench, float[] coefficients, bool hasAverage = true)
        {
            Tensor w = bench.PutState(W, count), m = bench.PutState(M, count), v = bench.PutState(V, count), ema = bench.PutState(Ema, count);
            Tensor vector = bench.PutState(coefficients, coefficients.Length);
            bench.Device.AdamW(w, bench.PutState(G, count), m, v, hasAverage ? ema : default, vector);
            return new(bench.Get(w), bench.Get(m), bench.Get(v), bench.Get(ema));
        }
    }
}
