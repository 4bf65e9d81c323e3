using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace L2c.Weights.Layouts;

/// <summary>Conversion between stored floating-point types, rounding to nearest, ties to even.</summary>
/// <remarks>
/// Everything passes through binary32. Only F64 can lose bits on the way, so before a second rounding to 16 bits it is rounded to odd:
/// the result then equals one direct rounding (Boldo and Melquiond 2008). Bytes are little-endian. NaN stays NaN.
/// </remarks>
public static class FloatConversion
{
    private const int Block = 1024;

    /// <summary>Converts elements.</summary>
    /// <param name="source">Elements of type <paramref name="from"/>.</param>
    /// <param name="from">F64, F32, F16 or BF16.</param>
    /// <param name="destination">As many elements of type <paramref name="to"/>.</param>
    /// <param name="to">F32, F16 or BF16.</param>
    /// <returns>Index of the first finite element that becomes infinite, -1 when there is none.</returns>
    /// <exception cref="ArgumentException">The lengths differ, or a type is not one of these.</exception>
    public static int Convert(ReadOnlySpan<byte> source, TensorType from, Span<byte> destination, TensorType to)
    {
        int count = source.Length / from.Size();
        if (count * to.Size() != destination.Length || !BitConverter.IsLittleEndian)
        {
            throw new ArgumentException(
                $"FloatConversion: {source.Length} bytes of {from} do not fill {destination.Length} bytes of {to} (little-endian)");
        }

        if (from == to)
        {
            source.CopyTo(destination);
            return -1;
        }

        Span<float> block = stackalloc float[Block];
        int overflow = -1;
        for (int start = 0; start < count; start += Block)
        {
            int n = Math.Min(Block, count - start);
            ReadOnlySpan<byte> stored = source.Slice(start * from.Size(), n * from.Size());
            int bad = Widen(stored, from, block[..n], oddRounding: to != TensorType.F32);
            if (to == TensorType.F32)
            {
                MemoryMarshal.AsBytes(block[..n]).CopyTo(destination[(start * sizeof(float))..]);
            }
            else
            {
                Span<ushort> narrow = MemoryMarshal.Cast<byte, ushort>(destination.Slice(start * sizeof(ushort), n * sizeof(ushort)));
                bad = Narrow(MemoryMarshal.Cast<float, uint>(block[..n]), narrow, to);
            }

            overflow = overflow < 0 && bad >= 0 ? start + bad : overflow;
        }

        return overflow;
    }

    private static int Widen(ReadOnlySpan<byte> source, TensorType type, Span<float> block, bool oddRounding)
    {
        switch (type)
        {
            case TensorType.F32:
                source.CopyTo(MemoryMarshal.AsBytes(block));
                return -1;
            case TensorType.F16:
                for (int i = 0; i < block.Length; i++)
                {
                    block[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(source[(2 * i)..]);
                }

                return -1;
            case TensorType.BF16:
                for (int i = 0; i < block.Length; i++)
                {
                    block[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]) << 16);
                }

                return -1;
            case TensorType.F64:
                int overflow = -1;
                for (int i = 0; i < block.Length; i++)
                {
                    double value = BinaryPrimitives.ReadDoubleLittleEndian(source[(8 * i)..]);
                    block[i] = oddRounding ? RoundToOdd(value) : (float)value;
                    overflow = overflow < 0 && double.IsFinite(value) && !float.IsFinite(block[i]) ? i : overflow;
                }

                return overflow;
            default:
                throw new ArgumentException($"FloatConversion: {type} is not a floating-point type", nameof(type));
        }
    }

    // Towards zero, then the last bit set if anything was cut off: keeps the information that a later rounding needs.
    private static float RoundToOdd(double value)
    {
        float nearest = (float)value;
        if (nearest == value || double.IsNaN(value))
        {
            return nearest;
        }

        uint bits = BitConverter.SingleToUInt32Bits(nearest);
        uint truncated = Math.Abs((double)nearest) > Math.Abs(value) ? bits - 1 : bits;
        return BitConverter.UInt32BitsToSingle(truncated | 1);
    }

    private static int Narrow(ReadOnlySpan<uint> source, Span<ushort> destination, TensorType type)
    {
        bool half = type switch
        {
            TensorType.F16 => true,
            TensorType.BF16 => false,
            _ => throw new ArgumentException($"FloatConversion: {type} cannot be converted to", nameof(type)),
        };
        int i = 0;
        for (; i <= source.Length - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            Vector256<uint> low = Vector256.Create(source[i..]);
            Vector256<uint> high = Vector256.Create(source[(i + Vector256<uint>.Count)..]);
            Vector256.Narrow(half ? ToHalf(low) : ToBFloat(low), half ? ToHalf(high) : ToBFloat(high)).CopyTo(destination[i..]);
        }

        for (; i < source.Length; i++)
        {
            Vector256<uint> one = Vector256.CreateScalar(source[i]);
            destination[i] = (ushort)(half ? ToHalf(one) : ToBFloat(one)).ToScalar();
        }

        return FindOverflow(source, half ? 0x477FF000u : 0x7F7F8000u);
    }

    // Round half to even by adding just under half a unit in the last place, one more if the last kept bit is set.
    private static Vector256<uint> ToHalf(Vector256<uint> bits)
    {
        Vector256<uint> magnitude = bits & Vector256.Create(0x7FFFFFFFu);
        Vector256<uint> sign = Vector256.ShiftRightLogical(bits ^ magnitude, 16);
        Vector256<uint> odd = Vector256.ShiftRightLogical(magnitude, 13) & Vector256<uint>.One;
        Vector256<uint> normal = Vector256.ShiftRightLogical(magnitude + Vector256.Create(0xFFFu) + odd - Vector256.Create(112u << 23), 13);

        // The sum with 0.5 has the unit in the last place of a binary16 subnormal, so the addition itself rounds.
        Vector256<uint> subnormal = (magnitude.AsSingle() + Vector256.Create(0.5f)).AsUInt32() - Vector256.Create(0x3F000000u);
        Vector256<uint> result = Vector256.ConditionalSelect(Less(magnitude, 0x38800000), subnormal, normal);
        result = Vector256.ConditionalSelect(Less(magnitude, 0x47800000), result, Vector256.Create(0x7C00u));
        result = Vector256.ConditionalSelect(Less(magnitude, 0x7F800001), result, Vector256.Create(0x7E00u));
        return result | sign;
    }

    private static Vector256<uint> ToBFloat(Vector256<uint> bits)
    {
        Vector256<uint> magnitude = bits & Vector256.Create(0x7FFFFFFFu);
        Vector256<uint> odd = Vector256.ShiftRightLogical(bits, 16) & Vector256<uint>.One;
        Vector256<uint> rounded = Vector256.ShiftRightLogical(bits + Vector256.Create(0x7FFFu) + odd, 16);
        Vector256<uint> quietNan = Vector256.ShiftRightLogical(bits, 16) | Vector256.Create(0x40u);
        return Vector256.ConditionalSelect(Less(magnitude, 0x7F800001), rounded, quietNan);
    }

    private static Vector256<uint> Less(Vector256<uint> magnitude, int bound) =>
        Vector256.LessThan(magnitude.AsInt32(), Vector256.Create(bound)).AsUInt32();

    private static int FindOverflow(ReadOnlySpan<uint> source, uint firstTooLarge)
    {
        for (int i = 0; i < source.Length; i++)
        {
            // Subtraction wraps below the bound, so one comparison covers [firstTooLarge, infinity).
            if ((source[i] & 0x7FFFFFFF) - firstTooLarge < 0x7F800000 - firstTooLarge)
            {
                return i;
            }
        }

        return -1;
    }
}
