using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>The vector functions over all of fp32, in every form, against double precision.</summary>
public sealed class ElementaryTests
{
    private const double LargestUlp = 1.0 / (1 << 23) * 1.7014118346046923e38; // of 2^127

    /// <summary>Every exponent, subnormals included, with both signs and mantissas all over; then the range where the functions bend,
    /// densely.</summary>
    private static readonly float[] _everywhere =
    [
        .. from exponent in Enumerable.Range(0, 255)
           from mantissa in Enumerable.Range(0, 64)
           from sign in (uint[])[0, 1u << 31]
           select BitConverter.UInt32BitsToSingle(sign | (uint)exponent << 23 | (uint)(mantissa * 131071 + exponent) & 0x7FFFFF),
        .. Enumerable.Range(-53_000, 99_000).Select(i => i * 0.00197f), // -104.4 .. 90.6
        .. Enumerable.Range(-30_000, 60_001).Select(i => i * 0.0005f),
    ];

    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void Exp_is_within_its_stated_error(string set) => Check<ExpForm>(set, Math.Exp, bound: 1.5, smallest: 0);

    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void Exp_minus_one_is_within_its_stated_error(string set) => Check<ExpMinusOneForm>(set, ExpMinusOne, bound: 3, smallest: 0);

    // Densely, with the values just beside integers, and those next to 0.
    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void A_power_of_two_is_within_its_stated_error(string set)
    {
        float[] x =
        [
            .. Enumerable.Range(0, 378_001).Select(i => i / -3000f),
            .. Enumerable.Range(0, 126).SelectMany(n => (float[])[-n, MathF.BitDecrement(-n), MathF.BitIncrement(-n - 1)]),
            .. Enumerable.Range(1, 149).Select(n => -MathF.ScaleB(1, -n)),
        ];
        Check<PowerOfTwoForm>(set, v => Math.Pow(2, v), bound: 3, smallest: 0, x);
        Assert.ThrowsAny<Exception>(() => Check<PowerOfTwoForm>(set, v => Math.Pow(2, v) * (1 + Math.ScaleB(3, -23)), bound: 3, smallest: 0, x));
    }

    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void Activations_are_within_their_stated_errors(string set)
    {
        Check<SiluForm>(set, Reference.Silu, bound: 3, smallest: 0.1);
        Check<GeluTanhForm>(set, Reference.GeluTanh, bound: 5, smallest: 0.1);
        Check<GeluErfForm>(set, Reference.GeluErf, bound: 8, smallest: 0.1);
    }

    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void Gradients_are_within_their_stated_error(string set)
    {
        Check<GradientOf<SiluForm>>(set, Reference.SiluGradient, bound: 2.5, smallest: 1);
        Check<GradientOf<GeluTanhForm>>(set, Reference.GeluTanhGradient, bound: 2.5, smallest: 1);
        Check<GradientOf<GeluErfForm>>(set, Reference.GeluErfGradient, bound: 2.5, smallest: 1);
    }

    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void A_function_off_by_more_than_its_bound_is_seen(string set) =>
        Assert.ThrowsAny<Exception>(() => Check<ExpForm>(set, x => Math.Exp(x) * (1 + Math.ScaleB(1.6, -23)), bound: 1.5, smallest: 0));

    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void Limits_are_exact(string set)
    {
        using var bench = new Workbench(set);
        const float Infinity = float.PositiveInfinity;
        float[] x = [0, Infinity, -Infinity, float.NaN, 1e30f, -1e30f, 200, -200];
        Assert.Equal([1, Infinity, 0, float.NaN, Infinity, 0, Infinity, 0], Apply<ExpForm>(bench, x));
        Assert.Equal([0, Infinity, -1, float.NaN, Infinity, -1, Infinity, -1], Apply<ExpMinusOneForm>(bench, x));
        foreach (Func<Workbench, float[], float[]> activation in
            (Func<Workbench, float[], float[]>[])[Apply<SiluForm>, Apply<GeluTanhForm>, Apply<GeluErfForm>])
        {
            Assert.Equal([0, Infinity, 0, float.NaN, 1e30f, 0, 200, 0], activation(bench, x));
        }

        foreach (Func<Workbench, float[], float[]> gradient in
            (Func<Workbench, float[], float[]>[])[Apply<GradientOf<SiluForm>>, Apply<GradientOf<GeluTanhForm>>, Apply<GradientOf<GeluErfForm>>])
        {
            float[] values = gradient(bench, x);
            Assert.Equal(0.5f, values[0], 1e-7f);
            Assert.Equal([1, 0, float.NaN, 1, 0, 1, 0], values[1..]);
        }
    }

    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void A_value_gives_the_same_bits_wherever_it_stands(string set)
    {
        using var bench = new Workbench(set);
        float[] values = RandomData.Normal(seed: 121, 61, deviation: 3);
        Check<SiluForm>();
        Check<GeluTanhForm>();
        Check<GeluErfForm>();
        Check<GradientOf<SiluForm>>();
        Check<GradientOf<GeluTanhForm>>();
        Check<GradientOf<GeluErfForm>>();

        void Check<TForm>()
            where TForm : struct, IActivationForm
        {
            float[] together = Apply<TForm>(bench, values);
            for (int start = 1; start < values.Length; start++)
            {
                Assert.Equal(together[start..], Apply<TForm>(bench, values[start..]));
            }
        }
    }

    // In ulps of the result, or of the smallest given: a factor that makes a result small has an absolute error.
    private static void Check<TForm>(string set, Func<double, double> exact, double bound, double smallest, float[]? x = null)
        where TForm : struct, IActivationForm
    {
        x ??= _everywhere;
        using var bench = new Workbench(set);
        float[] y = Apply<TForm>(bench, x);
        (double worst, int at) = (0, 0);
        for (int i = 0; i < y.Length; i++)
        {
            double expected = exact(x[i]), error = Error(y[i], expected, smallest);
            if (!(error <= worst))
            {
                (worst, at) = (error, i);
            }
        }

        Assert.True(worst <= bound, $"{typeof(TForm).Name}({x[at]:R}) = {y[at]:R}, exact {exact(x[at]):R}, {worst:F2} ulp");
        Assert.True(worst > 0, "not one rounding: nothing was compared");
    }

    private static double Error(float actual, double exact, double smallest)
    {
        double magnitude = Math.Min(Math.Max(Math.Abs(exact), smallest), float.MaxValue);
        if (float.IsInfinity(actual))
        {
            // An ulp beyond the largest finite value is infinity's place.
            return Math.Max(0, (float.MaxValue + LargestUlp - Math.CopySign(exact, actual * exact)) / LargestUlp);
        }

        float rounded = (float)magnitude;
        double ulp = rounded == float.MaxValue ? LargestUlp : (double)MathF.BitIncrement(rounded) - rounded;
        return Math.Abs(actual - exact) / ulp;
    }

    // exp(x) - 1 without cancellation: (e - 1) x / log e, exact to double rounding (Kahan).
    private static double ExpMinusOne(double x)
    {
        double e = Math.Exp(x);
        return e == 1 ? x : double.IsInfinity(e) || e - 1 == -1 ? e - 1 : (e - 1) * x / Math.Log(e);
    }

    private static float[] Apply<TForm>(Workbench bench, float[] values)
        where TForm : struct, IActivationForm
    {
        Tensor y = bench.Take(1, values.Length);
        bench.Device.Enqueue(new FormArguments<TForm>(bench.Put(values, 1, values.Length), y));
        return bench.Get(y);
    }

    private readonly record struct FormArguments<TForm>(Tensor X, Tensor Y) : ICpuOpArguments
        where TForm : struct, IActivationForm
    {
        public CpuOp Bind<V>(int threads)
            where V : unmanaged, IFloats<V> => new ActivateOp<V, TForm>(new ActivateArguments(default, X, Y, Activation.None));
    }

    private readonly struct ExpForm : IActivationForm
    {
        public static V Value<V>(V x)
            where V : unmanaged, IFloats<V> => Elementary.Exp(x);

        public static V Gradient<V>(V x)
            where V : unmanaged, IFloats<V> => throw new NotSupportedException();
    }

    private readonly struct PowerOfTwoForm : IActivationForm
    {
        public static V Value<V>(V x)
            where V : unmanaged, IFloats<V> => V.PowerOfTwo(x);

        public static V Gradient<V>(V x)
            where V : unmanaged, IFloats<V> => throw new NotSupportedException();
    }

    private readonly struct ExpMinusOneForm : IActivationForm
    {
        public static V Value<V>(V x)
            where V : unmanaged, IFloats<V> => Elementary.ExpMinusOne(x);

        public static V Gradient<V>(V x)
            where V : unmanaged, IFloats<V> => throw new NotSupportedException();
    }

    private readonly struct GradientOf<TForm> : IActivationForm
        where TForm : struct, IActivationForm
    {
        public static V Value<V>(V x)
            where V : unmanaged, IFloats<V> => TForm.Gradient(x);

        public static V Gradient<V>(V x)
            where V : unmanaged, IFloats<V> => throw new NotSupportedException();
    }
}
