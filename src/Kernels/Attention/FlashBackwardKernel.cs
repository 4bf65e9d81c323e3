using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>The gradient of attention on tensor cores, in the two kernels and with the formula of <see cref="AttentionBackwardKernel"/>.</summary>
/// <remarks>
/// Shapes   qkv and dQkv [B,T,3,H,D], dy [B,T,H,D], all fp16 or all bf16, aligned to 16 bytes; D as in <see cref="FlashBackward"/>. statistics
///          [B,H,T,4] fp32 as <see cref="AttentionBackwardKernel"/> has them.
/// Numbers  products and sums in fp32; P and dS are rounded to the storage type before they meet dy, q and k. dS is left undivided by sqrt(D), which
///          comes last. Sums run over queries or keys in ascending order, so they depend on T alone; nothing is added up across blocks.
/// Traffic  8 B T C elements, plus k and v twice again for each further 64 queries, q and dy for each further 64 keys, which the second-level cache
///          holds. Nine products of T x T x D. No T x T matrix beyond a tile of 16 x 16 per warp.
/// Launch   grid [T/64, H, B], 4 warps of 16 queries (keys); the other side in tiles of 64, the next of which is copied while one is computed in
///          steps of 16. A warp's own rows and what they gather stay in registers.
/// Source   Dao 2023, FlashAttention-2, algorithm 2, with one kernel per side instead of sums in memory.
/// </remarks>
internal static class FlashBackwardKernel
{
    /// <summary>Threads per block.</summary>
    public const int ThreadsPerBlock = 128;

    /// <summary>Queries, or keys, of one block.</summary>
    public const int RowsPerBlock = 64;

    private const int Tile = FlashTiles.Rows;
    private const int Step = 16;

    /// <summary>Block (i, h, b) computes dq of queries 64 i and on of head h of image b, and their statistics.</summary>
    /// <param name="qkv">Address.</param>
    /// <param name="dy">Address.</param>
    /// <param name="dQkv">Address.</param>
    /// <param name="statistics">Address.</param>
    /// <param name="tokens">T.</param>
    /// <param name="channels">C = H D.</param>
    /// <param name="scale">log2(e) / sqrt(D).</param>
    /// <param name="factor">1 / sqrt(D).</param>
    public static void FlashQueries<TElement, TColumns>(
        ulong qkv, ulong dy, ulong dQkv, ulong statistics, int tokens, int channels, float scale, float factor)
        where TElement : unmanaged, ITensorCoreElement
        where TColumns : unmanaged, IFlashColumns
    {
        int query = FirstRow();
        ulong stream = (ulong)(6L * channels), output = (ulong)(2L * channels);
        ulong head = Head(qkv, tokens, 3 * channels, default(TColumns).Width), firstOutput = Head(dy, tokens, channels, default(TColumns).Width);
        TColumns queries = Own<TColumns>(head, query, tokens, stream), outputs = Own<TColumns>(firstOutput, query, tokens, output);
        FlashTiles tiles = new(head + output, stream, head + (2 * output), stream, (uint)FlashAttentionKernel.RowBytes(default(TColumns).Width));
        tiles.StartCopy<TColumns>(0, tokens);
        FlashRowStatistics upper = FlashRowStatistics.None, lower = FlashRowStatistics.None;
        for (int first = 0; first < tokens; first += Tile)
        {
            tiles.Await();
            tiles.StartCopy<TColumns>(first + Tile < tokens ? first + Tile : 0, tokens);
            for (int row = 0; row < Tile && first + row < tokens; row += Step)
            {
                Scores16 scores = default, products = default;
                queries.AddScores<TElement>(ref scores, tiles.FirstByColumns(row), tiles.FirstByRows(row));
                outputs.AddScores<TElement>(ref products, tiles.SecondByColumns(row), tiles.SecondByRows(row));
                scores.Mask(tokens - first - row - ((Group.IdxX & 3) * 2));
                float upperMaximum = upper.Maximum, lowerMaximum = lower.Maximum;
                scores.RaiseMaxima(ref upperMaximum, ref lowerMaximum);

                // The first key of a step always exists, so the new maximum is finite; the first old one is not, and 2^-infinity is 0.
                upper.Raise(upperMaximum, scale);
                lower.Raise(lowerMaximum, scale);
                upper.Add(scale, scores.First.C0, products.First.C0);
                upper.Add(scale, scores.First.C1, products.First.C1);
                upper.Add(scale, scores.Second.C0, products.Second.C0);
                upper.Add(scale, scores.Second.C1, products.Second.C1);
                lower.Add(scale, scores.First.C2, products.First.C2);
                lower.Add(scale, scores.First.C3, products.First.C3);
                lower.Add(scale, scores.Second.C2, products.Second.C2);
                lower.Add(scale, scores.Second.C3, products.Second.C3);
            }
        }

        upper.Finish(scale);
        lower.Finish(scale);
        for (int first = 0; first < tokens; first += Tile)
        {
            tiles.Await();
            if (first + Tile < tokens)
            {
                tiles.StartCopy<TColumns>(first + Tile, tokens);
            }

            for (int row = 0; row < Tile && first + row < tokens; row += Step)
            {
                Scores16 scores = default, products = default;
                queries.AddScores<TElement>(ref scores, tiles.FirstByColumns(row), tiles.FirstByRows(row));
                outputs.AddScores<TElement>(ref products, tiles.SecondByColumns(row), tiles.SecondByRows(row));
                scores.Mask(tokens - first - row - ((Group.IdxX & 3) * 2));
                scores.First.C0 = upper.Slope(scale, scores.First.C0, products.First.C0);
                scores.First.C1 = upper.Slope(scale, scores.First.C1, products.First.C1);
                scores.Second.C0 = upper.Slope(scale, scores.Second.C0, products.Second.C0);
                scores.Second.C1 = upper.Slope(scale, scores.Second.C1, products.Second.C1);
                scores.First.C2 = lower.Slope(scale, scores.First.C2, products.First.C2);
                scores.First.C3 = lower.Slope(scale, scores.First.C3, products.First.C3);
                scores.Second.C2 = lower.Slope(scale, scores.Second.C2, products.Second.C2);
                scores.Second.C3 = lower.Slope(scale, scores.Second.C3, products.Second.C3);
                scores.AddValues<TElement, TColumns>(ref queries, tiles.FirstByRows(row), 0);
            }
        }

        queries.Scale(factor, factor);
        Store<TElement, TColumns>(ref queries, Head(dQkv, tokens, 3 * channels, default(TColumns).Width), query, tokens, stream);
        if ((Group.IdxX & 3) == 0)
        {
            ulong rows = OfQueries(statistics, tokens);
            upper.Store(rows, query, tokens);
            lower.Store(rows, query + 8, tokens);
        }
    }

    /// <summary>Block (i, h, b) computes dk and dv of keys 64 i and on of head h of image b; parameters as in
    /// <see cref="FlashQueries{TElement,TColumns}"/>.</summary>
    public static void FlashKeys<TElement, TColumns>(
        ulong qkv, ulong dy, ulong dQkv, ulong statistics, int tokens, int channels, float scale, float factor)
        where TElement : unmanaged, ITensorCoreElement
        where TColumns : unmanaged, IFlashColumns
    {
        int key = FirstRow();
        ulong stream = (ulong)(6L * channels), output = (ulong)(2L * channels), rows = OfQueries(statistics, tokens);
        ulong head = Head(qkv, tokens, 3 * channels, default(TColumns).Width), firstOutput = Head(dy, tokens, channels, default(TColumns).Width);
        TColumns keys = Own<TColumns>(head + output, key, tokens, stream), values = Own<TColumns>(head + (2 * output), key, tokens, stream);
        FlashTiles tiles = new(head, stream, firstOutput, output, (uint)FlashAttentionKernel.RowBytes(default(TColumns).Width));
        tiles.StartCopy<TColumns>(0, tokens);
        for (int first = 0; first < tokens; first += Tile)
        {
            tiles.Await();
            if (first + Tile < tokens)
            {
                tiles.StartCopy<TColumns>(first + Tile, tokens);
            }

            for (int row = 0; row < Tile && first + row < tokens; row += Step)
            {
                Scores16 scores = default, products = default;
                keys.AddScores<TElement>(ref scores, tiles.FirstByColumns(row), tiles.FirstByRows(row));
                values.AddScores<TElement>(ref products, tiles.SecondByColumns(row), tiles.SecondByRows(row));
                int query = first + row + ((Group.IdxX & 3) * 2);
                OfColumns(ref scores.First, ref products.First, rows, query, tokens, scale);
                OfColumns(ref scores.Second, ref products.Second, rows, query + 8, tokens, scale);
                scores.AddValues<TElement, TColumns>(ref values, tiles.SecondByRows(row), 0);
                products.AddValues<TElement, TColumns>(ref keys, tiles.FirstByRows(row), 0);
            }
        }

        keys.Scale(factor, factor);
        ulong target = Head(dQkv, tokens, 3 * channels, default(TColumns).Width);
        Store<TElement, TColumns>(ref keys, target + output, key, tokens, stream);
        Store<TElement, TColumns>(ref values, target + (2 * output), key, tokens, stream);
    }

    // Scores become weights and products become slopes, where each column is a query.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OfColumns(ref AccumulatorTile scores, ref AccumulatorTile products, ulong rows, int query, int tokens, float scale)
    {
        FlashRowStatistics left = FlashRowStatistics.Load(rows, query, tokens), right = FlashRowStatistics.Load(rows, query + 1, tokens);
        scores.C0 = left.Weight(scale, scores.C0);
        scores.C1 = right.Weight(scale, scores.C1);
        scores.C2 = left.Weight(scale, scores.C2);
        scores.C3 = right.Weight(scale, scores.C3);
        products.C0 = scores.C0 * (products.C0 - left.Delta);
        products.C1 = scores.C1 * (products.C1 - right.Delta);
        products.C2 = scores.C2 * (products.C2 - left.Delta);
        products.C3 = scores.C3 * (products.C3 - right.Delta);
    }

    // The upper of a lane's two rows; the other is eight below.
    private static int FirstRow() => (Grid.IdxX * RowsPerBlock) + ((Group.IdxX >> 5) * 16) + ((Group.IdxX & 31) >> 2);

    // This block's head in the first row of its image.
    private static ulong Head(ulong address, int tokens, int rowElements, int headWidth) =>
        address + (ulong)(2 * (((long)Grid.IdxZ * tokens * rowElements) + ((long)Grid.IdxY * headWidth)));

    private static ulong OfQueries(ulong statistics, int tokens) =>
        statistics + (ulong)((((long)Grid.IdxZ * Grid.DimY) + Grid.IdxY) * tokens * AttentionBackwardKernel.Statistics * sizeof(float));

    // Rows past the last token repeat it: what comes of them is not stored.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TColumns Own<TColumns>(ulong head, int row, int tokens, ulong rowBytes)
        where TColumns : unmanaged, IFlashColumns
    {
        TColumns columns = default;
        head += (ulong)((Group.IdxX & 3) * 4);
        columns.LoadQueries(
            head + ((ulong)IntrinsicMath.Min(row, tokens - 1) * rowBytes), head + ((ulong)IntrinsicMath.Min(row + 8, tokens - 1) * rowBytes));
        return columns;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TElement, TColumns>(ref TColumns columns, ulong head, int row, int tokens, ulong rowBytes)
        where TElement : unmanaged, ITensorCoreElement
        where TColumns : unmanaged, IFlashColumns
    {
        ulong target = head + ((ulong)row * rowBytes) + (ulong)((Group.IdxX & 3) * 4);
        if (row < tokens)
        {
            columns.StoreUpper<TElement>(target);
        }

        if (row + 8 < tokens)
        {
            columns.StoreLower<TElement>(target + (8 * rowBytes));
        }
    }
}
