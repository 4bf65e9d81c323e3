using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Activations apart from their linear map, and their gradients, as PTX through the emulator.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class ActivateCudaTests
{
    // Rows, C: smallest; DiT-XL's width; primes.
    private static readonly int[][] _shapes = [[1, 1], [2, 1152], [5, 101]];

    public static MatrixTheoryData<CudaPrecision, int[], Activation> Activations =>
        new(CudaWorkbench.Precisions, _shapes, Enum.GetValues<Activation>());

    [Theory]
    [MemberData(nameof(Activations))]
    public void Activations_and_their_gradients_are_as_accurate_as_naive_arithmetic_in_the_same_storage(
        CudaPrecision precision, int[] shape, Activation activation)
    {
        using CudaWorkbench bench = new(precision);
        (int rows, int columns) = (shape[0], shape[1]);
        float[] x = bench.Round(RandomData.Normal(seed: 121, rows * columns, deviation: 2)), dy = bench.Round(RandomData.Normal(seed: 122, x.Length));
        double[] exact = Array.ConvertAll(x, v => Apply((double)v)), exactGradient = Gradient<double>();
        float[] naive = bench.Round(Array.ConvertAll(x, Apply)), naiveGradient = bench.Round(Gradient<float>());
        Func<float[], Tensor>[] puts = [values => bench.Put(values, rows, columns), values => bench.PutMisaligned(values, rows, columns)];
        foreach (Func<float[], Tensor> put in puts)
        {
            Tensor onX = put(x), y = bench.Take(rows, columns), dx = bench.Take(rows, columns), inPlace = put(dy);
            bench.Device.Activate(onX, y, activation);
            Tolerance.TimesNaive(2).Check(bench.Get(y), exact, naive);
            bench.Device.ActivateBackward(put(dy), onX, dx, activation);
            Tolerance.TimesNaive(2).Check(bench.Get(dx), exactGradient, naiveGradient);
            bench.Device.ActivateBackward(inPlace, onX, inPlace, activation);
            Assert.Equal(bench.Get(dx), bench.Get(inPlace));
        }

        if (columns > 1)
        {
            Activation other = activation == Activation.None ? Activation.Silu : Activation.None;
            Tensor onX = bench.Put(x, rows, columns), wrong = bench.Take(rows, columns);
            bench.Device.Activate(onX, wrong, other);
            Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exact, naive);
            bench.Device.ActivateBackward(bench.Put(dy, rows, columns), onX, wrong, other);
            Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exactGradient, naiveGradient);
        }

        T Apply<T>(T value)
            where T : System.Numerics.IFloatingPointIeee754<T> => activation switch
            {
                Activation.Silu => Reference.Silu(value),
                Activation.GeluTanh => Reference.GeluTanh(value),
                Activation.GeluErf => Reference.GeluErf(value),
                _ => value,
            };

        T[] Gradient<T>()
            where T : System.Numerics.IFloatingPointIeee754<T> => [.. x.Select((v, i) => T.CreateChecked(dy[i]) * Slope(T.CreateChecked(v)))];

        T Slope<T>(T value)
            where T : System.Numerics.IFloatingPointIeee754<T> => activation switch
            {
                Activation.Silu => Reference.SiluGradient(value),
                Activation.GeluTanh => Reference.GeluTanhGradient(value),
                Activation.GeluErf => Reference.GeluErfGradient(value),
                _ => T.One,
            };
    }

    [Theory]
    [InlineData(Activation.Silu)]
    [InlineData(Activation.GeluTanh)]
    [InlineData(Activation.GeluErf)]
    public void Gradients_of_extreme_values_are_their_limits(Activation activation)
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        float[] x = [float.NegativeInfinity, -1e30f, -200, -95, 95, 200, 1e30f, float.PositiveInfinity, float.NaN];
        Tensor dx = bench.Put([.. x.Select(_ => 1f)], 1, 9);
        bench.Device.ActivateBackward(dx, bench.Put(x, 1, 9), dx, activation);
        float[] slopes = bench.Get(dx);
        Assert.All(slopes[..4], slope => Assert.InRange(slope, -1e-30f, 0));
        Assert.Equal([1, 1, 1, 1, float.NaN], slopes[4..]);
    }

    [Fact]
    public void Gradients_in_fp32_are_accurate_over_the_whole_range()
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        float[] x = [.. Enumerable.Range(-4096, 8192).Select(i => i / 256f)];
        (Activation, Func<double, double>, Func<float, float>)[] forms =
        [
            (Activation.Silu, Reference.SiluGradient, Reference.SiluGradient),
            (Activation.GeluTanh, Reference.GeluTanhGradient, Reference.GeluTanhGradient),
            (Activation.GeluErf, Reference.GeluErfGradient, Reference.GeluErfGradient),
        ];
        foreach ((Activation activation, Func<double, double> exact, Func<float, float> naive) in forms)
        {
            Tensor dx = bench.Put([.. x.Select(_ => 1f)], 1, x.Length);
            bench.Device.ActivateBackward(dx, bench.Put(x, 1, x.Length), dx, activation);
            Tolerance.TimesNaive(2).Check(bench.Get(dx), Array.ConvertAll(x, v => exact(v)), Array.ConvertAll(x, v => naive(v)));
        }
    }
}
