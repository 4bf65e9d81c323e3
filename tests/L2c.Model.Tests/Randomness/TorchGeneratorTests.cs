using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using L2c.Model.Randomness;

namespace L2c.Model.Tests.Randomness;

/// <summary>Against values that PyTorch itself wrote; see tests/fixtures/PROVENANCE.md.</summary>
public class TorchGeneratorTests
{
    private static readonly JsonElement[] _streams = ReadStreams();

    public static TheoryData<ulong> Seeds => [.. _streams.Select(stream => stream.GetProperty("seed").GetUInt64())];

    [Fact]
    public void The_known_vector_of_seed_0()
    {
        float[] actual = Draw(new TorchGenerator(0), 4);
        float[] expected = [1.5410f, -0.2934f, -2.1788f, 0.5684f];
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 5e-5f));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Draws_of_mixed_sizes_in_one_stream_have_the_bits_of_PyTorch(ulong seed)
    {
        TorchGenerator generator = new(seed);
        foreach (JsonElement draw in Draws(seed))
        {
            float[] actual = Draw(generator, draw.GetProperty("count").GetInt32());
            uint[] first = Words(draw.GetProperty("first"));
            Assert.Equal(first, Bits(actual)[..first.Length]);
            if (draw.TryGetProperty("last", out JsonElement lastWords))
            {
                uint[] last = Words(lastWords);
                Assert.Equal(last, Bits(actual)[^last.Length..]);
            }

            Assert.Equal(draw.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(actual.AsSpan()))));
        }
    }

    [Fact]
    public void The_fixture_covers_the_seeds_and_sizes_that_matter()
    {
        Assert.Equal([0, 1, 42, 1UL << 31, 12345], _streams.Select(stream => stream.GetProperty("seed").GetUInt64()));
        Assert.All(_streams, stream => Assert.Equal(
            [1, 3, 15, 16, 17, 31, 33, 4096, 100003, 1],
            stream.GetProperty("draws").EnumerateArray().Select(draw => draw.GetProperty("count").GetInt32())));
    }

    [Fact]
    public void Only_the_low_32_bits_of_a_seed_count()
    {
        Assert.Equal(Draw(new TorchGenerator(7), 40), Draw(new TorchGenerator(7 + (5UL << 32)), 40));
        Assert.NotEqual(Draw(new TorchGenerator(7), 40), Draw(new TorchGenerator(8), 40));
    }

    [Fact]
    public void Seeding_forgets_the_cached_normal()
    {
        TorchGenerator generator = new(3);
        float first = Draw(generator, 1)[0];
        generator.ManualSeed(3);
        Assert.Equal(first, Draw(generator, 1)[0]);
    }

    [Fact]
    public void A_long_draw_leaves_the_cached_normal_for_the_next_short_one()
    {
        float[] pair = Draw(new TorchGenerator(3), 2);
        TorchGenerator generator = new(3);
        Assert.Equal(pair[0], Draw(generator, 1)[0]);
        Draw(generator, 32);
        Assert.Equal(pair[1], Draw(generator, 1)[0]);
    }

    [Fact]
    public void The_engine_is_the_Mersenne_Twister_of_the_C_plus_plus_standard()
    {
        Mt19937 engine = new(5489);
        for (int i = 1; i < 10000; i++)
        {
            engine.Next();
        }

        Assert.Equal(4123659995u, engine.Next()); // ISO C++ [rand.predef]: the 10000th value of a default-constructed std::mt19937
    }

    private static JsonElement[] ReadStreams()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(TestData.Fixture("torch-randn/randn.json")));
        return [.. document.RootElement.Clone().GetProperty("streams").EnumerateArray()];
    }

    private static JsonElement.ArrayEnumerator Draws(ulong seed) =>
        _streams.Single(stream => stream.GetProperty("seed").GetUInt64() == seed).GetProperty("draws").EnumerateArray();

    private static uint[] Words(JsonElement text) =>
        [.. text.GetString()!.Split(' ').Select(word => uint.Parse(word, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];

    private static float[] Draw(TorchGenerator generator, int count)
    {
        float[] values = new float[count];
        generator.Randn(values);
        return values;
    }

    private static uint[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToUInt32Bits)];
}
