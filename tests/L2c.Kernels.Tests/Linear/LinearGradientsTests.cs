using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class LinearGradientsTests
{
    // M, N, K: smallest; DiT-S attention output on a few tokens; primes, with M beyond four blocks of 128.
    private static readonly int[][] _shapes = [[1, 1, 1], [64, 384, 384], [523, 101, 59]];

    public static MatrixTheoryData<string, int[]> Cases => new(Workbench.Sets, _shapes);

    public static TheoryData<string> Sets => [.. Workbench.Sets];

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_weights_gradient_is_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        Case data = new(shape[0], shape[1], shape[2]);
        double[] exact = Reference.LinearWeightGradient<double>(data.Dy, data.X, data.M);
        float[] naive = Reference.LinearWeightGradient<float>(data.Dy, data.X, data.M);
        Tolerance.TimesNaive(2).Check(data.WeightGradient(bench), exact, naive);
        float[] faulty = [.. data.X];
        faulty[^1] += 0.01f;
        Tolerance.TimesNaive(2).MustReject(data.WeightGradient(bench, faulty), exact, naive);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_inputs_gradient_is_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        Case data = new(shape[0], shape[1], shape[2]);
        double[] exact = Reference.LinearInputGradient<double>(data.Dy, data.Weight, data.K);
        float[] naive = Reference.LinearInputGradient<float>(data.Dy, data.Weight, data.K);
        using var transposed = new TransposedWeight(bench, data.N, data.K);
        bench.Device.WriteTransposed(transposed.Matrix, 0, data.Weight);
        Tolerance.TimesNaive(2).Check(Multiply(), exact, naive);
        float[] faulty = [.. data.Weight];
        faulty[^1] += 0.1f;
        bench.Device.WriteTransposed(transposed.Matrix, 0, faulty);
        Tolerance.TimesNaive(2).MustReject(Multiply(), exact, naive);

        float[] Multiply()
        {
            Tensor dx = bench.Take(data.M, data.K);
            bench.Device.Linear(bench.Put(data.Dy, data.M, data.N), transposed.Matrix, default, dx);
            return bench.Get(dx);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Column_sums_are_as_accurate_as_naive_fp32(string set, int[] shape)
    {
        using var bench = new Workbench(set);
        (int rows, int columns) = (shape[0], shape[1]);
        float[] x = RandomData.Normal(seed: 64, rows * columns);
        double[] exact = Reference.ColumnSums<double>(x, columns);
        float[] naive = Reference.ColumnSums<float>(x, columns);
        Tolerance.TimesNaive(2).Check(Sum(), exact, naive);
        x[^1] += 0.01f;
        Tolerance.TimesNaive(2).MustReject(Sum(), exact, naive);

        float[] Sum()
        {
            Tensor sums = bench.Take(columns);
            bench.Device.ColumnSums(bench.Put(x, rows, columns), sums);
            return bench.Get(sums);
        }
    }

    // Small integers: fp32 sums are exact, so the result must be equal, whatever the order.
    [Theory]
    [MemberData(nameof(Sets))]
    public void Every_remainder_of_rows_and_columns_is_computed(string set)
    {
        using var bench = new Workbench(set);
        int[] rows = [1, 2, 7, 257], sides = [1, 3, 4, 5, 8, 11, 12, 15, 16, 17, 47, 48, 49, 64, 97];
        foreach (int m in rows)
        {
            foreach (int n in sides)
            {
                foreach (int k in sides)
                {
                    CheckIntegers(bench, m, n, k);
                }
            }
        }

        CheckIntegers(bench, 9, 300, 500);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Row_strides_are_followed(string set)
    {
        using var bench = new Workbench(set);
        const int Rows = 19, Inputs = 21, Outputs = 53, Gap = 5;
        Case data = new(Rows, Outputs, Inputs);
        Tensor dy = bench.Put(Widened(data.Dy, Outputs), Rows, Outputs + Gap), x = bench.Put(Widened(data.X, Inputs), Rows, Inputs + Gap);
        Tensor dWeight = bench.Take(Outputs, Inputs), sums = bench.Take(Outputs), alone = bench.Take(Outputs);
        bench.Device.LinearWeightGradient(dy.SliceColumns(2, Outputs), x.SliceColumns(2, Inputs), dWeight);
        Assert.Equal(data.WeightGradient(bench), bench.Get(dWeight));
        bench.Device.ColumnSums(dy.SliceColumns(2, Outputs), sums);
        bench.Device.ColumnSums(bench.Put(data.Dy, Rows, Outputs), alone);
        Assert.Equal(bench.Get(alone), bench.Get(sums));

        static float[] Widened(float[] values, int columns) =>
            [.. values.Chunk(columns).SelectMany(row => (float[])[float.NaN, float.NaN, .. row, float.NaN, float.NaN, float.NaN])];
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Packing_gives_the_bytes_of_writing(string set)
    {
        using var bench = new Workbench(set);
        foreach ((int outputs, int inputs) in (ReadOnlySpan<(int, int)>)[(1, 1), (50, 3), (101, 270), (3, 50), (270, 101), (48, 64)])
        {
            float[] values = RandomData.Normal(seed: 65, outputs * inputs);
            Tensor onDevice = bench.Put(values, outputs, inputs);
            Matrix written = bench.PutMatrix(values, outputs, inputs), packed = bench.PutMatrix(new float[values.Length], outputs, inputs);
            bench.Device.PackMatrix(onDevice, packed);
            Assert.Equal(Bytes(written), Bytes(packed));
            if (outputs > 1)
            {
                Matrix pieces = bench.PutMatrix(new float[values.Length], outputs, inputs);
                bench.Device.PackMatrix(onDevice.SliceRows(outputs / 2, outputs - (outputs / 2)), pieces, outputs / 2);
                bench.Device.PackMatrix(onDevice.SliceRows(0, outputs / 2), pieces);
                Assert.Equal(Bytes(written), Bytes(pieces));
            }

            // The panels of a transposed weight are those of its transpose, and rows may come in chunks.
            float[] turned = [.. Enumerable.Range(0, values.Length).Select(i => values[i % outputs * inputs + i / outputs])];
            Matrix expected = bench.PutMatrix(turned, inputs, outputs);
            using TransposedWeight whole = new(bench, outputs, inputs), chunks = new(bench, outputs, inputs);
            bench.Device.PackTransposed(onDevice, whole.Matrix);
            Assert.Equal(Bytes(expected), Bytes(whole.Matrix));
            int first = outputs / 3;
            bench.Device.WriteTransposed(chunks.Matrix, first, values.AsSpan(first * inputs));
            bench.Device.WriteTransposed(chunks.Matrix, 0, values.AsSpan(0, first * inputs));
            Assert.Equal(Bytes(expected), Bytes(chunks.Matrix));
        }

        unsafe byte[] Bytes(Matrix matrix) => new ReadOnlySpan<byte>(
            (void*)matrix.Address, (int)bench.Device.MatrixBytes(matrix.Outputs, matrix.Inputs)).ToArray();
    }

    private static void CheckIntegers(Workbench bench, int m, int n, int k)
    {
        float[] dy = Whole(1, m * n), x = Whole(2, m * k);
        Tensor dWeight = bench.Take(n, k), sums = bench.Take(n), onDevice = bench.Put(dy, m, n);
        bench.Device.LinearWeightGradient(onDevice, bench.Put(x, m, k), dWeight);
        Assert.Equal(Reference.LinearWeightGradient<float>(dy, x, m), bench.Get(dWeight));
        bench.Device.ColumnSums(onDevice, sums);
        Assert.Equal(Reference.ColumnSums<float>(dy, n), bench.Get(sums));

        static float[] Whole(int seed, int count) => Array.ConvertAll(RandomData.Integers(seed, count, 17), v => v - 8f);
    }

    /// <summary>Room for the transposed layout of a weight [outputs, inputs].</summary>
    private sealed class TransposedWeight : IDisposable
    {
        private readonly Arena _arena;

        public TransposedWeight(Workbench bench, int outputs, int inputs) =>
            (_arena, Matrix) = Arena.Carve(bench.Device, "test", a => a.TakeTransposed(a.TakeMatrix(outputs, inputs)));

        public Matrix Matrix { get; }

        public void Dispose() => _arena.Dispose();
    }

    private sealed class Case(int m, int n, int k)
    {
        public int M => m;

        public int N => n;

        public int K => k;

        public float[] Dy { get; } = RandomData.Normal(seed: 61, m * n);

        public float[] X { get; } = RandomData.Normal(seed: 62, m * k);

        public float[] Weight { get; } = RandomData.Normal(seed: 63, n * k);

        public float[] WeightGradient(Workbench bench, float[]? x = null)
        {
            Tensor dWeight = bench.Take(n, k);
            bench.Device.LinearWeightGradient(bench.Put(Dy, m, n), bench.Put(x ?? X, m, k), dWeight);
            return bench.Get(dWeight);
        }
    }
}
