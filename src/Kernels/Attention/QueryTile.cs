using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>The product of attention held in registers: some rows by one or two vectors of C = A B, with what the next step needs of every
/// sum.</summary>
/// <remarks>
/// <see cref="MicroKernel"/> takes three vectors of columns; a head of 64 tokens or channels is four. Two vectors by twelve rows take as many
/// accumulators (24 of AVX-512's 32 registers; 6 rows, 12 of AVX2's 16), and a block of two vectors of queries is small enough for its scores to
/// stay in the first cache. One element is one chain of multiply-adds over k, whatever the tile.
/// </remarks>
internal static unsafe class QueryTile<V>
    where V : unmanaged, IFloats<V>
{
    /// <summary>Vectors of the widest tile.</summary>
    public const int MaxVectors = 2;

    /// <summary>Rows of the tallest tile.</summary>
    public static int Tallest => V.Count == 16 ? Twelve.Value : Six.Value;

    /// <summary>c[i, j] = End(sum_k a[i, k] b[k, j]) for all <paramref name="rows"/> and for one or two vectors j.</summary>
    /// <param name="rows">Any number; where tiles of four end behind the last row, the last of them begins earlier and computes some rows
    /// twice.</param>
    /// <param name="isPair">Whether vectors are two.</param>
    /// <param name="a">First element of A.</param>
    /// <param name="aRow">Elements from one row of A to the next.</param>
    /// <param name="aStep">Elements from one k to the next in A.</param>
    /// <param name="b">First element of B.</param>
    /// <param name="bStep">Elements from one k to the next in B.</param>
    /// <param name="depth">Number of k.</param>
    /// <param name="c">First element of C.</param>
    /// <param name="cRow">Elements from one row of C to the next.</param>
    /// <param name="lanes">One value for each column, as <typeparamref name="End"/> uses it.</param>
    /// <param name="next">What is asked for meanwhile.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<End>(
        int rows, bool isPair, float* a, nint aRow, nint aStep, float* b, nint bStep, int depth, float* c, nint cRow, float* lanes, ref NextHead next)
        where End : struct, ITileEnd
    {
        if (isPair)
        {
            Multiply<Two, End>(rows, a, aRow, aStep, b, bStep, depth, c, cRow, lanes, ref next);
        }
        else
        {
            Multiply<One, End>(rows, a, aRow, aStep, b, bStep, depth, c, cRow, lanes, ref next);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<Vectors, End>(
        int rows, float* a, nint aRow, nint aStep, float* b, nint bStep, int depth, float* c, nint cRow, float* lanes, ref NextHead next)
        where Vectors : struct, IConstant
        where End : struct, ITileEnd
    {
        int i = 0;
        for (; i + Tallest <= rows; i += Tallest)
        {
            float* ahead = next.Take(depth, out nint aheadStep), at = a + i * aRow, target = c + i * cRow;
            if (V.Count == 16)
            {
                Multiply<Twelve, Vectors, End>(at, aRow, aStep, b, bStep, depth, target, cRow, lanes, ahead, aheadStep);
            }
            else
            {
                Multiply<Six, Vectors, End>(at, aRow, aStep, b, bStep, depth, target, cRow, lanes, ahead, aheadStep);
            }
        }

        const int Low = 4;
        for (int height; i < rows; i += height)
        {
            height = rows < Low ? 1 : Low;
            i = Math.Min(i, rows - height);
            float* ahead = next.Take(depth, out nint aheadStep), at = a + i * aRow, target = c + i * cRow;
            if (height == Low)
            {
                Multiply<Four, Vectors, End>(at, aRow, aStep, b, bStep, depth, target, cRow, lanes, ahead, aheadStep);
            }
            else
            {
                Multiply<One, Vectors, End>(at, aRow, aStep, b, bStep, depth, target, cRow, lanes, ahead, aheadStep);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<Rows, Vectors, End>(
        float* a, nint aRow, nint aStep, float* b, nint bStep, int depth, float* c, nint cRow, float* lanes, float* ahead, nint aheadStep)
        where Rows : struct, IConstant
        where Vectors : struct, IConstant
        where End : struct, ITileEnd
    {
        V c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        V c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default, c71 = default;
        V c80 = default, c81 = default, c90 = default, c91 = default, c100 = default, c101 = default, c110 = default, c111 = default;

        // A pointer for every third row: twelve would not stay in registers.
        nint second = 2 * aRow;
        float* a3 = a + 3 * aRow, a6 = a3 + 3 * aRow, a9 = a6 + 3 * aRow;
        for (int k = depth; k > 0; k--)
        {
            V b0 = V.Load(b), b1 = Vectors.Value > 1 ? V.Load(b + V.Count) : default;
            Row<Vectors>(a, b0, b1, ref c00, ref c01);
            if (Rows.Value > 1)
            {
                Row<Vectors>(a + aRow, b0, b1, ref c10, ref c11);
                Row<Vectors>(a + second, b0, b1, ref c20, ref c21);
                Row<Vectors>(a3, b0, b1, ref c30, ref c31);
            }

            if (Rows.Value > 4)
            {
                Row<Vectors>(a3 + aRow, b0, b1, ref c40, ref c41);
                Row<Vectors>(a3 + second, b0, b1, ref c50, ref c51);
            }

            if (Rows.Value > 6)
            {
                Row<Vectors>(a6, b0, b1, ref c60, ref c61);
                Row<Vectors>(a6 + aRow, b0, b1, ref c70, ref c71);
                Row<Vectors>(a6 + second, b0, b1, ref c80, ref c81);
                Row<Vectors>(a9, b0, b1, ref c90, ref c91);
                Row<Vectors>(a9 + aRow, b0, b1, ref c100, ref c101);
                Row<Vectors>(a9 + second, b0, b1, ref c110, ref c111);
                a6 += aStep;
                a9 += aStep;
            }

            Prefetch.Line(ahead);
            ahead += aheadStep;
            a += aStep;
            a3 += aStep;
            b += bStep;
        }

        V lane0 = End.HasLanes ? V.Load(lanes) : default, lane1 = End.HasLanes && Vectors.Value > 1 ? V.Load(lanes + V.Count) : default;
        Store<Vectors, End>(c00, c01, ref lane0, ref lane1, c);
        if (Rows.Value > 1)
        {
            Store<Vectors, End>(c10, c11, ref lane0, ref lane1, c + cRow);
            Store<Vectors, End>(c20, c21, ref lane0, ref lane1, c + 2 * cRow);
            Store<Vectors, End>(c30, c31, ref lane0, ref lane1, c + 3 * cRow);
        }

        if (Rows.Value > 4)
        {
            Store<Vectors, End>(c40, c41, ref lane0, ref lane1, c + 4 * cRow);
            Store<Vectors, End>(c50, c51, ref lane0, ref lane1, c + 5 * cRow);
        }

        if (Rows.Value > 6)
        {
            Store<Vectors, End>(c60, c61, ref lane0, ref lane1, c + 6 * cRow);
            Store<Vectors, End>(c70, c71, ref lane0, ref lane1, c + 7 * cRow);
            Store<Vectors, End>(c80, c81, ref lane0, ref lane1, c + 8 * cRow);
            Store<Vectors, End>(c90, c91, ref lane0, ref lane1, c + 9 * cRow);
            Store<Vectors, End>(c100, c101, ref lane0, ref lane1, c + 10 * cRow);
            Store<Vectors, End>(c110, c111, ref lane0, ref lane1, c + 11 * cRow);
        }

        if (End.KeepsLanes)
        {
            V.Store(lane0, lanes);
            if (Vectors.Value > 1)
            {
                V.Store(lane1, lanes + V.Count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row<Vectors>(float* a, V b0, V b1, ref V c0, ref V c1)
        where Vectors : struct, IConstant
    {
        V value = V.Broadcast(*a);
        c0 = V.MultiplyAdd(value, b0, c0);
        if (Vectors.Value > 1)
        {
            c1 = V.MultiplyAdd(value, b1, c1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<Vectors, End>(V c0, V c1, ref V lane0, ref V lane1, float* c)
        where Vectors : struct, IConstant
        where End : struct, ITileEnd
    {
        V.Store(End.Of(c0, ref lane0), c);
        if (Vectors.Value > 1)
        {
            V.Store(End.Of(c1, ref lane1), c + V.Count);
        }
    }
}
