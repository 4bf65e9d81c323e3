using System.Numerics;
using L2c.Native;

namespace L2c.Emulation;

/// <summary>Whether fp32 is cut to 10 bits of mantissa, and how.</summary>
internal enum Tf32
{
    /// <summary>It is not.</summary>
    No,
    /// <summary>To nearest, ties away from zero: what cvt.rna.tf32.f32 gives.</summary>
    Nearest,
    /// <summary>The other 13 bits are dropped.</summary>
    Truncated,
}

/// <summary>Element types in memory and as fp32.</summary>
internal static unsafe class Storage
{
    private const uint ExponentMask = 0x7F80_0000;

    /// <summary>Widens stored elements; exact for halves.</summary>
    /// <param name="type">Of the elements.</param>
    /// <param name="source">The first.</param>
    /// <param name="count">How many.</param>
    /// <param name="destination">Receives them.</param>
    /// <param name="rounding">Only with fp32.</param>
    public static void Load(cudaDataType_t type, byte* source, int count, float* destination, Tf32 rounding = Tf32.No)
    {
        if (type == cudaDataType_t.CUDA_R_32F)
        {
            for (int i = 0; i < count; i++)
            {
                destination[i] = Round(((float*)source)[i], rounding);
            }

            return;
        }

        bool brain = type == cudaDataType_t.CUDA_R_16BF;
        ushort* halves = (ushort*)source;
        int done = 0;
        for (; done + Vector<ushort>.Count <= count; done += Vector<ushort>.Count)
        {
            Vector.Widen(Vector.Load(halves + done), out Vector<uint> low, out Vector<uint> high);
            Vector.Store(brain ? WidenBrain(low) : WidenHalf(low), destination + done);
            Vector.Store(brain ? WidenBrain(high) : WidenHalf(high), destination + done + Vector<uint>.Count);
        }

        for (; done < count; done++)
        {
            destination[done] = brain
                ? BitConverter.UInt32BitsToSingle((uint)halves[done] << 16)
                : (float)BitConverter.UInt16BitsToHalf(halves[done]);
        }
    }

    /// <summary>Rounds to the stored type, to nearest with ties to even.</summary>
    /// <param name="type">Of the stored elements.</param>
    /// <param name="source">The first value.</param>
    /// <param name="count">How many.</param>
    /// <param name="destination">Receives them.</param>
    public static void Store(cudaDataType_t type, float* source, int count, byte* destination)
    {
        for (int i = 0; i < count; i++)
        {
            switch (type)
            {
                case cudaDataType_t.CUDA_R_32F:
                    ((float*)destination)[i] = source[i];
                    break;
                case cudaDataType_t.CUDA_R_16F:
                    ((Half*)destination)[i] = (Half)source[i];
                    break;
                default:
                    ((ushort*)destination)[i] = RoundBrain(source[i]);
                    break;
            }
        }
    }

    /// <summary>The nearest bfloat16, ties to even; NaN becomes the quiet one that the hardware gives.</summary>
    public static ushort RoundBrain(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)0x7FFF : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    // NaN and infinity stay.
    private static float Round(float value, Tf32 rounding)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value), half = rounding == Tf32.Nearest ? 0x1000u : 0;
        return rounding == Tf32.No || (bits & ExponentMask) == ExponentMask ? value : BitConverter.UInt32BitsToSingle((bits + half) & 0xFFFF_E000);
    }

    private static Vector<float> WidenBrain(Vector<uint> bits) => Vector.AsVectorSingle(Vector.ShiftLeft(bits, 16));

    // The bits of a half, moved to fp32's place, are its value divided by 2^112, subnormals included; only infinity and NaN need their exponent.
    private static Vector<float> WidenHalf(Vector<uint> bits)
    {
        Vector<uint> magnitude = Vector.ShiftLeft(bits & new Vector<uint>(0x7FFF), 13);
        Vector<uint> finite = Vector.AsVectorUInt32(Vector.AsVectorSingle(magnitude) * BitConverter.UInt32BitsToSingle(0x7780_0000));
        Vector<uint> special = Vector.GreaterThanOrEqual(magnitude, new Vector<uint>(0x0F80_0000)) & new Vector<uint>(ExponentMask);
        return Vector.AsVectorSingle(finite | special | Vector.ShiftLeft(bits & new Vector<uint>(0x8000), 16));
    }
}
