using System.Numerics;
using System.Runtime.CompilerServices;

namespace L2c.Emulation.Instructions;

internal readonly struct MulHigh<T, TWide> : IBinary<T, T, T>
    where T : IBinaryInteger<T>
    where TWide : IBinaryInteger<TWide>
{
    public static T Of(T a, T b) =>
        T.CreateTruncating((TWide.CreateTruncating(a) * TWide.CreateTruncating(b)) >> Width<T>.Bits);
}

internal readonly struct MulWide<T, TWide> : IBinary<T, T, TWide>
    where T : IBinaryInteger<T>
    where TWide : IBinaryInteger<TWide>
{
    public static TWide Of(T a, T b) => TWide.CreateTruncating(a) * TWide.CreateTruncating(b);
}

internal readonly struct MadWide<T, TWide> : ITernary<T, T, TWide, TWide>
    where T : IBinaryInteger<T>
    where TWide : IBinaryInteger<TWide>
{
    public static TWide Of(T a, T b, TWide c) => unchecked((TWide.CreateTruncating(a) * TWide.CreateTruncating(b)) + c);
}

internal readonly struct MadLow<T> : ITernary<T, T, T, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, T b, T c) => unchecked((a * b) + c);
}

/// <summary>The smallest integer by -1 wraps.</summary>
internal readonly struct Divide<T> : IDivision<T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, T b) => T.IsNegative(b) && b == T.AllBitsSet ? unchecked(T.Zero - a) : a / b;
}

internal readonly struct Remainder<T> : IDivision<T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, T b) => T.IsNegative(b) && b == T.AllBitsSet ? T.Zero : a % b;
}

internal readonly struct And<T> : IBinary<T, T, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, T b) => a & b;
}

internal readonly struct Or<T> : IBinary<T, T, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, T b) => a | b;
}

internal readonly struct Xor<T> : IBinary<T, T, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, T b) => a ^ b;
}

internal readonly struct Not<T> : IUnary<T, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a) => ~a;
}

/// <summary>Amounts beyond the width give 0.</summary>
internal readonly struct ShiftLeft<T> : IBinary<T, uint, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, uint b) => b < (uint)Width<T>.Bits ? a << (int)b : T.Zero;
}

/// <summary>Amounts beyond the width give 0, or the sign.</summary>
internal readonly struct ShiftRight<T> : IBinary<T, uint, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, uint b) => b < (uint)Width<T>.Bits ? a >> (int)b : T.IsNegative(a) ? T.AllBitsSet : T.Zero;
}

internal readonly struct PopCount<T> : IUnary<T, uint>
    where T : IBinaryInteger<T>
{
    public static uint Of(T a) => uint.CreateTruncating(T.PopCount(a));
}

internal readonly struct LeadingZeros<T> : IUnary<T, uint>
    where T : IBinaryInteger<T>
{
    public static uint Of(T a) => uint.CreateTruncating(T.LeadingZeroCount(a));
}

internal readonly struct ReverseBits<T> : IUnary<T, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a)
    {
        T result = T.Zero;
        for (int i = 0; i < Width<T>.Bits; i++)
        {
            result = (result << 1) | ((a >> i) & T.One);
        }

        return result;
    }
}

/// <summary>bfe: a field of a, its position and length in the low bytes of b and c; what is missing above it repeats its sign.</summary>
internal readonly struct FieldExtract<T> : ITernary<T, uint, uint, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, uint b, uint c)
    {
        int bits = Width<T>.Bits;
        int position = (int)(b & 0xFF);
        int length = (int)(c & 0xFF);
        int present = Math.Min(length, Math.Max(bits - position, 0));
        T mask = present >= bits ? T.AllBitsSet : (T.One << present) - T.One;
        T field = present == 0 ? T.Zero : (a >>> position) & mask;
        bool signed = T.IsNegative(T.AllBitsSet) && length > 0;
        bool sign = signed && ((a >>> Math.Min(position + length - 1, bits - 1)) & T.One) == T.One;
        return sign ? field | ~mask : field;
    }
}

/// <summary>bfi: b with a field replaced by the low bits of a.</summary>
internal readonly struct FieldInsert<T> : IQuaternary<T, T, uint, uint, T>
    where T : IBinaryInteger<T>
{
    public static T Of(T a, T b, uint c, uint d)
    {
        int position = (int)(c & 0xFF);
        int length = (int)(d & 0xFF);
        if (position >= Width<T>.Bits || length == 0)
        {
            return b;
        }

        T field = length >= Width<T>.Bits ? T.AllBitsSet : (T.One << length) - T.One;
        return (b & ~(field << position)) | ((a & field) << position);
    }
}

/// <summary>lop3: bit 4·a + 2·b + c of the table, for every bit.</summary>
internal readonly struct Logic3 : IQuaternary<uint, uint, uint, uint, uint>
{
    public static uint Of(uint a, uint b, uint c, uint table)
    {
        uint result = 0;
        for (int i = 0; i < 8; i++)
        {
            uint term = ((i & 4) != 0 ? a : ~a) & ((i & 2) != 0 ? b : ~b) & ((i & 1) != 0 ? c : ~c);
            result |= (table >> i & 1) != 0 ? term : 0;
        }

        return result;
    }
}

/// <summary>prmt in its plain mode: each nibble of c picks a byte of {b, a}, or its sign repeated.</summary>
internal readonly struct Permute : ITernary<uint, uint, uint, uint>
{
    public static uint Of(uint a, uint b, uint c)
    {
        ulong bytes = a | ((ulong)b << 32);
        uint result = 0;
        for (int i = 0; i < 4; i++)
        {
            uint selector = c >> (4 * i) & 0xF;
            uint value = (uint)(bytes >> (8 * (int)(selector & 7))) & 0xFF;
            value = (selector & 8) == 0 ? value : (value & 0x80) != 0 ? 0xFFu : 0;
            result |= value << (8 * i);
        }

        return result;
    }
}

internal static class Width<T>
{
    public static int Bits => Unsafe.SizeOf<T>() * 8;
}
