using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;
using Half = ILGPU.Half;

namespace L2c.Kernels.Cuda;

/// <summary>How a kernel reads and writes one storage type: always fp32 in registers. A kernel is generic over it and calls
/// <c>default(TElement)</c>, which costs nothing: each storage type is compiled to code of its own.</summary>
/// <remarks>
/// Addresses are device addresses of the first element, indices count elements. Storing rounds to nearest, ties to even; NaN stays NaN.
/// </remarks>
public interface IElement
{
    /// <summary>One element.</summary>
    float Load(ulong address, long index);

    /// <summary>Rounds and writes one element.</summary>
    void Store(ulong address, long index, float value);

    /// <summary>Eight consecutive elements in 16-byte accesses (one for halves, two for fp32).</summary>
    /// <param name="address">Aligned to 16 bytes.</param>
    /// <param name="index">A multiple of 8.</param>
    Float8 Load8(ulong address, long index);

    /// <summary>Rounds and writes eight consecutive elements; alignment as in <see cref="Load8"/>.</summary>
    void Store8(ulong address, long index, Float8 values);
}

/// <summary>IEEE binary32.</summary>
public readonly unsafe struct F32Element : IElement
{
    /// <inheritdoc/>
    public float Load(ulong address, long index) => ((float*)address)[index];

    /// <inheritdoc/>
    public void Store(ulong address, long index, float value) => ((float*)address)[index] = value;

    /// <inheritdoc/>
    public Float8 Load8(ulong address, long index)
    {
        ulong at = address + ((ulong)index * sizeof(float));
        FourWords low = FourWords.Load(at), high = FourWords.Load(at + 16);
        return new Float8(Float(low.X), Float(low.Y), Float(low.Z), Float(low.W), Float(high.X), Float(high.Y), Float(high.Z), Float(high.W));
    }

    /// <inheritdoc/>
    public void Store8(ulong address, long index, Float8 values)
    {
        ulong at = address + ((ulong)index * sizeof(float));
        new FourWords(Word(values.V0), Word(values.V1), Word(values.V2), Word(values.V3)).Store(at);
        new FourWords(Word(values.V4), Word(values.V5), Word(values.V6), Word(values.V7)).Store(at + 16);
    }

    private static float Float(uint word) => Interop.IntAsFloat(word);

    private static uint Word(float value) => Interop.FloatAsInt(value);
}

/// <summary>IEEE binary16.</summary>
public readonly unsafe struct F16Element : IElement
{
    /// <inheritdoc/>
    public float Load(ulong address, long index) => Widen(((ushort*)address)[index]);

    /// <inheritdoc/>
    public void Store(ulong address, long index, float value) => ((ushort*)address)[index] = (ushort)Pack(value, 0);

    /// <inheritdoc/>
    public Float8 Load8(ulong address, long index)
    {
        FourWords words = FourWords.Load(address + ((ulong)index * sizeof(ushort)));
        return new Float8(
            Low(words.X), High(words.X), Low(words.Y), High(words.Y), Low(words.Z), High(words.Z), Low(words.W), High(words.W));
    }

    /// <inheritdoc/>
    public void Store8(ulong address, long index, Float8 values) =>
        new FourWords(Pack(values.V0, values.V1), Pack(values.V2, values.V3), Pack(values.V4, values.V5), Pack(values.V6, values.V7))
            .Store(address + ((ulong)index * sizeof(ushort)));

    /// <summary>Two fp32 values rounded to fp16, the first in the lower half of the word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Pack(float low, float high)
    {
        CudaAsm.Emit("cvt.rn.f16x2.f32 %0, %1, %2;", out uint packed, high, low);
        return packed;
    }

    private static float Low(uint word) => Widen((ushort)word);

    private static float High(uint word) => Widen((ushort)(word >> 16));

    private static float Widen(ushort bits)
    {
        Half half = Interop.IntAsFloat(bits);
        return half;
    }
}

/// <summary>bfloat16: the upper half of a binary32.</summary>
public readonly unsafe struct Bf16Element : IElement
{
    /// <inheritdoc/>
    public float Load(ulong address, long index) => Interop.IntAsFloat((uint)((ushort*)address)[index] << 16);

    /// <inheritdoc/>
    public void Store(ulong address, long index, float value) => ((ushort*)address)[index] = (ushort)Pack(value, 0);

    /// <inheritdoc/>
    public Float8 Load8(ulong address, long index)
    {
        FourWords words = FourWords.Load(address + ((ulong)index * sizeof(ushort)));
        return new Float8(
            Low(words.X), High(words.X), Low(words.Y), High(words.Y), Low(words.Z), High(words.Z), Low(words.W), High(words.W));
    }

    /// <inheritdoc/>
    public void Store8(ulong address, long index, Float8 values) =>
        new FourWords(Pack(values.V0, values.V1), Pack(values.V2, values.V3), Pack(values.V4, values.V5), Pack(values.V6, values.V7))
            .Store(address + ((ulong)index * sizeof(ushort)));

    /// <summary>Two fp32 values rounded to bfloat16, the first in the lower half of the word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Pack(float low, float high)
    {
        CudaAsm.Emit("cvt.rn.bf16x2.f32 %0, %1, %2;", out uint packed, high, low);
        return packed;
    }

    private static float Low(uint word) => Interop.IntAsFloat(word << 16);

    private static float High(uint word) => Interop.IntAsFloat(word & 0xFFFF0000);
}
