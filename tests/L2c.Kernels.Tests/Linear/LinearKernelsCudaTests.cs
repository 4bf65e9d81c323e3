using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>What stands beside cuBLASLt: bias with activation, and the plain matrix product; as PTX through the emulator.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class LinearKernelsCudaTests
{
    // M, N: smallest; DiT-XL's width; primes.
    public static MatrixTheoryData<CudaPrecision, int[], Activation, bool> Activations =>
        new(CudaWorkbench.Precisions, [[1, 1], [2, 1152], [5, 101]], Enum.GetValues<Activation>(), [true, false]);

    // M, N, K: smallest; a projection of DiT-XL, smaller; primes.
    public static MatrixTheoryData<CudaPrecision, int[]> Products => new(CudaWorkbench.Precisions, [[1, 1, 1], [20, 48, 1152], [37, 19, 101]]);

    [Theory]
    [MemberData(nameof(Activations))]
    public void Bias_and_activation_are_as_accurate_as_naive_arithmetic_in_the_same_storage(
        CudaPrecision precision, int[] shape, Activation activation, bool hasBias)
    {
        using CudaWorkbench bench = new(precision);
        (int rows, int columns) = (shape[0], shape[1]);
        float[] product = bench.Round(RandomData.Normal(seed: 41, rows * columns, deviation: 2));
        float[] bias = bench.Round(RandomData.Normal(seed: 42, columns));
        double[] exact = Exact<double>();
        float[] naive = bench.Round(Exact<float>());
        Tensor onBias = hasBias ? bench.Put(bias, columns) : default;
        foreach (Tensor y in new[] { bench.Put(product, rows, columns), bench.PutMisaligned(product, rows, columns) })
        {
            bench.Device.BiasActivation(y, onBias, y, activation);
            Tolerance.TimesNaive(2).Check(bench.Get(y), exact, naive);
        }

        if (hasBias)
        {
            Tensor without = bench.Put(product, rows, columns);
            bench.Device.BiasActivation(without, default, without, activation);
            Tolerance.TimesNaive(2).MustReject(bench.Get(without), exact, naive);
        }

        if (columns > 1)
        {
            Activation other = activation == Activation.None ? Activation.Silu : Activation.None;
            Tensor wrong = bench.Put(product, rows, columns);
            bench.Device.BiasActivation(wrong, onBias, wrong, other);
            Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exact, naive);
        }

        T[] Exact<T>()
            where T : System.Numerics.IFloatingPointIeee754<T> =>
            [.. product.Select((value, i) => Apply(T.CreateChecked(value) + (hasBias ? T.CreateChecked(bias[i % columns]) : T.Zero)))];

        T Apply<T>(T x)
            where T : System.Numerics.IFloatingPointIeee754<T> => activation switch
            {
                Activation.Silu => Reference.Silu(x),
                Activation.GeluTanh => Reference.GeluTanh(x),
                Activation.GeluErf => Reference.GeluErf(x),
                Activation.Relu => Reference.Relu(x),
                _ => x,
            };
    }

    [Fact]
    public void The_two_forms_of_gelu_are_told_apart_in_fp32()
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        float[] x = [.. Enumerable.Range(-64, 128).Select(i => i / 16f)];
        double[] exact = Array.ConvertAll(x, value => Reference.GeluErf((double)value));
        float[] naive = Array.ConvertAll(x, Reference.GeluErf);
        Tensor y = bench.Put(x, 1, x.Length);
        bench.Device.BiasActivation(y, default, y, Activation.GeluTanh);
        Tolerance.TimesNaive(2).MustReject(bench.Get(y), exact, naive);
    }

    [Theory]
    [InlineData(Activation.Silu)]
    [InlineData(Activation.GeluTanh)]
    [InlineData(Activation.GeluErf)]
    [InlineData(Activation.Relu)]
    public void Extreme_values_give_their_limits(Activation activation)
    {
        using CudaWorkbench bench = new(CudaPrecision.F32);
        Tensor y = bench.Put([float.NegativeInfinity, -1e30f, -200, -100, 100, 200, 1e30f, float.PositiveInfinity, float.NaN], 1, 9);
        bench.Device.BiasActivation(y, default, y, activation);
        float[] values = bench.Get(y);
        Assert.All(values[..4], value => Assert.InRange(value, -1e-30f, 0));
        Assert.Equal([100, 200, 1e30f, float.PositiveInfinity, float.NaN], values[4..]);
    }

    [Theory]
    [MemberData(nameof(Products))]
    public void The_plain_product_is_as_accurate_as_naive_arithmetic_in_the_same_storage(CudaPrecision precision, int[] shape)
    {
        using CudaWorkbench bench = new(precision);
        (int rows, int outputs, int inputs) = (shape[0], shape[1], shape[2]);
        float[] x = bench.Round(RandomData.Normal(seed: 51, rows * inputs)), weight = bench.Round(RandomData.Normal(seed: 52, outputs * inputs));
        float[] bias = bench.Round(RandomData.Normal(seed: 53, outputs));
        double[] exact = Reference.Linear<double>(x, weight, bias, inputs);
        float[] naive = bench.Round(Reference.Linear<float>(x, weight, bias, inputs));
        Matrix matrix = bench.PutMatrix(weight, outputs, inputs);
        Tensor y = bench.Take(rows, outputs), without = bench.Take(rows, outputs);
        bench.Device.PlainMatmul(bench.Put(x, rows, inputs), matrix, bench.Put(bias, outputs), y);
        Tolerance.TimesNaive(2).Check(bench.Get(y), exact, naive);
        bench.Device.PlainMatmul(bench.Put(x, rows, inputs), matrix, default, without);
        Tolerance.TimesNaive(2).MustReject(bench.Get(without), exact, naive);

        // Other strides, and one row alone: the same bits.
        Tensor wide = bench.Put(new float[rows * (outputs + 3)], rows, outputs + 3), one = bench.Take(1, outputs);
        bench.Device.PlainMatmul(bench.PutMisaligned(x, rows, inputs), matrix, bench.Put(bias, outputs), wide.SliceColumns(2, outputs));
        Assert.Equal(bench.Get(y), bench.Get(wide.SliceColumns(2, outputs)));
        bench.Device.PlainMatmul(bench.Put(x[^inputs..], 1, inputs), matrix, bench.Put(bias, outputs), one);
        Assert.Equal(bench.Get(y)[^outputs..], bench.Get(one));
    }
}
