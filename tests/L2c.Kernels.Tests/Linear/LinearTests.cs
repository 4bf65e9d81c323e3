using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class LinearTests
{
    // Smallest; DiT-S qkv on a few tokens; primes.
    private static readonly int[][] _shapes = [[1, 1, 1], [32, 1152, 384], [13, 101, 797]];

    public static MatrixTheoryData<string, int[]> Cases => new(Workbench.Sets, _shapes);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Linear_is_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        Case data = new(shape[0], shape[1], shape[2]);
        double[] exact = Reference.Linear<double>(data.X, data.Weight, data.Bias, data.K);
        float[] naive = Reference.Linear<float>(data.X, data.Weight, data.Bias, data.K);
        Tolerance.TimesNaive(2).Check(data.Run(bench, Activation.None), exact, naive);
        Tolerance.TimesNaive(2).MustReject(data.Run(bench, Activation.None, withBias: false), exact, naive);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Activations_are_as_accurate_as_naive_fp32_and_not_each_other(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        Case data = new(shape[0], shape[1], shape[2]);
        Check(Activation.Silu, Activation.GeluErf, Reference.Silu, Reference.Silu);
        Check(Activation.GeluTanh, Activation.GeluErf, Reference.GeluTanh, Reference.GeluTanh);
        Check(Activation.GeluErf, Activation.GeluTanh, Reference.GeluErf, Reference.GeluErf);

        void Check(Activation activation, Activation mistaken, Func<double, double> inDouble, Func<float, float> inFloat)
        {
            double[] exact = Reference.Linear(data.X, data.Weight, data.Bias, data.K, inDouble);
            float[] naive = Reference.Linear(data.X, data.Weight, data.Bias, data.K, inFloat);
            Tolerance.TimesNaive(2).Check(data.Run(bench, activation), exact, naive);
            Tolerance.TimesNaive(2).MustReject(data.Run(bench, mistaken), exact, naive);
        }
    }

    [Theory]
    [MemberData(nameof(SetsOnly))]
    public void Every_remainder_of_rows_columns_and_depth_is_computed(string set)
    {
        using var bench = new Workbench(set);
        foreach (int m in (int[])[1, 2, 3, 4, 5, 7, 8, 9, 15, 17])
        {
            foreach (int n in (int[])[1, 3, 4, 5, 11, 12, 13, 16, 23, 24, 25, 31, 47, 48, 49, 96, 113])
            {
                foreach (int k in (int[])[1, 2, 5, 37])
                {
                    CheckInteger(bench, m, n, k);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(SetsOnly))]
    public void Many_row_tiles_and_depth_blocks_are_computed(string set)
    {
        using var bench = new Workbench(set);
        CheckInteger(bench, 261, 50, 7);
        CheckInteger(bench, 9, 50, 1153);
        CheckInteger(bench, 130, 97, 384);
        CheckInteger(bench, 3, 4, 4099); // blocks have 2048 at most
    }

    // Whole tiles below each other, tiles that are cut at the right and below, four rows by themselves.
    [Theory]
    [MemberData(nameof(SetsOnly))]
    public void A_tile_is_activated_like_any_other_values(string set)
    {
        using var bench = new Workbench(set);
        foreach ((int m, int n) in (ReadOnlySpan<(int, int)>)[(1, 12), (4, 24), (5, 25), (12, 48), (13, 49), (40, 100), (131, 7)])
        {
            Case data = new(m, n, 5);
            Tensor sums = bench.Put(data.Run(bench, Activation.None), m, n), expected = bench.Take(m, n);
            foreach (Activation activation in Enum.GetValues<Activation>())
            {
                bench.Device.Activate(sums, expected, activation);
                Assert.Equal(bench.Get(expected), data.Run(bench, activation));
            }
        }
    }

    // So the cuts of K into blocks, which have 2048 at most, and of rows and columns into tiles change no bit.
    [Theory]
    [InlineData(nameof(InstructionSet.Avx2))]
    [InlineData(nameof(InstructionSet.Avx512))]
    public void An_element_is_one_chain_of_multiply_adds_from_the_bias(string set)
    {
        using var bench = new Workbench(set);
        Case data = new(11, 101, 4099);
        float[] y = data.Run(bench, Activation.None);
        for (int i = 0; i < y.Length; i++)
        {
            (int row, int column) = Math.DivRem(i, data.N);
            float sum = data.Bias[column];
            for (int k = 0; k < data.K; k++)
            {
                sum = MathF.FusedMultiplyAdd(data.X[row * data.K + k], data.Weight[column * data.K + k], sum);
            }

            Assert.Equal(sum, y[i]);
        }
    }

    [Theory]
    [MemberData(nameof(SetsOnly))]
    public void The_depth_of_a_block_changes_no_bit(string set)
    {
        using var bench = new Workbench(set);
        Case data = new(13, 101, 4099);
        Tensor x = bench.Put(data.X, data.M, data.K), bias = bench.Put(data.Bias, data.N);
        Matrix weight = bench.PutMatrix(data.Weight, data.N, data.K);
        foreach (bool accumulates in (bool[])[false, true])
        {
            float[] shallow = Run(128, accumulates);
            Assert.Equal(shallow, Run(2048, accumulates));
            Assert.Equal(shallow, Run(4099, accumulates));
        }

        float[] Run(int depth, bool accumulates)
        {
            Tensor y = bench.Put(RandomData.Normal(seed: 44, data.M * data.N), data.M, data.N);
            bench.Device.Enqueue(new ArgumentsOfDepth(new LinearArguments(x, weight, bias, y, Activation.Silu, accumulates), depth));
            return bench.Get(y);
        }
    }

    public static TheoryData<string> SetsOnly => [.. Workbench.Sets];

    [Theory]
    [MemberData(nameof(SetsOnly))]
    public void Row_strides_are_followed_and_the_gaps_left_alone(string set)
    {
        using var bench = new Workbench(set);
        const int Rows = 11, Inputs = 21, Outputs = 53, Gap = 5;
        Case data = new(Rows, Outputs, Inputs);
        Tensor wideX = bench.Take(Rows, Inputs + Gap), wideY = bench.Take(Rows, Outputs + Gap);
        var padded = new float[Rows * (Inputs + Gap)];
        for (int row = 0; row < Rows; row++)
        {
            data.X.AsSpan(row * Inputs, Inputs).CopyTo(padded.AsSpan(row * (Inputs + Gap) + 2));
        }

        bench.Device.Upload(wideX, padded);
        Tensor y = wideY.SliceColumns(3, Outputs);
        bench.Device.Linear(wideX.SliceColumns(2, Inputs), bench.PutMatrix(data.Weight, Outputs, Inputs), bench.Put(data.Bias, Outputs), y);
        Assert.Equal(data.Run(bench, Activation.None), bench.Get(y));
        float[] around = bench.Get(wideY);
        Assert.Equal(Rows * Gap, around.Count(float.IsNaN));
        Assert.True(Enumerable.Range(0, Rows).Select(row => row * (Outputs + Gap)).All(
            at => float.IsNaN(around[at + 2]) && float.IsNaN(around[at + 3 + Outputs])));
    }

    [Theory]
    [MemberData(nameof(SetsOnly))]
    public void Weights_may_come_in_chunks_in_any_order(string set)
    {
        using var bench = new Workbench(set);
        Case data = new(3, 101, 17);
        Matrix matrix = bench.PutMatrix(RandomData.Normal(seed: 9, data.Weight.Length), data.N, data.K);
        foreach ((int first, int count) in (ReadOnlySpan<(int, int)>)[(90, 11), (0, 1), (1, 46), (47, 43)])
        {
            bench.Device.WriteMatrix(matrix, first, data.Weight.AsSpan(first * data.K, count * data.K));
        }

        Tensor y = bench.Take(data.M, data.N);
        bench.Device.Linear(bench.Put(data.X, data.M, data.K), matrix, bench.Put(data.Bias, data.N), y);
        Assert.Equal(data.Run(bench, Activation.None), bench.Get(y));
    }

    [Theory]
    [MemberData(nameof(SetsOnly))]
    public void Outputs_of_a_slice_of_a_weight_are_the_wholes_to_the_last_bit(string set)
    {
        // Panels are 48, 24 or 12 outputs wide; K takes two blocks of depth at least.
        using var bench = new Workbench(set);
        Case data = new(9, 149, 2053);
        Matrix weight = bench.PutMatrix(data.Weight, data.N, data.K);
        Tensor x = bench.Put(data.X, data.M, data.K), bias = bench.Put(data.Bias, data.N), whole = bench.Take(data.M, data.N);
        bench.Device.Linear(x, weight, bias, whole, Activation.Silu);
        float[] expected = bench.Get(whole);
        foreach ((int first, int count) in (ReadOnlySpan<(int, int)>)[(0, 149), (0, 7), (48, 96), (13, 1), (5, 100), (70, 79), (145, 4)])
        {
            Tensor y = bench.Take(data.M, data.N);
            bench.Device.Linear(x, weight.SliceOutputs(first, count), bias.SliceColumns(first, count), y.SliceColumns(first, count), Activation.Silu);
            Check(y, first, count);
        }

        Tensor twice = bench.Take(data.M, data.N);
        Matrix slice = weight.SliceOutputs(31, 100).SliceOutputs(20, 50);
        bench.Device.Linear(x, slice, bias.SliceColumns(51, 50), twice.SliceColumns(51, 50), Activation.Silu);
        Check(twice, 51, 50);

        void Check(Tensor y, int first, int count)
        {
            float[] values = bench.Get(y);
            Assert.Equal(data.M * (data.N - count), values.Count(float.IsNaN));
            Assert.All(values.Index().Where(v => !float.IsNaN(v.Item)), v => Assert.Equal(expected[v.Index], v.Item));
            Assert.False(float.IsNaN(values[first]) || float.IsNaN(values[first + count - 1]));
        }
    }

    // Small integers: fp32 sums are exact, so the result must be equal, whatever the order.
    private static void CheckInteger(Workbench bench, int m, int n, int k)
    {
        float[] x = Whole(1, m * k), weight = Whole(2, n * k), bias = Whole(3, n);
        Tensor y = bench.Take(m, n);
        bench.Device.Linear(bench.Put(x, m, k), bench.PutMatrix(weight, n, k), bench.Put(bias, n), y);
        Assert.Equal(Reference.Linear<float>(x, weight, bias, k), bench.Get(y));

        static float[] Whole(int seed, int count) => Array.ConvertAll(RandomData.Integers(seed, count, 17), v => v - 8f);
    }

    private readonly record struct ArgumentsOfDepth(LinearArguments Linear, int MaxDepth) : ICpuOpArguments
    {
        public CpuOp Bind<V>(int threads)
            where V : unmanaged, IFloats<V> => new LinearOp<V, PlainRows>(Linear, new PlainRows(Linear.X), threads, MaxDepth);
    }

    private sealed class Case(int m, int n, int k)
    {
        public int M => m;

        public int N => n;

        public int K => k;

        public float[] X { get; } = RandomData.Normal(seed: 41, m * k);

        public float[] Weight { get; } = RandomData.Normal(seed: 42, n * k, deviation: 1 / Math.Sqrt(k));

        public float[] Bias { get; } = RandomData.Normal(seed: 43, n);

        public float[] Run(Workbench bench, Activation activation, bool withBias = true)
        {
            Tensor y = bench.Take(m, n);
            bench.Device.Linear(bench.Put(X, m, k), bench.PutMatrix(Weight, n, k), withBias ? bench.Put(Bias, n) : default, y, activation);
            return bench.Get(y);
        }
    }
}
