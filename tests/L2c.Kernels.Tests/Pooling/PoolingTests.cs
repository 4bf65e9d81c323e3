using L2c.Testing;

namespace L2c.Kernels.Tests;

public sealed class PoolingTests
{
    // B, H, W, C; height, width, stride; padding above, left, below, right: smallest; Inception's three; its last; awkward.
    private static readonly int[][] _shapes =
    [
        [1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0],
        [2, 15, 15, 64, 3, 3, 2, 0, 0, 0, 0],
        [1, 17, 17, 48, 3, 3, 1, 1, 1, 1, 1],
        [2, 8, 8, 70, 8, 8, 1, 0, 0, 0, 0],
        [3, 7, 11, 37, 2, 5, 3, 1, 4, 0, 2],
    ];

    private static readonly Pool[] _pools = Enum.GetValues<Pool>();

    public static TheoryData<string, int[], Pool> Cases =>
        [.. DeviceCases.Of(DeviceCases.Cpu, _shapes, _pools), .. DeviceCases.Of(DeviceCases.Stored, _shapes, _pools)];

    public static TheoryData<string> Everywhere => [.. DeviceCases.Of([.. DeviceCases.Cpu, .. DeviceCases.Stored])];

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_is_as_accurate_as_naive_arithmetic_in_the_same_storage(string device, int[] shape, Pool pool)
    {
        using Bench bench = Bench.Open(device);
        Shape of = new(shape[0], shape[1], shape[2], shape[3]);
        Window window = new(shape[4], shape[5], shape[6], shape[7], shape[8], shape[9], shape[10]);
        // Below zero, so that zeros of padding would win, but for means that are rectified.
        float[] x = bench.Round(RandomData.Normal(seed: 331, (int)of.Count, mean: pool == Pool.RectifiedAverage ? 0 : -1));
        double[] exact = Reference.Pooling<double>(x, of, window, pool);
        float[] naive = bench.Round(Reference.Pooling<float>(x, of, window, pool)), actual = Run(pool);
        Tolerance.TimesNaive(2).Check(actual, exact, naive);
        if (pool == Pool.Max)
        {
            Assert.Equal(naive, actual);
        }

        if (window.Pixels > 1)
        {
            // Planted faults: the other pools; padding counted as zeros.
            Assert.All(_pools.Where(other => other != pool), other => Tolerance.TimesNaive(2).MustReject(Run(other), exact, naive));
            if (window.Left > 0)
            {
                Tolerance.TimesNaive(2).MustReject(WithPadding(), exact, naive);
            }
        }

        float[] Run(Pool which)
        {
            // Channels of wider images on both sides.
            float[] wide = [.. x.Chunk(of[3]).SelectMany(pixel => (float[])[7, .. pixel, 7, 7])];
            Tensor y = bench.Take(of[0], window.OutputHeight(of[1]), window.OutputWidth(of[2]), of[3] + 1);
            bench.Device.Activate(bench.Put(new float[y.Shape.Count], y.Shape[0], y.Shape[1], y.Shape[2], y.Shape[3]), y, Activation.None);
            Tensor from = bench.Put(wide, of[0], of[1], of[2], of[3] + 3).SliceChannels(1, of[3]);
            bench.Device.Pooling(from, y.SliceChannels(1, of[3]), window, which);
            float[] all = bench.Get(y);
            Assert.All(all.Where((_, i) => i % (of[3] + 1) == 0), value => Assert.Equal(0, value));
            return [.. all.Where((_, i) => i % (of[3] + 1) != 0)];
        }

        float[] WithPadding()
        {
            int height = of[1] + window.Top + window.Bottom, width = of[2] + window.Left + window.Right;
            float[] padded = new float[of[0] * height * width * of[3]];
            foreach ((int pixel, float[] values) in x.Chunk(of[3]).Index())
            {
                int line = (pixel / of[2] % of[1]) + window.Top, column = (pixel % of[2]) + window.Left;
                values.CopyTo(padded, ((((pixel / of[2] / of[1]) * height) + line) * width + column) * of[3]);
            }

            Window bare = new(window.Height, window.Width, window.Stride);
            return Reference.Pooling<float>(padded, new Shape(of[0], height, width, of[3]), bare, pool);
        }
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public void What_is_not_a_number_stays_in_its_windows_and_infinities_are_numbers(string device)
    {
        using Bench bench = Bench.Open(device);
        const float Infinity = float.PositiveInfinity;
        float[] x = [1, float.NaN, 3, 4, -Infinity, -Infinity, -7, Infinity, 2];
        Tensor onX = bench.Put(x, 1, 1, 9, 1), y = bench.Take(1, 1, 8, 1);
        bench.Device.Pooling(onX, y, new Window(1, 2), Pool.Max);
        Assert.Equal([float.NaN, float.NaN, 4, 4, -Infinity, -7, Infinity, Infinity], bench.Get(y));
        bench.Device.Pooling(onX, y, new Window(1, 2), Pool.Average);
        Assert.Equal([float.NaN, float.NaN, 3.5f, -Infinity, -Infinity, -Infinity, Infinity, Infinity], bench.Get(y));
        bench.Device.Pooling(onX, y, new Window(1, 2), Pool.RectifiedAverage);
        Assert.Equal([float.NaN, float.NaN, 3.5f, 0, 0, 0, Infinity, Infinity], bench.Get(y));
    }
}
