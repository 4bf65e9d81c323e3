using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>The innermost product of every matrix op: a tile of C = A B held in registers while k runs.</summary>
/// <remarks>
/// One element is one chain of multiply-adds over k = 0, 1, ..., whatever the tile's size; so tiles of different heights and widths agree bit
/// for bit, and a sum that is continued later is the same as one in one go.
/// 8 rows x 3 vectors take 24 accumulators, 3 vectors of B and 1 of A: 28 of AVX-512's 32 registers. 4 x 3 takes all 16 of AVX2.
/// </remarks>
internal static unsafe partial class MicroKernel
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

    /// <summary>One tile whose rows of A are one run: <paramref name="a"/> is its <see cref="RowRun.First"/>, <paramref name="aRow"/> its
    /// <see cref="RowRun.Stride"/>, <paramref name="ahead"/> its <see cref="RowRun.Ahead"/>; the others are of <see cref="TileOperands"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply<V>(
        int rows, int vectors, float* a, nint aRow, nint aStep, float* b, nint bSecond, nint bStep, int depth,
        float* start, nint startRow, float* c, nint cRow, float* ahead, nint aheadStep)
        where V : unmanaged, IFloats<V>
    {
        RowRun run = new(a, aRow, depth) { Ahead = ahead, AheadStep = aheadStep };
        TileOperands tile = new(&run, aStep, b, bSecond, bStep, start, startRow, c, cRow);
        Multiply<V>(rows, vectors, &tile);
    }

    /// <summary>Picks the tile: <paramref name="rows"/> at most one of <see cref="TallestTile"/>, or whole ones below each other;
    /// <paramref name="vectors"/> at most <see cref="PanelVectors"/>.</summary>
    /// <inheritdoc cref="Multiply{V, Rows, Vectors}"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply<V>(int rows, int vectors, TileOperands* tile)
        where V : unmanaged, IFloats<V>
    {
        switch (rows > 4 && V.Count == 16, vectors)
        {
            case (true, 3):
                Multiply<V, Eight, Three>(rows, tile);
                break;
            case (true, 2):
                Multiply<V, Eight, Two>(rows, tile);
                break;
            case (true, _):
                Multiply<V, Eight, One>(rows, tile);
                break;
            case (false, 3):
                Multiply<V, Four, Three>(rows, tile);
                break;
            case (false, 2):
                Multiply<V, Four, Two>(rows, tile);
                break;
            default:
                Multiply<V, Four, One>(rows, tile);
                break;
        }
    }

    /// <summary>c[i, j] = start[i, j] + sum_k a[i, k] b[k, j] for <paramref name="rows"/> rows and Vectors vectors of columns, Rows rows at a
    /// time.</summary>
    /// <param name="rows">Rows of A that exist; where the last of a tile's Rows are missing, the one before stands in for them, and all Rows of c
    /// are written.</param>
    /// <param name="tile">What is multiplied.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<V, Rows, Vectors>(int rows, TileOperands* tile)
        where V : unmanaged, IFloats<V>
        where Rows : struct, IConstant
        where Vectors : struct, IConstant
    {
        nint aStep = tile->AStep, bSecond = tile->BSecond, bStep = tile->BStep;
        nint startRow = tile->StartRow, cRow = tile->CRow;
        float* start = tile->Start, c = tile->C;
        RowRun* run = tile->Runs;
        for (; rows > 0; rows -= Rows.Value)
        {
            V c00 = default, c01 = default, c02 = default, c10 = default, c11 = default, c12 = default;
            V c20 = default, c21 = default, c22 = default, c30 = default, c31 = default, c32 = default;
            V c40 = default, c41 = default, c42 = default, c50 = default, c51 = default, c52 = default;
            V c60 = default, c61 = default, c62 = default, c70 = default, c71 = default, c72 = default;
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

                start += Rows.Value * startRow;
            }

            AskForNextTile<V, Rows, Vectors>(c, cRow);
            float* b = tile->B;
            nint last = rows - 1;
            bool isLast = false;
            for (RowRun* part = run; !isLast; part++)
            {
                isLast = part->IsLast;
                float* a0 = part->First, a1 = a0 + Math.Min(1, last) * part->Stride, a2 = a0 + Math.Min(2, last) * part->Stride;
                float* a3 = a0 + Math.Min(3, last) * part->Stride, a4 = a0 + Math.Min(4, last) * part->Stride;
                float* a5 = a0 + Math.Min(5, last) * part->Stride, a6 = a0 + Math.Min(6, last) * part->Stride;
                float* a7 = a0 + Math.Min(7, last) * part->Stride, ahead = part->Ahead;
                if (part->Rows != null)
                {
                    a0 = part->Rows[0];
                    a1 = part->Rows[1];
                    a2 = part->Rows[2];
                    a3 = part->Rows[3];
                    if (Rows.Value > 4)
                    {
                        a4 = part->Rows[4];
                        a5 = part->Rows[5];
                        a6 = part->Rows[6];
                        a7 = part->Rows[7];
                    }
                }

                nint at = 0, aheadStep = part->AheadStep;
                for (int k = part->Depth; k > 0; k--)
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
            }

            run += tile->RunsPerTile;
            Activation activation = tile->Activation;
            if (activation == Activation.Relu)
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

            if (activation is not (Activation.None or Activation.Relu))
            {
                TileActivation.Apply<V>(activation, Rows.Value, Vectors.Value, c, cRow);
            }

            c += Rows.Value * cRow;
        }
    }
}
