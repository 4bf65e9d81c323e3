using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>What pooling and upsampling on CUDA have of their own: two levels.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class PoolingCudaTests
{
    [Theory]
    [InlineData(CudaPrecision.F32, 8, 0, true)]
    [InlineData(CudaPrecision.F16, 24, 0, true)]
    [InlineData(CudaPrecision.BF16, 24, 1, false)]
    [InlineData(CudaPrecision.F16, 7, 0, false)]
    public void Eight_channels_are_taken_at_a_time_where_rows_allow_it(CudaPrecision precision, int channels, int gap, bool isFast)
    {
        using CudaWorkbench bench = new(precision);
        float[] x = bench.Round(RandomData.Normal(seed: 161, 2 * 5 * 6 * channels));
        var shape = new Shape(2, 5, 6, channels);
        Tensor onX = bench.Put(x, 2, 5, 6, channels);
        foreach (Pool pool in Enum.GetValues<Pool>())
        {
            Window window = Window.Square(3, stride: 2, padding: 1);
            Tensor y = bench.Put(new float[2 * 3 * 3 * (channels + gap)], 2, 3, 3, channels + gap).SliceChannels(gap, channels);
            bench.Launches();
            bench.Device.Pooling(onX, y, window, pool);
            string kernel = isFast ? "Kernel_Eights" : "Kernel_Scalars";
            Assert.Equal([kernel], bench.Launches() ?? [kernel]);
            Tolerance.TimesNaive(2).Check(
                bench.Get(y), Reference.Pooling<double>(x, shape, window, pool), bench.Round(Reference.Pooling<float>(x, shape, window, pool)));
        }
    }

    [Theory]
    [InlineData(CudaPrecision.F32, 4, 0, true)]
    [InlineData(CudaPrecision.F16, 24, 0, true)]
    [InlineData(CudaPrecision.BF16, 24, 1, false)]
    [InlineData(CudaPrecision.F16, 7, 0, false)]
    public void Upsampling_moves_sixteen_bytes_where_pixels_allow_it(CudaPrecision precision, int channels, int gap, bool isFast)
    {
        using CudaWorkbench bench = new(precision);
        float[] x = bench.Round(RandomData.Normal(seed: 162, 2 * 3 * 4 * channels));
        Tensor onX = bench.Put(x, 2, 3, 4, channels);
        Tensor y = bench.Put(new float[2 * 9 * 12 * (channels + gap)], 2, 9, 12, channels + gap).SliceChannels(gap, channels);
        bench.Launches();
        bench.Device.Upsample(onX, y);
        string kernel = isFast ? "Kernel_Sixteens" : "Kernel_Twos";
        Assert.Equal([kernel], bench.Launches() ?? [kernel]);
        Assert.Equal(Reference.Upsample(x, new Shape(2, 3, 4, channels), 3), bench.Get(y));
    }
}
