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

    private const int Tile = 64;
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
        Tiles tiles = new(head + output, stream, head + (2 * output), stream, (uint)FlashAttentionKernel.RowBytes(default(TColumns).Width));
        tiles.StartCopy<TColumns>(0, tokens);
        Statistics upper = Statistics.None, lower = Statistics.None;
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
        Tiles tiles = new(head, stream, firstOutput, output, (uint)FlashAttentionKernel.RowBytes(default(TColumns).Width));
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
        Statistics left = Statistics.Load(rows, query, tokens), right = Statistics.Load(rows, query + 1, tokens);
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

    /// <summary>Two stages of tiles in shared memory, each of rows of two matrices.</summary>
    private struct Tiles
    {
        private readonly ulong _first;
        private readonly ulong _firstStride;
        private readonly ulong _second;
        private readonly ulong _secondStride;
        private readonly uint _rowBytes;
        private readonly uint _byRows;
        private readonly uint _byColumns;
        private uint _current;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Tiles(ulong first, ulong firstStride, ulong second, ulong secondStride, uint rowBytes)
        {
            (_first, _firstStride, _second, _secondStride, _rowBytes) = (first, firstStride, second, secondStride, rowBytes);
            int lane = Group.IdxX & 31;
            uint shared = SharedTiles.Address();
            _byRows = shared + ((uint)(lane & 15) * rowBytes) + ((uint)(lane >> 4) * 16);
            _byColumns = shared + ((uint)((lane & 7) + ((lane >> 4) * 8)) * rowBytes) + ((uint)((lane >> 3) & 1) * 16);

            // The first copy goes to the stage that is not current, and awaiting it makes it current.
            _current = 2 * Tile * rowBytes;
        }

        /// <summary>Copies the tile after the current one: rows from <paramref name="first"/> on, zeros past the last token.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void StartCopy<TColumns>(int first, int tokens)
            where TColumns : unmanaged, IFlashColumns
        {
            // Two threads share a row.
            uint local = (uint)(Group.IdxX >> 1);
            int row = first + (Group.IdxX >> 1);
            ulong existing = (ulong)IntrinsicMath.Min(row, tokens - 1);
            ulong source = _first + (existing * _firstStride), other = _second + (existing * _secondStride);
            uint target = SharedTiles.Address() + (2 * Tile * _rowBytes) - _current + (local * _rowBytes);
            default(TColumns).StartCopy(new FlashTileCopy(target, source, Tile * _rowBytes, other - source, row < tokens, Group.IdxX & 1), 0);
        }

        /// <summary>Makes the tile that was copied last the current one, once every warp is done with the one before.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Await()
        {
            SharedTiles.WaitForCopies();
            Group.Barrier();
            _current = (2 * Tile * _rowBytes) - _current;
        }

        /// <summary>Rows from <paramref name="row"/> on of the first matrix, lanes by rows; see <see cref="IFlashColumns"/>.</summary>
        public readonly uint FirstByRows(int row) => _byRows + _current + ((uint)row * _rowBytes);

        /// <summary>The same, lanes by columns.</summary>
        public readonly uint FirstByColumns(int row) => _byColumns + _current + ((uint)row * _rowBytes);

        /// <summary><see cref="FirstByRows"/> of the second matrix.</summary>
        public readonly uint SecondByRows(int row) => FirstByRows(row + Tile);

        /// <summary><see cref="FirstByColumns"/> of the second matrix.</summary>
        public readonly uint SecondByColumns(int row) => FirstByColumns(row + Tile);
    }

    /// <summary>What is known of one row of scores. While it is gathered, sums are over this lane's columns.</summary>
    private struct Statistics
    {
        public float Maximum;
        public float Sum;
        public float Delta;

        public static Statistics None => new() { Maximum = float.NegativeInfinity, Sum = 0, Delta = 0 };

        /// <summary>Reads what <see cref="Store"/> wrote; a query that does not exist has no weights.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Statistics Load(ulong rows, int query, int tokens)
        {
            int existing = IntrinsicMath.Min(query, tokens - 1);
            FourWords words = FourWords.Load(rows + ((ulong)existing * (AttentionBackwardKernel.Statistics * sizeof(float))));
            return new Statistics
            {
                // Without bound, so that no score of a query that does not exist is above it: infinity times no weight is NaN.
                Maximum = query < tokens ? Interop.IntAsFloat(words.X) : float.PositiveInfinity,
                Sum = query < tokens ? Interop.IntAsFloat(words.Y) : 0,
                Delta = Interop.IntAsFloat(words.Z),
            };
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Raise(float maximum, float scale)
        {
            maximum = IntrinsicMath.Max(maximum, Warp.ShuffleXor(maximum, 1));
            maximum = IntrinsicMath.Max(maximum, Warp.ShuffleXor(maximum, 2));
            float rescale = Fp32.PowerOfTwoOrZero((Maximum - maximum) * scale);
            Sum *= rescale;
            Delta *= rescale;
            Maximum = maximum;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(float scale, float score, float product)
        {
            float weight = Fp32.PowerOfTwoOrZero(Fp32.MultiplyAdd(score, scale, -(Maximum * scale)));
            Sum += weight;
            Delta = Fp32.MultiplyAdd(weight, product, Delta);
        }

        /// <summary>From here on the maximum is scaled, and the sum is its inverse.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Finish(float scale)
        {
            Maximum *= scale;
            Sum = Fp32.Divide(1, Sum4(Sum));
            Delta = Sum4(Delta) * Sum;
        }

        /// <summary>P of a score.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly float Weight(float scale, float score) => Fp32.PowerOfTwoOrZero(Fp32.MultiplyAdd(score, scale, -Maximum)) * Sum;

        /// <summary>dS of a score, times sqrt(D).</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly float Slope(float scale, float score, float product) => Weight(scale, score) * (product - Delta);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(ulong rows, int query, int tokens)
        {
            if (query < tokens)
            {
                ulong at = rows + ((ulong)query * (AttentionBackwardKernel.Statistics * sizeof(float)));
                new FourWords(Interop.FloatAsInt(Maximum), Interop.FloatAsInt(Sum), Interop.FloatAsInt(Delta), 0).Store(at);
            }
        }

        private static float Sum4(float value)
        {
            value += Warp.ShuffleXor(value, 1);
            return value + Warp.ShuffleXor(value, 2);
        }
    }
}
