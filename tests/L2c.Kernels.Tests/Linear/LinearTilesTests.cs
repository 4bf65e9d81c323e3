using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class LinearTilesTests
{
    public static MatrixTheoryData<string, int> SetsAndThreads => new(Workbench.Sets, [1, 2, 3, 7]);

    /// <summary>Tiles of rows and panels, blocks of K: small integers, so that sums are exact, whatever the order.</summary>
    [Theory]
    [MemberData(nameof(SetsAndThreads))]
    public void Every_row_is_computed_once_however_rows_are_cut(string set, int threads)
    {
        (int, int, int)[] shapes = [(1, 1, 1), (511, 100, 3), (512, 48, 5), (513, 49, 7), (1003, 150, 20), (650, 30, 2500)];
        foreach ((int rows, int outputs, int inputs) in shapes)
        {
            using var bench = new Workbench(set, threads);
            float[] x = Whole(1, rows * inputs), weight = Whole(2, outputs * inputs), bias = Whole(3, outputs);
            Tensor y = bench.Take(rows, outputs), b = bench.Put(bias, outputs);
            Matrix w = bench.PutMatrix(weight, outputs, inputs);
            bench.Device.Linear(bench.Put(x, rows, inputs), w, b, y);
            float[] expected = Reference.Linear<float>(x, weight, bias, inputs);
            Assert.Equal(expected, bench.Get(y));

            // Twice as much where it is added to what is there: a row computed twice would show.
            bench.Device.Linear(bench.Put(x, rows, inputs), w, b, y, Activation.None, accumulates: true);
            Assert.Equal(Array.ConvertAll(expected, value => 2 * value), bench.Get(y));
        }
    }

    private static float[] Whole(int seed, int count) => Array.ConvertAll(RandomData.Integers(seed, count, 5), v => v - 2f);
}
