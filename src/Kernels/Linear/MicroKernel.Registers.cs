using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What the micro-kernel does with a row of its registers.</summary>
internal static unsafe partial class MicroKernel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AskForNextTile<V, Rows, Vectors>(float* c, nint cRow)
        where V : unmanaged, IFloats<V>
        where Rows : struct, IConstant
        where Vectors : struct, IConstant
    {
        c += Rows.Value * cRow;
        for (int i = 0; i < Rows.Value; i++, c += cRow)
        {
            for (int j = 0; j < Vectors.Value; j++)
            {
                Prefetch.Line(c + j * V.Count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row<V, Vectors>(float* a, V b0, V b1, V b2, ref V c0, ref V c1, ref V c2)
        where V : unmanaged, IFloats<V>
        where Vectors : struct, IConstant
    {
        V value = V.Broadcast(*a);
        c0 = V.MultiplyAdd(value, b0, c0);
        if (Vectors.Value > 1)
        {
            c1 = V.MultiplyAdd(value, b1, c1);
        }

        if (Vectors.Value > 2)
        {
            c2 = V.MultiplyAdd(value, b2, c2);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clamp<V, Vectors>(ref V c0, ref V c1, ref V c2)
        where V : unmanaged, IFloats<V>
        where Vectors : struct, IConstant
    {
        c0 = ReluForm.Value(c0);
        c1 = Vectors.Value > 1 ? ReluForm.Value(c1) : c1;
        c2 = Vectors.Value > 2 ? ReluForm.Value(c2) : c2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<V, Vectors>(float* source, out V v0, out V v1, out V v2)
        where V : unmanaged, IFloats<V>
        where Vectors : struct, IConstant
    {
        v0 = V.Load(source);
        v1 = Vectors.Value > 1 ? V.Load(source + V.Count) : default;
        v2 = Vectors.Value > 2 ? V.Load(source + 2 * V.Count) : default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<V, Vectors>(V v0, V v1, V v2, float* destination)
        where V : unmanaged, IFloats<V>
        where Vectors : struct, IConstant
    {
        V.Store(v0, destination);
        if (Vectors.Value > 1)
        {
            V.Store(v1, destination + V.Count);
        }

        if (Vectors.Value > 2)
        {
            V.Store(v2, destination + 2 * V.Count);
        }
    }
}
