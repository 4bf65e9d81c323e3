using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>Loads and stores that stop at the end of a row, so that one loop body serves whole vectors and the tail alike.</summary>
internal static unsafe class Partial
{
    /// <summary>Reads min(<paramref name="count"/>, V.Count) values; the lanes beyond hold <paramref name="fill"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(float* source, int count, float fill = 0)
        where V : unmanaged, IFloats<V> => count >= V.Count ? V.Load(source) : V.LoadPart(source, count, fill);

    /// <summary>Writes min(<paramref name="count"/>, V.Count) values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<V>(V value, float* destination, int count)
        where V : unmanaged, IFloats<V>
    {
        if (count >= V.Count)
        {
            V.Store(value, destination);
        }
        else
        {
            V.StorePart(value, destination, count);
        }
    }
}
