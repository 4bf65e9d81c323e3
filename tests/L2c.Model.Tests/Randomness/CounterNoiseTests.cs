using System.Runtime.InteropServices;
using System.Security.Cryptography;
using L2c.Model.Randomness;

namespace L2c.Model.Tests.Randomness;

public class CounterNoiseTests
{
    private const int Many = 200_000;

    /// <summary>Counter, key and output of the three philox4x32 10 lines of Random123's kat_vectors.</summary>
    public static TheoryData<uint[], uint[], uint[]> KnownAnswers => new()
    {
        { [0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8] },
        {
            [0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF],
            [0xFFFFFFFF, 0xFFFFFFFF],
            [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
        },
        {
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]
        },
    };

    [Theory]
    [MemberData(nameof(KnownAnswers))]
    public void Philox_gives_the_known_answers(uint[] counter, uint[] key, uint[] expected) =>
        Assert.Equal(expected, Philox(counter, key));

    [Fact]
    public void The_known_answers_reject_swapped_counter_and_key_words()
    {
        (uint[] counter, uint[] key, uint[] expected) = KnownAnswers.Last().Data;
        for (int i = 0; i < 4; i++)
        {
            for (int j = i + 1; j < 4; j++)
            {
                uint[] swapped = [.. counter];
                (swapped[i], swapped[j]) = (swapped[j], swapped[i]);
                Assert.NotEqual(expected, Philox(swapped, key));
            }
        }

        Assert.NotEqual(expected, Philox(counter, [key[1], key[0]]));
    }

    [Fact]
    public void Elements_follow_the_documented_layout()
    {
        const ulong seed = 0x0123456789ABCDEF;
        float[] actual = Fill(seed, image: 3, draw: 5, 1000);
        Assert.True(WorstDifference(actual, Reference(seed, image: 3, draw: 5, actual.Length)) < 3e-6);
        Assert.False(WorstDifference(actual, Reference(seed, image: 5, draw: 3, actual.Length)) < 3e-6);
        Assert.False(WorstDifference(actual, Reference((seed << 32) | (seed >> 32), image: 3, draw: 5, actual.Length)) < 3e-6);
    }

    [Fact]
    public void The_bits_of_a_seed_never_change()
    {
        byte[] bytes = [.. new[] { 0, 7 }.SelectMany(image => MemoryMarshal.AsBytes(Fill(42, image, 1, 4099).AsSpan()).ToArray())];
        Assert.Equal("54e4536d7e7897b5b5d8c31ec8a424ddd80ee6e855817d773c85da5a1dab853d", Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(17)]
    [InlineData(48)]
    public void A_shorter_image_has_the_leading_values_of_a_longer_one(int count) =>
        Assert.Equal(Fill(9, 2, 0, 64)[..count], Fill(9, 2, 0, count));

    [Fact]
    public void Moments_and_distribution_are_standard_normal()
    {
        foreach (ulong seed in new ulong[] { 0, 1, 0xDEADBEEF00000000 })
        {
            float[] values = Fill(seed, 0, 0, Many);
            Assert.True(IsStandardNormal(values), $"seed {seed}");
            Assert.False(IsStandardNormal([.. values.Select(x => 1.02f * x)]), "a scale of 1.02 must be seen");
            Assert.False(IsStandardNormal([.. values.Select(x => x + 0.02f)]), "a shift of 0.02 must be seen");
        }
    }

    [Fact]
    public void Seeds_images_draws_and_neighbouring_elements_are_uncorrelated()
    {
        float[] x = Fill(5, 0, 0, Many);
        Assert.True(IsUncorrelated(x, Fill(6, 0, 0, Many)), "seeds");
        Assert.True(IsUncorrelated(x, Fill(5 + (1UL << 32), 0, 0, Many)), "high seed words");
        Assert.True(IsUncorrelated(x, Fill(5, 1, 0, Many)), "images");
        Assert.True(IsUncorrelated(x, Fill(5, 0, 1, Many)), "draws");
        foreach (int lag in new[] { 1, 2, 4, 8, 16 })
        {
            Assert.True(IsUncorrelated(x[lag..], x[..^lag]), $"lag {lag}");
        }

        float[] blend = [.. x.Zip(Fill(6, 0, 0, Many), (a, b) => (0.02f * a) + b)];
        Assert.False(IsUncorrelated(x, blend), "a correlation of 0.02 must be seen");
    }

    [Fact]
    public void Negative_indices_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => CounterNoise.Fill(0, -1, 0, new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => CounterNoise.Fill(0, 0, -1, new float[4]));
    }

    private static uint[] Philox(uint[] counter, uint[] key)
    {
        uint[] words = new uint[4];
        Philox4x32.Block(key[0] | ((ulong)key[1] << 32), counter[0], counter[1], counter[2], counter[3], words);
        return words;
    }

    private static float[] Fill(ulong seed, int image, int draw, int count)
    {
        float[] values = new float[count];
        CounterNoise.Fill(seed, image, draw, values);
        return values;
    }

    /// <summary>The documented layout in double precision, one element at a time.</summary>
    private static double[] Reference(ulong seed, int image, int draw, int count)
    {
        uint[] key = [(uint)seed, (uint)(seed >> 32)];
        double Uniform(int e) => (Philox([(uint)e / 4, (uint)draw, (uint)image, 0], key)[e % 4] >> 8) / 16777216.0;

        double[] values = new double[count];
        for (int e = 0; e < count; e++)
        {
            int j = (e / 16 * 16) + (e % 8);
            double radius = Math.Sqrt(-2 * Math.Log(1 - Uniform(j)));
            double angle = 2 * Math.PI * Uniform(j + 8);
            values[e] = radius * (e % 16 < 8 ? Math.Cos(angle) : Math.Sin(angle));
        }

        return values;
    }

    private static double WorstDifference(float[] actual, double[] expected) =>
        actual.Zip(expected, (a, b) => Math.Abs(a - b)).Max();

    /// <summary>First four moments within 4.5 standard errors, and Kolmogorov-Smirnov at the 0.1 % level.</summary>
    private static bool IsStandardNormal(float[] values)
    {
        double n = values.Length;
        double Moment(int power) => values.Average(x => Math.Pow(x, power));

        double[] sorted = [.. values.Select(x => (double)x).Order()];
        double distance = sorted.Select((x, i) => Math.Max(Math.Abs(NormalCdf(x) - (i / n)), Math.Abs(NormalCdf(x) - ((i + 1) / n)))).Max();
        return Math.Abs(Moment(1)) < 4.5 * Math.Sqrt(1 / n)
            && Math.Abs(Moment(2) - 1) < 4.5 * Math.Sqrt(2 / n)
            && Math.Abs(Moment(3)) < 4.5 * Math.Sqrt(15 / n)
            && Math.Abs(Moment(4) - 3) < 4.5 * Math.Sqrt(96 / n)
            && distance * Math.Sqrt(n) < 1.95;
    }

    /// <summary>Correlation of the values, and of their squares (which Box-Muller pairs could share), within 4.5 standard errors.</summary>
    private static bool IsUncorrelated(float[] x, float[] y)
    {
        double bound = 4.5 / Math.Sqrt(x.Length);
        return Math.Abs(x.Zip(y, (a, b) => (double)a * b).Average()) < bound
            && Math.Abs(x.Zip(y, (a, b) => ((double)a * a - 1) * ((double)b * b - 1)).Average() / 2) < bound;
    }

    /// <summary>Φ(x) = ½ + φ(x) (x + x³/3 + x⁵/15 + ...), Marsaglia 2004.</summary>
    private static double NormalCdf(double x)
    {
        double term = x;
        double sum = x;
        for (int k = 3; Math.Abs(term) > 1e-17 * Math.Abs(sum); k += 2)
        {
            term *= x * x / k;
            sum += term;
        }

        return 0.5 + (sum * Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI));
    }
}
