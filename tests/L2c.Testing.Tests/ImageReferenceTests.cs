using L2c.Kernels;

namespace L2c.Testing.Tests;

/// <summary>References of the ops of convolutional networks, by hand-computed values and by identities.</summary>
public sealed class ImageReferenceTests
{
    private static readonly float[] _taps = [1, 2, 3, 4, 5, 6, 7, 8, 9];

    [Fact]
    public void Convolution_correlates_and_sees_zeros_outside()
    {
        Window same = Window.Square(3, padding: 1);
        Assert.Equal([9, 8, 7, 6, 5, 4, 3, 2, 1], Convolve([0, 0, 0, 0, 1, 0, 0, 0, 0], new Shape(1, 3, 3, 1), _taps, null, same));
        Assert.Equal([45], Convolve([1, 1, 1, 1, 1, 1, 1, 1, 1], new Shape(1, 3, 3, 1), _taps, null, Window.Square(3)));
        Assert.Equal([5.5, 4.5], Convolve([1, 0], new Shape(1, 1, 2, 1), _taps, [0.5f], same));
        Assert.Equal([15.5, 24.5], Convolve([1, 0], new Shape(1, 1, 2, 1), _taps, [0.5f], same, before: [10, 20]));
        Assert.Equal([30.25, 20.25], Reference.Convolution<double>([1, 0], new Shape(1, 1, 2, 1), _taps, [0.5f], same, v => v * v));
        Assert.Equal([5.5f, 4.5f], Reference.Convolution<float>([1, 0], new Shape(1, 1, 2, 1), _taps, [0.5f], same));
    }

    [Fact]
    public void Convolution_has_the_channel_innermost_in_images_and_weights()
    {
        // 1 x 2 pixels of two channels; two outputs see their own pixel and the one to the right.
        float[] weight = [1, 10, 100, 1000, 0, 0, 0, 1];
        Assert.Equal([4321, 4, 43, 0], Convolve([1, 2, 3, 4], new Shape(1, 1, 2, 2), weight, null, new Window(1, 2, Right: 1)));
    }

    [Fact]
    public void Convolution_moves_by_its_stride_from_its_padding_above_and_to_the_left()
    {
        // Rows 0 .. 3 of one column, twice: windows begin at -1 and 1.
        float[] x = [1, 2, 3, 4, 10, 20, 30, 40];
        Assert.Equal([3 + 4, 4 + 9 + 8, 70, 210], Convolve(x, new Shape(2, 4, 1, 1), [2, 3, 2], null, new Window(3, 1, 2, Top: 1)));

        // The same columns in a row, padded on the right alone: windows begin at 0 and 2.
        Assert.Equal([2 + 6 + 6, 6 + 12, 140, 180], Convolve(x, new Shape(2, 1, 4, 1), [2, 3, 2], null, new Window(1, 3, 2, Right: 1)));
    }

    [Fact]
    public void Convolution_of_single_pixels_is_a_linear_map()
    {
        float[] x = RandomData.Normal(seed: 301, 2 * 3 * 4 * 5), weight = RandomData.Normal(seed: 302, 7 * 5), bias = RandomData.Normal(seed: 303, 7);
        Assert.Equal(
            Reference.Linear<double>(x, weight, bias, inputs: 5),
            Reference.Convolution<double>(x, new Shape(2, 3, 4, 5), weight, bias, Window.Square(1)));
    }

    [Fact]
    public void Group_norm_has_mean_zero_and_variance_one_in_every_group_of_every_image()
    {
        Shape shape = new(2, 3, 5, 6);
        float[] x = RandomData.Normal(seed: 304, (int)shape.Count, deviation: 4, mean: 7), ones = [1, 1, 1, 1, 1, 1];
        double[] y = Reference.GroupNorm<double>(x, shape, ones, new float[6], groups: 3, epsilon: 0);
        foreach (IGrouping<(int, int), double> group in y.Select((v, i) => (v, i)).GroupBy(at => (at.i / 90, at.i % 6 / 2), at => at.v))
        {
            Assert.Equal(30, group.Count());
            Assert.Equal(0, group.Average(), 1e-13);
            Assert.Equal(1, group.Average(v => v * v), 1e-13);
        }
    }

    [Fact]
    public void Group_norm_scales_shifts_and_activates_by_channel()
    {
        // One image of 1 x 2 pixels, two groups of one channel: means 2 and 20, variances 1 and 100.
        float[] x = [1, 10, 3, 30], gamma = [2, 3], beta = [100, 200];
        Assert.Equal([98, 197, 102, 203], Reference.GroupNorm<double>(x, new Shape(1, 1, 2, 2), gamma, beta, groups: 2, epsilon: 0));
        Assert.Equal([-0.5, 0.5], Reference.GroupNorm<double>([1, 3], new Shape(1, 2, 1, 1), [1], [0], 1, epsilon: 3));
        Assert.Equal([0.25f, 0.25f], Reference.GroupNorm<float>([1, 3], new Shape(1, 2, 1, 1), [1], [0], 1, epsilon: 3, v => v * v));
    }

    [Fact]
    public void Group_norm_of_one_group_and_one_pixel_is_layer_norm()
    {
        float[] x = RandomData.Normal(seed: 305, 3 * 8), ones = [1, 1, 1, 1, 1, 1, 1, 1];
        Assert.Equal(
            Reference.LayerNorm(Array.ConvertAll(x, v => (double)v), channels: 8, epsilon: 1e-3),
            Reference.GroupNorm<double>(x, new Shape(3, 1, 1, 8), ones, new float[8], groups: 1, epsilon: 1e-3));
    }

    [Fact]
    public void Pools_see_only_what_is_inside_the_image()
    {
        float[] x = [-1, -2, -3, -4, -5, -6, -7, -8, -9];
        Window same = Window.Square(3, padding: 1);
        Assert.Equal([-1, -1, -2, -1, -1, -2, -4, -4, -5], Reference.Pooling<double>(x, new Shape(1, 3, 3, 1), same, Pool.Max));
        Assert.Equal([-3, -3.5, -4, -4.5, -5, -5.5, -6, -6.5, -7], Reference.Pooling<double>(x, new Shape(1, 3, 3, 1), same, Pool.Average));
        Assert.Equal([-5], Reference.Pooling<double>(x, new Shape(1, 3, 3, 1), Window.Square(3), Pool.Average));
        Assert.Equal([0], Reference.Pooling<double>(x, new Shape(1, 3, 3, 1), Window.Square(3), Pool.RectifiedAverage));
        Assert.Equal([-1f], Reference.Pooling<float>(x, new Shape(1, 3, 3, 1), Window.Square(2, stride: 2), Pool.Max));
    }

    [Fact]
    public void Pools_keep_channels_and_images_apart_and_what_is_not_a_number()
    {
        // Two images of 1 x 2 pixels of two channels.
        float[] x = [1, 20, 3, float.NaN, 5, 60, 7, 80];
        Window pair = new(1, 2);
        Assert.Equal([3, double.NaN, 7, 80], Reference.Pooling<double>(x, new Shape(2, 1, 2, 2), pair, Pool.Max));
        Assert.Equal([2, double.NaN, 6, 70], Reference.Pooling<double>(x, new Shape(2, 1, 2, 2), pair, Pool.Average));
        Assert.Equal([2, double.NaN, 6, 70], Reference.Pooling<double>(x, new Shape(2, 1, 2, 2), pair, Pool.RectifiedAverage));
    }

    [Fact]
    public void Upsampling_repeats_rows_and_columns()
    {
        // Two images of 1 x 2 pixels; then two channels.
        Assert.Equal([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4], Reference.Upsample([1, 2, 3, 4], new Shape(2, 1, 2, 1), 2));
        Assert.Equal([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2], Reference.Upsample([1, 2], new Shape(1, 1, 1, 2), 3));
    }

    private static double[] Convolve(
        float[] x, Shape shape, float[] weight, float[]? bias, Window window, float[]? before = null) =>
        Reference.Convolution<double>(x, shape, weight, bias, window, before: before);
}
