using System.Globalization;
using L2c.Model.Metrics;
using L2c.Testing;

namespace L2c.Model.Tests.Metrics;

public class RandomConvFeaturesTests
{
    [Theory]
    [InlineData(3, 32, 32)]
    [InlineData(3, 8, 8)]
    [InlineData(1, 17, 9)] // odd sizes, rows that are not a multiple of the pixels computed at once, one channel
    [InlineData(3, 11, 30)]
    public void Features_are_those_of_the_definition(int channels, int height, int width)
    {
        const int Images = 3;
        int elements = channels * height * width;
        float[] images = RandomData.Normal(1, Images * elements, deviation: 0.8); // some beyond [-1, 1]
        double[] features = Extract(channels, height, width, images);
        for (int image = 0; image < Images; image++)
        {
            ReadOnlySpan<float> pixels = images.AsSpan(image * elements, elements);
            double[] found = features[(image * RandomConvFeatures.Length)..((image + 1) * RandomConvFeatures.Length)];
            Assert.InRange(Worst(found, NaiveFeatures.Of(pixels, channels, height, width)), 0, 2e-6);
            Assert.True(Worst(found, NaiveFeatures.Of(pixels, channels, height, width, fault: 1e-4)) > 2e-6, "a planted fault went unseen");
        }
    }

    [Fact]
    public void The_net_is_fixed()
    {
        // First and last weights of each layer and some features of a picture, as they were when the net was fixed: another net is another measure.
        float[] first = StridedConvolution.Weights(0, 3, 32, 5), second = StridedConvolution.Weights(1, 32, 64, 3);
        float[] third = StridedConvolution.Weights(2, 64, 128, 3);
        Assert.Equal((2400, 18432, 73728), (first.Length, second.Length, third.Length));
        Assert.Equal(PinnedWeights, string.Join(' ', new[] { first[0], first[^1], second[0], second[^1], third[0], third[^1] }.Select(Bits)));
        float[] ramp = [.. Enumerable.Range(0, 3 * 32 * 32).Select(i => (i % 32 * (1f / 16)) - 1)];
        double[] features = Extract(3, 32, 32, ramp);
        double[] some = [features[0], features[33], features[100], features[200], features.Sum()];
        Assert.Equal(PinnedFeatures, string.Join(' ', some.Select(Bits)));
    }

    [Fact]
    public void Weights_are_He_normal()
    {
        foreach ((int layer, int inputs, int outputs, int kernel) in new[] { (0, 3, 32, 5), (1, 32, 64, 3), (2, 64, 128, 3) })
        {
            float[] weights = StridedConvolution.Weights(layer, inputs, outputs, kernel);
            double wanted = 2.0 / (inputs * kernel * kernel), found = weights.Average(w => (double)w * w);
            double error = wanted * Math.Sqrt(2.0 / weights.Length); // standard error of a normal sample's variance
            Assert.InRange(found, wanted - (4 * error), wanted + (4 * error));
        }
    }

    [Fact]
    public void The_number_of_threads_and_the_neighbours_change_no_bit()
    {
        float[] images = RandomData.Normal(2, 5 * 3 * 32 * 32, deviation: 0.5);
        double[] all = Extract(3, 32, 32, images, threads: 3), alone = Extract(3, 32, 32, images[^(3 * 32 * 32)..], threads: 1);
        Assert.Equal(alone.Select(Bits), all[^RandomConvFeatures.Length..].Select(Bits));
    }

    [Fact]
    public void Pixels_count_as_far_as_a_picture_shows_them()
    {
        float[] bright = [.. Enumerable.Repeat(1.75f, 3 * 64)], white = [.. Enumerable.Repeat(1f, 3 * 64)];
        float[] grey = [.. Enumerable.Repeat(0.75f, 3 * 64)];
        Assert.Equal(Extract(3, 8, 8, white), Extract(3, 8, 8, bright));
        Assert.NotEqual(Extract(3, 8, 8, white), Extract(3, 8, 8, grey));
        Assert.Equal(Extract(3, 8, 8, grey), Extract(1, 8, 8, grey[..64]));
    }

    [Theory]
    [InlineData(4, 32, 32)]
    [InlineData(3, 7, 32)]
    [InlineData(3, 32, 7)]
    public void Other_images_are_refused(int channels, int height, int width) =>
        Assert.Throws<ArgumentException>(() => new RandomConvFeatures(channels, height, width));

    [Fact]
    public void Lengths_must_fit()
    {
        RandomConvFeatures net = new(1, 8, 8);
        Assert.Throws<ArgumentException>(() => net.Extract(new float[65], new double[RandomConvFeatures.Length]));
        Assert.Throws<ArgumentException>(() => net.Extract(new float[64], new double[RandomConvFeatures.Length + 1]));
    }

    private const string PinnedWeights = "3ce54699 be45531b 3c95376e bd7972cf 3c92ae7f bd9b4424";
    private const string PinnedFeatures = "3fcbc46da4b80000 3fef9b4c222e4bf7 3fe97c3caa000000 3fa93ec508000000 40602a0f76a5f982";

    private static double[] Extract(int channels, int height, int width, float[] images, int threads = 0)
    {
        RandomConvFeatures net = new(channels, height, width);
        double[] features = new double[images.Length / net.ElementsPerImage * RandomConvFeatures.Length];
        net.Extract(images, features, threads);
        return features;
    }

    /// <summary>Largest error over the largest value.</summary>
    private static double Worst(double[] found, double[] wanted) => found.Zip(wanted, (a, b) => Math.Abs(a - b)).Max() / wanted.Max();

    private static string Bits(float value) => BitConverter.SingleToUInt32Bits(value).ToString("x8", CultureInfo.InvariantCulture);

    private static string Bits(double value) => BitConverter.DoubleToUInt64Bits(value).ToString("x16", CultureInfo.InvariantCulture);
}
