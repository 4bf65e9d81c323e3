using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>The vector functions over their whole range, in every form, against double precision.</summary>
public sealed class ElementaryTests
{
    public static TheoryData<string> Sets => [.. Workbench.Sets];

    [Theory]
    [MemberData(nameof(Sets))]
    public void Exp_is_within_its_stated_error(string set)
    {
        (double worst, float at) = (0, 0);
        for (float x = -87.3f; x < 85; x += 0.00173f)
        {
            double exact = Math.Exp(x), error = Math.Abs(Exp(set, x) - exact) / Ulp(exact);
            if (error > worst)
            {
                (worst, at) = (error, x);
            }
        }

        Assert.True(worst <= 1.5, $"exp({at:R}) is {worst:F3} ulp off");
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Exp_has_its_limits(string set)
    {
        Assert.Equal(1, Exp(set, 0));
        Assert.Equal(0, Exp(set, float.NegativeInfinity));
        Assert.Equal(0, Exp(set, -1e30f));
        Assert.Equal(float.PositiveInfinity, Exp(set, float.PositiveInfinity));
        Assert.Equal(float.PositiveInfinity, Exp(set, 88.8f));
        Assert.Equal(Math.Exp(-100), Exp(set, -100), 3e-45); // subnormal: two of its units
        Assert.True(float.IsNaN(Exp(set, float.NaN)));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Activations_are_close_over_the_whole_range(string set)
    {
        using var bench = new Workbench(set);
        float[] x = [.. Enumerable.Range(-30_000, 60_001).Select(i => i * 0.001f)];
        Check(Activation.Silu, Reference.Silu, 3);
        Check(Activation.GeluTanh, Reference.GeluTanh, 4);
        Check(Activation.GeluErf, Reference.GeluErf, 5);

        // In ulps of the result, or of 0.1 where the result is smaller: the factor that makes it small has an absolute error.
        void Check(Activation activation, Func<double, double> exact, double bound)
        {
            float[] y = Apply(bench, activation, x);
            (double worst, int at) = (0, 0);
            for (int i = 0; i < x.Length; i++)
            {
                double expected = exact(x[i]), error = Math.Abs(y[i] - expected) / Ulp(Math.Max(Math.Abs(expected), 0.1));
                if (!(error <= worst))
                {
                    (worst, at) = (error, i);
                }
            }

            Assert.True(worst <= bound, $"{activation}({x[at]:R}) = {y[at]:R}, exact {exact(x[at]):R}, {worst:F2} ulp");
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Activations_have_their_limits(string set)
    {
        using var bench = new Workbench(set);
        foreach (Activation activation in (Activation[])[Activation.Silu, Activation.GeluTanh, Activation.GeluErf])
        {
            float[] y = Apply(bench, activation, [0, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 1e30f, -1e30f, 200, -200]);
            Assert.Equal([0, float.PositiveInfinity, 0, float.NaN, 1e30f, 0, 200, 0], y);
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_value_gives_the_same_bits_wherever_it_stands(string set)
    {
        using var bench = new Workbench(set);
        float[] values = RandomData.Normal(seed: 121, 61, deviation: 3);
        foreach (Activation activation in (Activation[])[Activation.Silu, Activation.GeluTanh, Activation.GeluErf])
        {
            float[] together = Apply(bench, activation, values);
            for (int start = 1; start < values.Length; start++)
            {
                Assert.Equal(together[start..], Apply(bench, activation, values[start..]));
            }
        }
    }

    // A linear map with K = 1 and weights 1, so that the values run along the vectors.
    private static float[] Apply(Workbench bench, Activation activation, float[] values)
    {
        Tensor y = bench.Take(1, values.Length);
        bench.Device.Linear(bench.Put([1], 1, 1), bench.PutMatrix(values, values.Length, 1), default, y, activation);
        return bench.Get(y);
    }

    // All lanes hold one value, and their number is a power of two: the sum over it is that value exactly.
    private static float Exp(string set, float x)
    {
        InstructionSet wanted = Enum.Parse<InstructionSet>(set);
        Assert.SkipUnless(wanted <= InstructionSets.Best, $"this machine has no {wanted.Label()}");
        return wanted switch
        {
            InstructionSet.Avx512 => Of<F32x16>(),
            InstructionSet.Avx2 => Of<F32x8>(),
            _ => Of<F32x4>(),
        };

        float Of<V>()
            where V : unmanaged, IFloats<V> => V.Sum(Elementary.Exp(V.Broadcast(x))) / V.Count;
    }

    private static double Ulp(double exact) => (double)MathF.BitIncrement(MathF.Abs((float)exact)) - MathF.Abs((float)exact);
}
