using System.Buffers.Binary;

namespace L2c.Weights.Zip;

/// <summary>The zip64 extra field: 64-bit values for those that did not fit 32 bits.</summary>
/// <remarks>Source: PKWARE APPNOTE.TXT 6.3, section 4.5.3.</remarks>
internal static class Zip64Extra
{
    private const int FieldId = 1;

    /// <summary>Replaces each value that is 0xFFFFFFFF by the next one of the field; left as they are where the field does not hold them.</summary>
    public static void Apply(ReadOnlySpan<byte> extra, ref long size, ref long compressed, ref long offset)
    {
        while (extra.Length >= 4)
        {
            int id = BinaryPrimitives.ReadUInt16LittleEndian(extra), length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            extra = extra[4..];
            if (length > extra.Length)
            {
                return;
            }

            if (id == FieldId)
            {
                ReadOnlySpan<byte> values = extra[..length];
                Take(ref values, ref size);
                Take(ref values, ref compressed);
                Take(ref values, ref offset);
                return;
            }

            extra = extra[length..];
        }
    }

    /// <summary>Writes the field: its identifier, its length and values.</summary>
    public static void Write(Span<byte> extra, params ReadOnlySpan<long> values)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(extra, FieldId);
        BinaryPrimitives.WriteUInt16LittleEndian(extra[2..], (ushort)(values.Length * sizeof(long)));
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(extra[(4 + (i * sizeof(long)))..], values[i]);
        }
    }

    private static void Take(ref ReadOnlySpan<byte> values, ref long value)
    {
        if (value == uint.MaxValue && values.Length >= sizeof(long))
        {
            value = BinaryPrimitives.ReadInt64LittleEndian(values);
            values = values[sizeof(long)..];
        }
    }
}
