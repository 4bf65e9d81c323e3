using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>The innermost product of every matrix op: a tile of C = A B held in registers while k runs.</summary>
/// <remarks>
/// One element is one chain of multiply-adds over k = 0, 1, ..., whatever the tile's size; so tiles of different heights and widths agree bit
/// for bit, and a sum that is continued later is the same as one in one go.
/// 8 rows x 3 vectors take 24 accumulators, 3 vectors of B and 1 of A: 28 of AVX-512's 32 registers. 4 x 3 takes all 16 of AVX2.
/// </remarks>
internal static unsafe class MicroKernel
{
    /// <summary>Columns of the widest tile, in vectors: also the width of a packed panel of weights.</summary>
    public const int PanelVectors = 3;

    /// <summary>Rows of the tallest tile that the registers of V hold.</summary>
    public static int TallestTile<V>()
        where V : unmanaged, IFloats<V> => V.Count == 16 ? 8 : 4;

    /// <summary>Vectors that the next tile takes of <paramref name="columns"/> still to do: as even as possible, since a tile of one vector is
    /// bound by its loads.</summary>
    public static int NextVectors<V>(int columns)
        where V : unmanaged, IFloats<V>
    {
        int vectors = (columns + V.Count - 1) / V.Count, tiles = (vectors + PanelVectors - 1) / PanelVectors;
        return (vectors + tiles - 1) / tiles;
    }

    /// <summary>A product whose rows of A are one run: <paramref name="a"/> is its <see cref="RowRun.First"/>, <paramref name="aRow"/> its
    /// <see cref="RowRun.Stride"/>, <paramref name="ahead"/> its <see cref="RowRun.Ahead"/>.</summary>
    public static void Multiply<V>(
        int rows, int vectors, float* a, nint aRow, nint aStep, float* b, nint bSecond, nint bStep, int depth,
        float* start, nint startRow, float* c, nint cRow, float* ahead, nint aheadStep)
        where V : unmanaged, IFloats<V>
    {
        RowRun run = new(a, aRow, depth) { Ahead = ahead };
        Multiply<V>(rows, vectors, &run, aStep, b, bSecond, bStep, start, startRow, c, cRow, aheadStep, clamps: false);
    }

    /// <summary>Picks the tile: <paramref name="rows"/> at most <see cref="TallestTile"/>, <paramref name="vectors"/> at most
    /// <see cref="PanelVectors"/>.</summary>
    /// <inheritdoc cref="Multiply{V, Rows, Vectors}"/>
    public static void Multiply<V>(
        int rows, int vectors, RowRun* runs, nint aStep, float* b, nint bSecond, nint bStep,
        float* start, nint startRow, float* c, nint cRow, nint aheadStep, bool clamps)
        where V : unmanaged, IFloats<V>
    {
        switch (rows > 4, vectors)
        {
            case (true, 3):
                Multiply<V, Eight, Three>(rows, runs, aStep, b, bSecond, bStep, start, startRow, c, cRow, aheadStep, clamps);
                break;
            case (true, 2):
                Multiply<V, Eight, Two>(rows, runs, aStep, b, bSecond, bStep, start, startRow, c, cRow, aheadStep, clamps);
                break;
            case (true, _):
                Multiply<V, Eight, One>(rows, runs, aStep, b, bSecond, bStep, start, startRow, c, cRow, aheadStep, clamps);
                break;
            case (false, 3):
                Multiply<V, Four, Three>(rows, runs, aStep, b, bSecond, bStep, start, startRow, c, cRow, aheadStep, clamps);
                break;
            case (false, 2):
                Multiply<V, Four, Two>(rows, runs, aStep, b, bSecond, bStep, start, startRow, c, cRow, aheadStep, clamps);
                break;
            default:
                Multiply<V, Four, One>(rows, runs, aStep, b, bSecond, bStep, start, startRow, c, cRow, aheadStep, clamps);
                break;
        }
    }

    /// <summary>c[i, j] = start[i, j] + sum_k a[i, k] b[k, j] for Rows rows and Vectors vectors of columns.</summary>
    /// <param name="rows">Rows of a that exist, 1 .. Rows; the last one stands in for those that do not.</param>
    /// <param name="runs">Where the rows of A lie: runs of k that follow each other in the sum, up to <see cref="RowRun.IsLast"/>.</param>
    /// <param name="aStep">Elements from one k to the next in A.</param>
    /// <param name="b">First element of B; columns of a vector are consecutive.</param>
    /// <param name="bSecond">Elements from there to the second of two vectors, which may lie elsewhere. Of three each follows the one before.</param>
    /// <param name="bStep">Elements from one k to the next in B.</param>
    /// <param name="start">First element of what the sums start from, at least as large as the tile; null for zeros. It may be c.</param>
    /// <param name="startRow">Elements from one row of it to the next; 0 gives every row the same.</param>
    /// <param name="c">First element of the tile; all Rows x Vectors are written.</param>
    /// <param name="cRow">Elements from one row of the tile to the next.</param>
    /// <param name="aheadStep">Elements from one line asked for to the next, beginning at <see cref="RowRun.Ahead"/>. The rows below the tile are
    /// asked for too: that is where the next call writes, as a rule.</param>
    /// <param name="clamps">Whether sums below 0 become 0, as by <see cref="Activation.Relu"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<V, Rows, Vectors>(
        int rows, RowRun* runs, nint aStep, float* b, nint bSecond, nint bStep,
        float* start, nint startRow, float* c, nint cRow, nint aheadStep, bool clamps)
        where V : unmanaged, IFloats<V>
        where Rows : struct, IConstant
        where Vectors : struct, IConstant
    {
        V c00 = default, c01 = default, c02 = default, c10 = default, c11 = default, c12 = default;
        V c20 = default, c21 = default, c22 = default, c30 = default, c31 = default, c32 = default;
        V c40 = default, c41 = default, c42 = default, c50 = default, c51 = default, c52 = default;
        V c60 = default, c61 = default, c62 = default, c70 = default, c71 = default, c72 = default;
        AskForNextTile<V, Rows, Vectors>(c, cRow);
        if (start != null)
        {
            Load<V, Vectors>(start, out c00, out c01, out c02);
            Load<V, Vectors>(start + startRow, out c10, out c11, out c12);
            Load<V, Vectors>(start + 2 * startRow, out c20, out c21, out c22);
            Load<V, Vectors>(start + 3 * startRow, out c30, out c31, out c32);
            if (Rows.Value > 4)
            {
                Load<V, Vectors>(start + 4 * startRow, out c40, out c41, out c42);
                Load<V, Vectors>(start + 5 * startRow, out c50, out c51, out c52);
                Load<V, Vectors>(start + 6 * startRow, out c60, out c61, out c62);
                Load<V, Vectors>(start + 7 * startRow, out c70, out c71, out c72);
            }
        }

        nint last = rows - 1;
        for (RowRun* run = runs; ; run++)
        {
            float* a0 = run->First, a1 = a0 + Math.Min(1, last) * run->Stride, a2 = a0 + Math.Min(2, last) * run->Stride;
            float* a3 = a0 + Math.Min(3, last) * run->Stride, a4 = a0 + Math.Min(4, last) * run->Stride;
            float* a5 = a0 + Math.Min(5, last) * run->Stride, a6 = a0 + Math.Min(6, last) * run->Stride;
            float* a7 = a0 + Math.Min(7, last) * run->Stride, ahead = run->Ahead;
            if (run->Rows != null)
            {
                a0 = run->Rows[0];
                a1 = run->Rows[1];
                a2 = run->Rows[2];
                a3 = run->Rows[3];
                if (Rows.Value > 4)
                {
                    a4 = run->Rows[4];
                    a5 = run->Rows[5];
                    a6 = run->Rows[6];
                    a7 = run->Rows[7];
                }
            }

            nint at = 0;
            for (int k = run->Depth; k > 0; k--)
            {
                V b0 = V.Load(b), b1 = default, b2 = default;
                if (Vectors.Value == 2)
                {
                    b1 = V.Load(b + bSecond);
                }
                else if (Vectors.Value > 2)
                {
                    b1 = V.Load(b + V.Count);
                    b2 = V.Load(b + 2 * V.Count);
                }

                Row<V, Vectors>(a0 + at, b0, b1, b2, ref c00, ref c01, ref c02);
                Row<V, Vectors>(a1 + at, b0, b1, b2, ref c10, ref c11, ref c12);
                Row<V, Vectors>(a2 + at, b0, b1, b2, ref c20, ref c21, ref c22);
                Row<V, Vectors>(a3 + at, b0, b1, b2, ref c30, ref c31, ref c32);
                if (Rows.Value > 4)
                {
                    Row<V, Vectors>(a4 + at, b0, b1, b2, ref c40, ref c41, ref c42);
                    Row<V, Vectors>(a5 + at, b0, b1, b2, ref c50, ref c51, ref c52);
                    Row<V, Vectors>(a6 + at, b0, b1, b2, ref c60, ref c61, ref c62);
                    Row<V, Vectors>(a7 + at, b0, b1, b2, ref c70, ref c71, ref c72);
                }

                Prefetch.Line(ahead);
                ahead += aheadStep;
                b += bStep;
                at += aStep;
            }

            if (run->IsLast)
            {
                break;
            }
        }

        if (clamps)
        {
            Clamp<V, Vectors>(ref c00, ref c01, ref c02);
            Clamp<V, Vectors>(ref c10, ref c11, ref c12);
            Clamp<V, Vectors>(ref c20, ref c21, ref c22);
            Clamp<V, Vectors>(ref c30, ref c31, ref c32);
            if (Rows.Value > 4)
            {
                Clamp<V, Vectors>(ref c40, ref c41, ref c42);
                Clamp<V, Vectors>(ref c50, ref c51, ref c52);
                Clamp<V, Vectors>(ref c60, ref c61, ref c62);
                Clamp<V, Vectors>(ref c70, ref c71, ref c72);
            }
        }

        Store<V, Vectors>(c00, c01, c02, c);
        Store<V, Vectors>(c10, c11, c12, c + cRow);
        Store<V, Vectors>(c20, c21, c22, c + 2 * cRow);
        Store<V, Vectors>(c30, c31, c32, c + 3 * cRow);
        if (Rows.Value > 4)
        {
            Store<V, Vectors>(c40, c41, c42, c + 4 * cRow);
            Store<V, Vectors>(c50, c51, c52, c + 5 * cRow);
            Store<V, Vectors>(c60, c61, c62, c + 6 * cRow);
            Store<V, Vectors>(c70, c71, c72, c + 7 * cRow);
        }
    }

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
