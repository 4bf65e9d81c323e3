using System.Numerics;

namespace L2c.Emulation.Instructions;

/// <summary>NaNs as the device returns them: one bit pattern per precision below double, where payloads are not specified.</summary>
internal static class NaNs
{
    public static T Canonical<T>(T value)
    {
        if (typeof(T) == typeof(float))
        {
            float single = (float)(object)value!;
            return float.IsNaN(single) ? (T)(object)BitConverter.UInt32BitsToSingle(0x7FFFFFFF) : value;
        }

        if (typeof(T) == typeof(Half))
        {
            Half half = (Half)(object)value!;
            return Half.IsNaN(half) ? (T)(object)BitConverter.UInt16BitsToHalf(0x7FFF) : value;
        }

        return value;
    }
}

internal readonly struct Add<T> : IBinary<T, T, T>
    where T : INumberBase<T>
{
    public static T Of(T a, T b) => NaNs.Canonical(unchecked(a + b));
}

internal readonly struct Subtract<T> : IBinary<T, T, T>
    where T : INumberBase<T>
{
    public static T Of(T a, T b) => NaNs.Canonical(unchecked(a - b));
}

internal readonly struct Multiply<T> : IBinary<T, T, T>
    where T : INumberBase<T>
{
    public static T Of(T a, T b) => NaNs.Canonical(unchecked(a * b));
}

internal readonly struct DivideFloat<T> : IBinary<T, T, T>
    where T : INumberBase<T>
{
    public static T Of(T a, T b) => NaNs.Canonical(a / b);
}

/// <summary>min: the other operand when one is NaN; -0 is below +0.</summary>
internal readonly struct Minimum<T> : IBinary<T, T, T>
    where T : INumber<T>
{
    public static T Of(T a, T b) => NaNs.Canonical(T.MinNumber(a, b));
}

internal readonly struct Maximum<T> : IBinary<T, T, T>
    where T : INumber<T>
{
    public static T Of(T a, T b) => NaNs.Canonical(T.MaxNumber(a, b));
}

/// <summary>min.NaN: NaN when one operand is.</summary>
internal readonly struct MinimumOrNaN<T> : IBinary<T, T, T>
    where T : INumber<T>
{
    public static T Of(T a, T b) => NaNs.Canonical(T.Min(a, b));
}

internal readonly struct MaximumOrNaN<T> : IBinary<T, T, T>
    where T : INumber<T>
{
    public static T Of(T a, T b) => NaNs.Canonical(T.Max(a, b));
}

internal readonly struct Negate<T> : IUnary<T, T>
    where T : INumberBase<T>
{
    public static T Of(T a) => NaNs.Canonical(unchecked(-a));
}

internal readonly struct Absolute<T> : IUnary<T, T>
    where T : INumber<T>
{
    // Not T.Abs: the smallest integer is its own absolute value on the device.
    public static T Of(T a) => T.IsNegative(a) ? Negate<T>.Of(a) : NaNs.Canonical(a);
}

internal readonly struct FusedMultiplyAdd<T> : ITernary<T, T, T, T>
    where T : IFloatingPointIeee754<T>
{
    public static T Of(T a, T b, T c) => NaNs.Canonical(T.FusedMultiplyAdd(a, b, c));
}

/// <summary>Half: the product is exact in double, and so is the sum wherever its rounding to half could be a tie.</summary>
internal readonly struct FusedMultiplyAddHalf : ITernary<Half, Half, Half, Half>
{
    public static Half Of(Half a, Half b, Half c) => NaNs.Canonical((Half)(((double)a * (double)b) + (double)c));
}

internal readonly struct FusedMultiplyAddBFloat16 : ITernary<BFloat16, BFloat16, BFloat16, BFloat16>
{
    public static BFloat16 Of(BFloat16 a, BFloat16 b, BFloat16 c)
    {
        double product = (double)a.ToSingle() * b.ToSingle();
        double addend = c.ToSingle();
        double sum = product + addend;

        // Rounding to odd: what the sum lost (two-sum) must not turn into a tie of the second rounding.
        double part = sum - product;
        double lost = (product - (sum - part)) + (addend - part);
        if (lost != 0 && double.IsFinite(sum) && (BitConverter.DoubleToInt64Bits(sum) & 1) == 0)
        {
            sum = lost > 0 == sum > 0 ? BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(sum) + 1)
                : BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(sum) - 1);
        }

        return BFloat16.Round(OddSingle(sum));
    }

    // Double to float, rounded to odd: 24 bits are more than twice 8 and two.
    private static float OddSingle(double value)
    {
        float single = (float)value;
        if (!float.IsFinite(single) || single == value)
        {
            return single;
        }

        int bits = BitConverter.SingleToInt32Bits(single);
        bool towardsZero = Math.Abs((double)single) < Math.Abs(value);
        return (bits & 1) != 0 ? single : BitConverter.Int32BitsToSingle(towardsZero ? bits + 1 : bits - 1);
    }
}
