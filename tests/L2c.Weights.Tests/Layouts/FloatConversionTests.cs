using System.Runtime.InteropServices;
using L2c.Weights.Layouts;

namespace L2c.Weights.Tests.Layouts;

public sealed class FloatConversionTests
{
    [Fact]
    public void Every_half_and_bfloat_survives_the_way_through_fp32()
    {
        ushort[] all = [.. Enumerable.Range(0, 65536).Select(i => (ushort)i)];
        foreach (TensorType type in new[] { TensorType.F16, TensorType.BF16 })
        {
            float[] wide = Convert<ushort, float>(all, type, TensorType.F32, out _);
            ushort[] back = Convert<float, ushort>(wide, TensorType.F32, type, out int overflow);
            Assert.Equal(-1, overflow);
            for (int i = 0; i < all.Length; i++)
            {
                Assert.True(float.IsNaN(wide[i]) ? IsNan(back[i], type) : back[i] == all[i], $"{type} {i:X4}: {wide[i]:R} {back[i]:X4}");
            }
        }
    }

    [Fact]
    public void Fp32_to_fp16_rounds_as_the_framework_does()
    {
        float[] values = Values(1);
        ushort[] actual = Convert<float, ushort>(values, TensorType.F32, TensorType.F16, out _);
        for (int i = 0; i < values.Length; i++)
        {
            ushort expected = BitConverter.HalfToUInt16Bits((Half)values[i]);
            bool right = float.IsNaN(values[i]) ? IsNan(actual[i], TensorType.F16) : actual[i] == expected;
            Assert.True(right, $"{values[i]:R}: {actual[i]:X4}, expected {expected:X4}");
        }
    }

    [Fact]
    public void Fp32_to_bf16_takes_the_nearest_and_the_even_one_of_two()
    {
        float[] values = Values(2);
        ushort[] actual = Convert<float, ushort>(values, TensorType.F32, TensorType.BF16, out _);
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                Assert.Equal(float.IsNaN(values[i]), IsNan(actual[i], TensorType.BF16));
                continue;
            }

            ushort below = (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16);
            double toBelow = Math.Abs(values[i] - (double)Wide(below)), toAbove = Math.Abs(Above(below) - values[i]);
            ushort expected = toBelow < toAbove || (toBelow == toAbove && below % 2 == 0) ? below : (ushort)(below + 1);
            Assert.True(actual[i] == expected, $"{values[i]:R}: {actual[i]:X4}, expected {expected:X4}");
        }
    }

    [Fact]
    public void Fp64_rounds_once()
    {
        Random random = new(3);
        List<double> values = [.. Values(4).Select(value => (double)value)];
        for (int i = 0; i < 20_000; i++)
        {
            // Just beside the middle between two halves, closer than fp32 can tell: a second rounding would go wrong.
            ushort bits = (ushort)random.Next(1, 0x7BFF);
            double middle = ((double)BitConverter.UInt16BitsToHalf(bits) + (double)BitConverter.UInt16BitsToHalf((ushort)(bits + 1))) / 2;
            values.AddRange([Math.BitIncrement(middle), middle, -Math.BitDecrement(middle)]);
        }

        ushort[] actual = Convert<double, ushort>([.. values], TensorType.F64, TensorType.F16, out _);
        for (int i = 0; i < actual.Length; i++)
        {
            ushort expected = BitConverter.HalfToUInt16Bits((Half)values[i]);
            bool right = double.IsNaN(values[i]) ? IsNan(actual[i], TensorType.F16) : actual[i] == expected;
            Assert.True(right, $"{values[i]:R}: {actual[i]:X4}, expected {expected:X4}");
        }
    }

    [Theory]
    [InlineData(65519.996f, TensorType.F16, false)]
    [InlineData(65520f, TensorType.F16, true)]
    [InlineData(-1e30f, TensorType.F16, true)]
    [InlineData(float.PositiveInfinity, TensorType.F16, false)]
    [InlineData(float.NaN, TensorType.F16, false)]
    [InlineData(float.MaxValue, TensorType.BF16, true)]
    [InlineData(3.38e38f, TensorType.BF16, false)]
    [InlineData(1e30f, TensorType.BF16, false)]
    public void A_finite_value_that_becomes_infinite_is_found(float value, TensorType type, bool overflows)
    {
        float[] values = new float[3000];
        values[2345] = value;
        Convert<float, ushort>(values, TensorType.F32, type, out int overflow);
        Assert.Equal(overflows ? 2345 : -1, overflow);
    }

    [Fact]
    public void Fp64_overflow_is_found_for_every_target()
    {
        double[] values = [1, double.PositiveInfinity, 1e39];
        Convert<double, float>(values, TensorType.F64, TensorType.F32, out int single);
        Convert<double, ushort>(values, TensorType.F64, TensorType.BF16, out int brain);
        Assert.Equal((2, 2), (single, brain));
    }

    [Fact]
    public void Integers_are_refused() =>
        Assert.Throws<ArgumentException>(() => FloatConversion.Convert(new byte[4], TensorType.I32, new byte[4], TensorType.F32));

    private static float[] Values(int seed)
    {
        Random random = new(seed);
        float[] values = new float[1_000_003];
        random.NextBytes(MemoryMarshal.AsBytes(values.AsSpan()));
        for (int i = 0; i < 400_000; i++)
        {
            // Where halves live: exponents 2^-26 to 2^17, half of them exact ties.
            uint mantissa = (uint)random.Next(1 << 23) & (i % 2 == 0 ? 0xFFFFFFFFu : 0x7FF000u);
            values[i] = BitConverter.UInt32BitsToSingle(((uint)random.Next(2) << 31) | ((uint)random.Next(101, 145) << 23) | mantissa);
        }

        return values;
    }

    private static TTo[] Convert<TFrom, TTo>(TFrom[] source, TensorType from, TensorType to, out int overflow)
        where TFrom : unmanaged
        where TTo : unmanaged
    {
        TTo[] result = new TTo[source.Length];
        overflow = FloatConversion.Convert(MemoryMarshal.AsBytes(source.AsSpan()), from, MemoryMarshal.AsBytes(result.AsSpan()), to);
        return result;
    }

    private static float Wide(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    // Beyond the largest bfloat the next one would be 2^128, which is where rounding to infinity starts from.
    private static double Above(ushort below)
    {
        float next = Wide((ushort)(below + 1));
        return float.IsFinite(next) ? next : Math.CopySign(Math.Pow(2, 128), next);
    }

    private static bool IsNan(ushort bits, TensorType type) =>
        type == TensorType.F16 ? Half.IsNaN(BitConverter.UInt16BitsToHalf(bits)) : float.IsNaN(Wide(bits));
}
