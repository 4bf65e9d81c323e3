using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class ClipNormTests
{
    // Smallest; several parts and a rest; awkward.
    private static readonly int[] _counts = [1, 3 * 8192 + 5, 101];

    private static readonly string[] _devices = [.. DeviceCases.Cpu, nameof(CudaPrecision.BF16)];

    // Bounds as shares of the norm: it is clipped, it is not.
    public static TheoryData<string, int, float> Cases => [.. DeviceCases.Of(_devices, _counts, [0.1f, 1.5f])];

    public static TheoryData<string> Devices => [.. DeviceCases.Of(_devices)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Norm_and_scale_are_as_accurate_as_naive_fp32(string device, int count, float share)
    {
        using Bench bench = Bench.Open(device);
        float[] g = RandomData.Normal(seed: 221, count, deviation: 0.1);
        float most = share * (float)Reference.ClipNorm<double>(g, 1).Norm;
        (double norm, double scale) = Reference.ClipNorm<double>(g, most);
        (float naiveNorm, float naiveScale) = Reference.ClipNorm<float>(g, most);
        (float actualNorm, float actualScale) = Run(bench, g, most);
        Tolerance.TimesNaive(2).Check([actualNorm], [norm], [naiveNorm]);
        Tolerance.TimesNaive(2).Check([actualScale], [scale], [naiveScale]);
        if (share > 1)
        {
            Assert.Equal(1, actualScale); // not a bit of the gradient changes
        }

        // Planted faults: one value left out, the largest of them; a bound a thousandth higher.
        float[] without = [.. g];
        without[Array.IndexOf(Array.ConvertAll(g, Math.Abs), g.Max(Math.Abs))] = 0;
        Tolerance.TimesNaive(2).MustReject([Run(bench, without, most).Norm], [norm], [naiveNorm]);
        if (share < 1)
        {
            Tolerance.TimesNaive(2).MustReject([Run(bench, g, most * 1.001f).Scale], [scale], [naiveScale]);
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_gradient_of_zeros_is_left_alone_and_one_that_is_no_number_gives_none(string device)
    {
        using Bench bench = Bench.Open(device);
        Assert.Equal((0, 1), Run(bench, new float[9000], 1));
        float[] broken = new float[9000];
        broken[8999] = float.NaN;
        Assert.Equal((float.NaN, float.NaN), Run(bench, broken, 1));
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_step_of_AdamW_takes_the_scale_from_its_coefficients(string device)
    {
        using Bench bench = Bench.Open(device);
        const int Count = (int)AdamWCoefficient.Count;
        float[] g = [3, -4], coefficients = new float[Count];
        (coefficients[(int)AdamWCoefficient.OneMinusBeta1], coefficients[(int)AdamWCoefficient.GradientScale]) = (1, 1);
        Tensor vector = bench.PutState(coefficients, Count), gradients = bench.PutState(g, 2), m = bench.PutState([0, 0], 2);
        Tensor w = bench.PutState([0, 0], 2), v = bench.PutState([1, 1], 2);
        Tensor scale = vector.Reshape(Count, 1).SliceRows((int)AdamWCoefficient.GradientScale, 1).Reshape(1);
        bench.Device.ClipNorm(gradients, 0.5f, bench.TakeState(1), scale);
        bench.Device.AdamW(w, gradients, m, v, default, vector);
        float[] moved = bench.Get(m);
        Assert.Equal(0.3f, moved[0], 1e-6f);
        Assert.Equal(-0.4f, moved[1], 1e-6f);
        Assert.Equal(g, bench.Get(gradients));
    }

    private static (float Norm, float Scale) Run(Bench bench, float[] g, float most)
    {
        Tensor norm = bench.TakeState(1), scale = bench.TakeState(1);
        bench.Device.ClipNorm(bench.PutState(g, g.Length), most, norm, scale);
        return (bench.Get(norm)[0], bench.Get(scale)[0]);
    }
}
