using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class GroupNormTests
{
    private const float Epsilon = 1e-6f;

    // B, H, W, C, groups, mean: smallest; a VAE's, smaller; awkward, with parts that end early; far from zero.
    private static readonly int[][] _shapes =
        [[1, 1, 1, 1, 1, 0], [2, 16, 16, 128, 32, 1], [3, 7, 19, 35, 5, 0], [1, 3, 50, 33, 1, 1], [2, 24, 24, 32, 4, 300]];

    private static readonly int[][] _shapesOfCuda = [[1, 1, 1, 1, 1, 0], [2, 8, 8, 64, 32, 1], [3, 5, 7, 35, 5, 0], [1, 16, 16, 32, 4, 30]];

    public static TheoryData<string, int[]> Cases =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _shapes), .. DeviceCases.Of(DeviceCases.Stored, _shapesOfCuda)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_is_as_accurate_as_naive_arithmetic_in_the_same_storage(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        Case data = new(bench, shape);
        Check(Activation.None, v => v, v => v);
        Check(Activation.Silu, Reference.Silu, Reference.Silu);

        void Check(Activation activation, Func<double, double> inDouble, Func<float, float> inFloat)
        {
            double[] exact = Reference.GroupNorm(data.X, data.Shape, data.Gamma, data.Beta, data.Groups, Epsilon, inDouble);
            float[] naive = bench.Round(Reference.GroupNorm(data.X, data.Shape, data.Gamma, data.Beta, data.Groups, Epsilon, inFloat));
            Tolerance.TimesNaive(2).Check(data.Run(bench, data.Groups, activation), exact, naive);
            if (data.X.Length > 1)
            {
                // Planted faults: other groups; another activation; the variance as a difference of large numbers.
                int other = data.Groups == 1 ? data.Shape[3] : 1;
                Tolerance.TimesNaive(2).MustReject(data.Run(bench, other, activation), exact, naive);
                Activation instead = activation == Activation.None ? Activation.Silu : Activation.None;
                Tolerance.TimesNaive(2).MustReject(data.Run(bench, data.Groups, instead), exact, naive);
            }

            if (data.Mean >= 300)
            {
                Tolerance.TimesNaive(2).MustReject(Array.ConvertAll(data.WithCancellingVariance(), v => inFloat(v)), exact, naive);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_result_may_take_the_inputs_place(string device, int[] shape)
    {
        using Bench bench = Bench.Open(device);
        Case data = new(bench, shape);
        Tensor x = data.Put(bench);
        bench.Device.GroupNorm(x, bench.Put(data.Gamma, shape[3]), bench.Put(data.Beta, shape[3]), x, data.Groups, Epsilon, Activation.Silu);
        Assert.Equal(data.Run(bench, data.Groups, Activation.Silu), bench.Get(x));
    }

    [Theory]
    [MemberData(nameof(Workbench.AllSets), MemberType = typeof(Workbench))]
    public void It_counts_two_reads_and_a_write(string set)
    {
        using var bench = new Workbench(set);
        Tensor x = bench.Take(2, 3, 5, 8), c = bench.Take(8);
        IReadOnlyList<OpInfo> ops = bench.Device.List(() => bench.Device.GroupNorm(x, c, c, x, 4, Epsilon));
        Assert.All(ops, op => Assert.Equal((nameof(Device.GroupNorm), 0L), (op.Name, op.Flops)));
        Assert.Equal(3L * sizeof(float) * x.Shape.Count, ops.Sum(op => op.Bytes));
    }

    private sealed class Case
    {
        public Case(Bench bench, int[] shape)
        {
            Shape = new Shape(shape[0], shape[1], shape[2], shape[3]);
            (Groups, Mean) = (shape[4], shape[5]);
            X = bench.Round(RandomData.Normal(seed: 321, (int)Shape.Count, mean: Mean));
            Gamma = bench.Round(RandomData.Normal(seed: 322, shape[3], mean: 1));
            Beta = bench.Round(RandomData.Normal(seed: 323, shape[3]));
        }

        public Shape Shape { get; }

        public int Groups { get; }

        public int Mean { get; }

        public float[] X { get; }

        public float[] Gamma { get; }

        public float[] Beta { get; }

        public Tensor Put(Bench bench) => bench.Put(X, Shape[0], Shape[1], Shape[2], Shape[3]);

        public float[] Run(Bench bench, int groups, Activation activation)
        {
            Tensor y = bench.Take(Shape[0], Shape[1], Shape[2], Shape[3]);
            bench.Device.GroupNorm(Put(bench), bench.Put(Gamma, Shape[3]), bench.Put(Beta, Shape[3]), y, groups, Epsilon, activation);
            return bench.Get(y);
        }

        /// <summary>Without activation, by mean(x x) - mean(x)^2 in fp32.</summary>
        public float[] WithCancellingVariance()
        {
            int size = (int)Shape.Count / Shape[0], width = Shape[3] / Groups;
            float[] y = new float[X.Length];
            foreach (IGrouping<(int, int), int> group in Enumerable.Range(0, X.Length).GroupBy(i => (i / size, i % Shape[3] / width)))
            {
                float mean = group.Select(i => X[i]).Average(), square = group.Select(i => X[i] * X[i]).Aggregate(0f, (sum, v) => sum + v) / group.Count();
                float deviation = MathF.Sqrt(Math.Max(0, square - (mean * mean)) + Epsilon);
                foreach (int i in group)
                {
                    y[i] = ((X[i] - mean) / deviation * Gamma[i % Shape[3]]) + Beta[i % Shape[3]];
                }
            }

            return y;
        }
    }
}
