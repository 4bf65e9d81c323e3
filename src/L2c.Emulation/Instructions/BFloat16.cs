namespace L2c.Emulation.Instructions;

/// <summary>bf16: the upper half of a float. .NET 10 has no such type.</summary>
/// <param name="Bits">Sign, 8 bits of exponent, 7 of fraction.</param>
internal readonly record struct BFloat16(ushort Bits)
{
    public const ushort CanonicalNaN = 0x7FFF;

    public float ToSingle() => BitConverter.UInt32BitsToSingle((uint)Bits << 16);

    /// <summary>To nearest, ties to even.</summary>
    public static BFloat16 Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? new(CanonicalNaN) : new((ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16));
    }

    /// <summary>Towards zero.</summary>
    public static BFloat16 Truncate(float value) =>
        float.IsNaN(value) ? new(CanonicalNaN) : new((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
}
