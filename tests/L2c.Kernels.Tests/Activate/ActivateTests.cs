using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class ActivateTests
{
    // Rows, columns: smallest; a DiT-S MLP's width; awkward.
    private static readonly int[][] _shapes = [[1, 1], [9, 1536], [7, 101]];
    private static readonly Activation[] _activations = [Activation.None, Activation.Silu, Activation.GeluTanh, Activation.GeluErf];

    public static MatrixTheoryData<string, int[], Activation> Cases => new(Workbench.Sets, _shapes, _activations);

    [Theory]
    [MemberData(nameof(Cases))]
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
    [MemberData(nameof(Cases))]
    public void Gradient_is_as_accurate_as_naive_fp32(string set, int[] shape, Activation activation)
    {
        using var bench = new Workbench(set);
        float[] x = RandomData.Normal(seed: 132, shape[0] * shape[1], deviation: 3), dy = RandomData.Normal(seed: 133, x.Length);
        double[] exact = [.. x.Select((v, i) => dy[i] * Gradient<double>(activation, v))];
        float[] naive = [.. x.Select((v, i) => dy[i] * Gradient<float>(activation, v))];
        Tensor d = bench.Put(dy, shape), dx = bench.Take(shape), value = bench.Put(x, shape);
        bench.Device.ActivateBackward(d, value, dx, activation);
        Tolerance.TimesNaive(2).Check(bench.Get(dx), exact, naive);

        // In place; then two planted faults: the gradient of another activation, and the activation instead of its gradient.
        bench.Device.ActivateBackward(d, value, d, activation);
        Assert.Equal(bench.Get(dx), bench.Get(d));
        Activation other = activation == Activation.GeluErf ? Activation.GeluTanh : Activation.GeluErf;
        bench.Device.ActivateBackward(bench.Put(dy, shape), value, dx, other);
        Tolerance.TimesNaive(2).MustReject(bench.Get(dx), exact, naive);
        bench.Device.Activate(value, dx, activation);
        Tolerance.TimesNaive(2).MustReject(bench.Get(dx), exact, naive);
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

    private static T Gradient<T>(Activation activation, float x)
        where T : System.Numerics.IFloatingPointIeee754<T> => activation switch
        {
            Activation.Silu => Reference.SiluGradient(T.CreateChecked(x)),
            Activation.GeluTanh => Reference.GeluTanhGradient(T.CreateChecked(x)),
            Activation.GeluErf => Reference.GeluErfGradient(T.CreateChecked(x)),
            _ => T.One,
        };
}
