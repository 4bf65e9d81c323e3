using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace L2c.Kernels;

/// <summary>bfloat16: the upper half of a binary32, rounded to nearest, ties to even.</summary>
/// <remarks>Adding half a unit of what is kept, less one where that is even, carries into it exactly where the value rounds up; the largest finite
/// values carry into infinity. A NaN may have all its bits in the half that is cut off: it gets the quiet one.</remarks>
internal static unsafe class BFloat16
{
    private const uint BelowHalf = 0x7FFF, Quiet = 0x40;

    /// <summary>The rounded value's bits, in the lower half of each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Bits(Vector512<float> value)
    {
        Vector512<uint> bits = value.AsUInt32(), kept = bits >> 16;
        return Vector512.ConditionalSelect(
            Vector512.IsNaN(value).AsUInt32(), kept | Vector512.Create(Quiet),
            (bits + Vector512.Create(BelowHalf) + (kept & Vector512<uint>.One)) >> 16);
    }

    /// <inheritdoc cref="Bits(Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Bits(Vector256<float> value)
    {
        Vector256<uint> bits = value.AsUInt32(), kept = bits >> 16;
        return Vector256.ConditionalSelect(
            Vector256.IsNaN(value).AsUInt32(), kept | Vector256.Create(Quiet),
            (bits + Vector256.Create(BelowHalf) + (kept & Vector256<uint>.One)) >> 16);
    }

    /// <inheritdoc cref="Bits(Vector512{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Bits(Vector128<float> value)
    {
        Vector128<uint> bits = value.AsUInt32(), kept = bits >> 16;
        return Vector128.ConditionalSelect(
            Vector128.IsNaN(value).AsUInt32(), kept | Vector128.Create(Quiet),
            (bits + Vector128.Create(BelowHalf) + (kept & Vector128<uint>.One)) >> 16);
    }

    /// <summary>Reads min(<paramref name="count"/>, V.Count) values and no memory behind them; the other lanes hold 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(ushort* source, int count)
        where V : unmanaged, IFloats<V> => count >= V.Count ? V.LoadBFloat16(source) : LoadPart<V>(source, count);

    /// <summary>Writes min(<paramref name="count"/>, V.Count) values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<V>(V value, ushort* destination, int count)
        where V : unmanaged, IFloats<V>
    {
        if (count >= V.Count)
        {
            V.StoreBFloat16(value, destination);
        }
        else
        {
            StorePart(value, destination, count);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static V LoadPart<V>(ushort* source, int count)
        where V : unmanaged, IFloats<V>
    {
        ushort* whole = stackalloc ushort[V.Count];
        new ReadOnlySpan<ushort>(source, count).CopyTo(new Span<ushort>(whole, V.Count));
        return V.LoadBFloat16(whole);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StorePart<V>(V value, ushort* destination, int count)
        where V : unmanaged, IFloats<V>
    {
        ushort* whole = stackalloc ushort[V.Count];
        V.StoreBFloat16(value, whole);
        new ReadOnlySpan<ushort>(whole, count).CopyTo(new Span<ushort>(destination, count));
    }
}
