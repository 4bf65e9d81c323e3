using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>A block of queries with a lane for each: how it is made, and products of which all columns are its queries.</summary>
internal static unsafe class QueryLanes
{
    /// <summary>target[d, i] = factor source[i, d] for <paramref name="count"/> queries i. Lanes without a query hold zeros: what comes of them
    /// is finite.</summary>
    /// <param name="source">[count, width].</param>
    /// <param name="stride">Elements from one row of it to the next.</param>
    /// <param name="count">Queries.</param>
    /// <param name="width">D.</param>
    /// <param name="factor">Of every element.</param>
    /// <param name="target">[width, row].</param>
    /// <param name="row">Elements from one row of it to the next: count up to whole vectors, at least.</param>
    public static void CopyIn<V>(float* source, nint stride, int count, int width, float factor, float* target, int row)
        where V : unmanaged, IFloats<V>
    {
        Transposition.Copy(source, stride, count, width, factor, target, row);
        int padding = (V.Count - count % V.Count) % V.Count;
        for (int d = 0; d < width && padding > 0; d++)
        {
            new Span<float>(target + (long)d * row + count, padding).Clear();
        }
    }

    /// <summary>c[i, j] = End(sum_k a[i, k] b[k, j]) for rows i and <paramref name="count"/> queries j, up to whole vectors.</summary>
    /// <param name="rows">Rows of A and C.</param>
    /// <param name="count">Queries.</param>
    /// <param name="a">First element of A.</param>
    /// <param name="aRow">Elements from one row of A to the next.</param>
    /// <param name="aStep">Elements from one k to the next in A.</param>
    /// <param name="b">[depth, row].</param>
    /// <param name="depth">Number of k.</param>
    /// <param name="c">[rows, row].</param>
    /// <param name="row">Elements from one row of B or C to the next.</param>
    /// <param name="lanes">[row], as <typeparamref name="End"/> uses it.</param>
    /// <param name="next">What is asked for meanwhile.</param>
    /// <remarks>Some rows at a time for all queries: those of a long head come from afar.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<V, End>(
        int rows, int count, float* a, nint aRow, nint aStep, float* b, int depth, float* c, int row, float* lanes, ref NextHead next)
        where V : unmanaged, IFloats<V>
        where End : struct, ITileEnd
    {
        int pair = QueryTile<V>.MaxVectors * V.Count, rowsAtATime = count <= pair ? rows : QueryTile<V>.Tallest;
        for (int i = 0; i < rows; i += rowsAtATime)
        {
            for (int j = 0; j < count; j += pair)
            {
                QueryTile<V>.Multiply<End>(
                    Math.Min(rowsAtATime, rows - i), count - j > V.Count, a + i * aRow, aRow, aStep, b + j, row, depth,
                    c + (long)i * row + j, row, lanes + j, ref next);
            }
        }
    }
}
