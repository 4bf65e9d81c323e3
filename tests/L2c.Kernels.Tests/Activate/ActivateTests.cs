using System.Numerics;
using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class ActivateTests
{
    // Rows, columns: smallest; a DiT-S MLP's width; awkward.
    private static readonly int[][] _shapes = [[1, 1], [9, 1536], [7, 101]];

    // Smallest; DiT-XL's width; primes.
    private static readonly int[][] _shapesOfCuda = [[1, 1], [2, 1152], [5, 101]];

    private static readonly Activation[] _activations = Enum.GetValues<Activation>();

    public static TheoryData<string, int[], Activation> CpuCases => [.. DeviceCases.Of(DeviceCases.Cpu, _shapes, _activations)];

    public static TheoryData<string, int[], Activation> Cases => [.. CpuCases, .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda, _activations)];

    public static TheoryData<string, Activation> Curves =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _activations[1..]), .. DeviceCases.Of([nameof(CudaPrecision.F32)], _activations[1..])];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Activations_and_their_gradients_are_as_accurate_as_naive_arithmetic_in_the_same_storage(
        string device, int[] shape, Activation activation)
    {
        using Bench bench = Bench.Open(device);
        float[] x = bench.Round(RandomData.Normal(seed: 132, shape[0] * shape[1], deviation: 3));
        float[] dy = bench.Round(RandomData.Normal(seed: 133, x.Length));
        double[] exact = Array.ConvertAll(x, v => Apply(activation, (double)v)), exactGradient = Gradients<double>();
        float[] naive = bench.Round(Array.ConvertAll(x, v => Apply(activation, v))), naiveGradient = bench.Round(Gradients<float>());
        Func<float[], Tensor>[] puts = [values => bench.Put(values, shape), values => bench.PutMisaligned(values, shape)];
        foreach (Func<float[], Tensor> put in puts)
        {
            Tensor onX = put(x), y = bench.Take(shape), dx = bench.Take(shape), inPlace = put(dy);
            bench.Device.Activate(onX, y, activation);
            Tolerance.TimesNaive(2).Check(bench.Get(y), exact, naive);
            bench.Device.ActivateBackward(put(dy), onX, dx, activation);
            Tolerance.TimesNaive(2).Check(bench.Get(dx), exactGradient, naiveGradient);
            bench.Device.ActivateBackward(inPlace, onX, inPlace, activation);
            Assert.Equal(bench.Get(dx), bench.Get(inPlace));
        }

        if (x.Length > 1)
        {
            // Planted faults: another activation, and the activation instead of its gradient. Halves do not tell the two forms of GELU apart.
            bool isSingle = bench.Device.StorageType == DType.F32;
            Activation other = isSingle && activation is Activation.GeluTanh ? Activation.GeluErf
                : isSingle && activation is Activation.GeluErf ? Activation.GeluTanh
                : activation is Activation.None ? Activation.Silu : Activation.None;
            Tensor onX = bench.Put(x, shape), wrong = bench.Take(shape);
            bench.Device.Activate(onX, wrong, other);
            Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exact, naive);
            bench.Device.ActivateBackward(bench.Put(dy, shape), onX, wrong, other);
            Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exactGradient, naiveGradient);
            bench.Device.Activate(onX, wrong, activation);
            Tolerance.TimesNaive(2).MustReject(bench.Get(wrong), exactGradient, naiveGradient);
        }

        T[] Gradients<T>()
            where T : IFloatingPointIeee754<T> => [.. x.Select((v, i) => T.CreateChecked(dy[i]) * Slope(activation, T.CreateChecked(v)))];
    }

    [Theory]
    [MemberData(nameof(CpuCases))]
    public void Values_equal_the_epilogue_of_a_linear_map_bit_for_bit(string set, int[] shape, Activation activation)
    {
        using var bench = new Workbench(set);
        float[] values = RandomData.Normal(seed: 131, shape[0] * shape[1], deviation: 3);
        Tensor x = bench.Put(values, shape), y = bench.Take(shape), row = bench.Take(1, values.Length);
        bench.Device.Linear(bench.Put([1], 1, 1), bench.PutMatrix(values, values.Length, 1), default, row, activation);
        bench.Device.Activate(x, y, activation);
        Assert.Equal(bench.Get(row), bench.Get(y));
        bench.Device.Activate(x, x, activation);
        Assert.Equal(bench.Get(y), bench.Get(x));
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void Gradients_of_extreme_values_are_their_limits(string device, Activation activation)
    {
        using Bench bench = Bench.Open(device);
        float[] x = [float.NegativeInfinity, -1e30f, -200, -95, 95, 200, 1e30f, float.PositiveInfinity, float.NaN];
        Tensor dx = bench.Put([.. x.Select(_ => 1f)], 1, 9);
        bench.Device.ActivateBackward(dx, bench.Put(x, 1, 9), dx, activation);
        float[] slopes = bench.Get(dx);
        Assert.All(slopes[..4], slope => Assert.InRange(slope, -1e-30f, 0));
        Assert.Equal([1, 1, 1, 1, float.NaN], slopes[4..]);
    }

    [Theory]
    [MemberData(nameof(DeviceCases.OneOfEach), MemberType = typeof(DeviceCases))]
    public void An_activation_that_has_no_form_is_refused_and_not_left_out(string device)
    {
        using Bench bench = Bench.Open(device);
        Tensor x = bench.Put([1, 2], 1, 2), y = bench.Take(1, 1);
        Matrix weight = bench.PutMatrix([1, 1], 1, 2);
        var other = (Activation)_activations.Length;
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Device.Activate(x, x, other));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Device.ActivateBackward(x, x, x, other));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Device.Linear(x, weight, default, y, other));
    }

    [Theory]
    [MemberData(nameof(Curves))]
    public void Gradients_in_fp32_are_accurate_over_the_whole_range(string device, Activation activation)
    {
        using Bench bench = Bench.Open(device);
        float[] x = [.. Enumerable.Range(-4096, 8192).Select(i => i / 256f)];
        Tensor dx = bench.Put([.. x.Select(_ => 1f)], 1, x.Length);
        bench.Device.ActivateBackward(dx, bench.Put(x, 1, x.Length), dx, activation);
        Tolerance.TimesNaive(2).Check(
            bench.Get(dx), Array.ConvertAll(x, v => Slope(activation, (double)v)), Array.ConvertAll(x, v => Slope(activation, v)));
    }

    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void Slices_of_wider_rows_are_read_and_written_alone(string set)
    {
        using var bench = new Workbench(set);
        float[] values = RandomData.Normal(seed: 134, 5 * 90), gradients = RandomData.Normal(seed: 135, 5 * 90);
        Tensor x = bench.Put(values, 5, 90), dy = bench.Put(gradients, 5, 90), result = bench.Take(5, 90);
        bench.Device.Activate(x.SliceColumns(30, 37), result.SliceColumns(50, 37), Activation.Silu);
        AssertSlice(i => Reference.Silu((double)values[i]));
        bench.Device.ActivateBackward(dy.SliceColumns(30, 37), x.SliceColumns(30, 37), result.SliceColumns(50, 37), Activation.Silu);
        AssertSlice(i => gradients[i] * Reference.SiluGradient((double)values[i]));

        void AssertSlice(Func<int, double> expected)
        {
            float[] all = bench.Get(result);
            for (int i = 0; i < all.Length; i++)
            {
                int column = i % 90;
                Assert.Equal(column is >= 50 and < 87 ? expected(i - 20) : double.NaN, all[i], 1e-5);
            }
        }
    }

    private static T Apply<T>(Activation activation, T value)
        where T : IFloatingPointIeee754<T> => activation switch
        {
            Activation.Silu => Reference.Silu(value),
            Activation.GeluTanh => Reference.GeluTanh(value),
            Activation.GeluErf => Reference.GeluErf(value),
            Activation.Relu => Reference.Relu(value),
            _ => value,
        };

    private static T Slope<T>(Activation activation, T value)
        where T : IFloatingPointIeee754<T> => activation switch
        {
            Activation.Silu => Reference.SiluGradient(value),
            Activation.GeluTanh => Reference.GeluTanhGradient(value),
            Activation.GeluErf => Reference.GeluErfGradient(value),
            Activation.Relu => Reference.ReluGradient(value),
            _ => T.One,
        };
}
