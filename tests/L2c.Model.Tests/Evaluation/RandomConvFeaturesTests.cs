using System.Runtime.InteropServices;
using System.Security.Cryptography;
using L2c.Model.Evaluation;
using L2c.Model.Training.Data;
using L2c.Testing;

namespace L2c.Model.Tests.Evaluation;

public class RandomConvFeaturesTests
{
    private const double Tolerance = 2e-6;

    // Distances of before and after a change of the weights cannot be compared.
    private const string WeightsHash = "461ca81167a6fd45";

    [Theory]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(46)]
    public void Features_are_those_of_a_plain_net_in_double_precision(int size)
    {
        float[] image = RandomData.Normal(3, 3 * size * size, 0.5);
        double[] features = new double[RandomConvFeatures.Count];
        new RandomConvFeatures(size).Of(image, features);
        double[] expected = Plain(image, size);
        Assert.Equal(RandomConvFeatures.Count, expected.Length);
        Assert.InRange(LargestError(expected, features), 0, Tolerance);
        Assert.True(expected.Count(value => value > 0.01) > 400); // means and deviations of a net that is alive
    }

    [Theory]
    [InlineData("kernel turned")]
    [InlineData("no padding")]
    [InlineData("no ReLU")]
    [InlineData("deviation of a sample")]
    public void The_tolerance_rejects_other_nets(string fault)
    {
        float[] image = RandomData.Normal(3, 3 * 32 * 32, 0.5);
        double[] features = new double[RandomConvFeatures.Count];
        new RandomConvFeatures(32).Of(image, features);
        Assert.True(LargestError(Plain(image, 32, fault), features) > 100 * Tolerance);
    }

    [Fact]
    public void Weights_are_He_normal_and_fixed()
    {
        for (int layer = 0; layer < 3; layer++)
        {
            (int inputs, int outputs, int kernel) = RandomConvFeatures.Shapes[layer];
            float[] weights = RandomConvFeatures.Weights(layer);
            Assert.Equal(inputs * outputs * kernel * kernel, weights.Length);
            double variance = weights.Average(w => (double)w * w) * inputs * kernel * kernel;
            Assert.InRange(variance, 2 * (1 - (5 * Math.Sqrt(2.0 / weights.Length))), 2 * (1 + (5 * Math.Sqrt(2.0 / weights.Length))));
            Assert.InRange(weights.Average(w => (double)w) * Math.Sqrt(weights.Length * inputs * kernel * kernel / 2.0), -5, 5);
        }

        byte[] all = [.. Enumerable.Range(0, 3).SelectMany(layer => MemoryMarshal.AsBytes(RandomConvFeatures.Weights(layer).AsSpan()).ToArray())];
        Assert.Equal(WeightsHash, Convert.ToHexStringLower(SHA256.HashData(all))[..16]);
    }

    [Fact]
    public void Many_pictures_have_the_features_of_each_and_the_same_bits_again()
    {
        ShapesData data = new(4);
        RandomConvFeatures net = new(32);
        double[] many = net.OfMany(37, (i, image) => data.Read(i, image)), one = new double[RandomConvFeatures.Count];
        Assert.Equal(many, net.OfMany(37, (i, image) => data.Read(i, image)));
        float[] picture = new float[3 * 32 * 32];
        _ = data.Read(36, picture);
        net.Of(picture, one);
        Assert.Equal(one, many[^RandomConvFeatures.Count..]);
        Assert.Throws<ArgumentException>(() => net.Of(picture.AsSpan(1), one));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomConvFeatures(31));
    }

    private static double LargestError(double[] expected, double[] actual) => expected.Zip(actual, (e, a) => Math.Abs(e - a)).Max();

    /// <summary>The definition, written down once more: [channel][y][x] maps, bounds tested at every tap.</summary>
    private static double[] Plain(float[] image, int size, string fault = "")
    {
        double[] map = Array.ConvertAll(image, v => (double)v);
        List<double> features = [];
        for (int layer = 0; layer < 3; layer++)
        {
            (int inputs, int outputs, int kernel) = RandomConvFeatures.Shapes[layer];
            float[] weights = RandomConvFeatures.Weights(layer);
            int padding = fault == "no padding" ? 0 : kernel / 2, outSize = ((size + (2 * padding) - kernel) / 2) + 1;
            double[] next = new double[outputs * outSize * outSize];
            for (int o = 0; o < outputs; o++)
            {
                for (int p = 0; p < outSize * outSize; p++)
                {
                    double sum = 0;
                    for (int tap = 0; tap < inputs * kernel * kernel; tap++)
                    {
                        int ky = tap / kernel % kernel, kx = tap % kernel, i = tap / (kernel * kernel);
                        int y = (2 * (p / outSize)) + ky - padding, x = (2 * (p % outSize)) + kx - padding;
                        int k = fault == "kernel turned" ? (kx * kernel) + ky : (ky * kernel) + kx;
                        bool inside = y >= 0 && y < size && x >= 0 && x < size;
                        sum += inside ? weights[(((o * inputs) + i) * kernel * kernel) + k] * map[(((i * size) + y) * size) + x] : 0;
                    }

                    next[(o * outSize * outSize) + p] = fault == "no ReLU" ? sum : Math.Max(0, sum);
                }
            }

            (map, size) = (next, outSize);
            double[][] channels = [.. map.Chunk(size * size)];
            int divisor = fault == "deviation of a sample" ? (size * size) - 1 : size * size;
            features.AddRange(channels.Select(c => c.Average()));
            features.AddRange(channels.Select(c => Math.Sqrt(c.Sum(v => (v - c.Average()) * (v - c.Average())) / divisor)));
        }

        return [.. features];
    }
}
