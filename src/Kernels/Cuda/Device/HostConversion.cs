namespace L2c.Kernels.Cuda;

/// <summary>Values between fp32 and a storage type, on the host; to nearest, ties to even.</summary>
internal static unsafe class HostConversion
{
    /// <summary>Writes values in a storage type.</summary>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <param name="source">Values.</param>
    /// <param name="destination">Room for as many elements.</param>
    public static void FromFloats(DType type, ReadOnlySpan<float> source, byte* destination)
    {
        switch (type)
        {
            case DType.F32:
                source.CopyTo(new Span<float>(destination, source.Length));
                break;
            case DType.F16:
                for (int i = 0; i < source.Length; i++)
                {
                    ((Half*)destination)[i] = (Half)source[i];
                }

                break;
            case DType.BF16:
                for (int i = 0; i < source.Length; i++)
                {
                    ((ushort*)destination)[i] = ToBFloat16(source[i]);
                }

                break;
            default:
                throw new ArgumentException($"{type} does not hold fp32 values");
        }
    }

    /// <summary>Reads values of any element type as fp32, which holds each exactly but for integers beyond 2^24.</summary>
    public static void ToFloats(DType type, byte* source, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = type switch
            {
                DType.F16 => (float)((Half*)source)[i],
                DType.BF16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)source)[i] << 16),
                DType.I32 => ((int*)source)[i],
                _ => ((float*)source)[i],
            };
        }
    }

    /// <summary>The upper half of the bits, rounded; NaN stays NaN.</summary>
    public static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
