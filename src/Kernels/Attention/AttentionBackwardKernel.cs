using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>The gradient of attention in two kernels, in fp32 arithmetic, for fp32 storage and for widths that
/// <see cref="FlashBackwardKernel"/> does not have: queries first, which leave the statistics of their rows, then keys and
/// values. P = softmax rows of q k^T / sqrt(D) is recomputed by both, dP = dy v^T, dS = P (dP - rowsum(P dP)) / sqrt(D).</summary>
/// <remarks>
/// Shapes   qkv and dQkv [B,T,3,H,D], dy [B,T,H,D], in one storage type; D up to 256. statistics [B,H,T,4] fp32: maximum of a query's scores in
///          powers of two, 1 / sum of its weights, rowsum(P dP).
/// Numbers  everything in fp32, weights too; one rounding to the storage type. rowsum(P dP) equals rowsum(dy y), but its rounding errors go with
///          those of dP, which it is taken from: where one key has nearly all the weight, that leaves several times less of them. A sum runs over
///          queries or keys in ascending order, so it depends on T alone; nothing is added up across blocks.
/// Traffic  8 B T C elements, plus k and v twice again for each further 16 queries, q and dy for each further 16 keys, which the second-level cache
///          holds. Nine products of T x T x D in fp32, not on tensor cores. No T x T matrix beyond a tile of 16 x 32.
/// Launch   grid [T/16, H, B], 4 warps of 4 queries (keys), the other side in tiles of 32, a lane each while scores are computed, then a column (and
///          every 32nd). Dynamic shared memory of 30 KiB (36 KiB) for heads of 64, 114 KiB (132 KiB) for the widest: where a device grants less per
///          block, D is bounded by that (sm_86 and sm_89: 99 KiB, D up to 190).
/// Source   Dao et al. 2022, algorithm 4, with one kernel per side instead of sums in memory.
/// </remarks>
internal static unsafe class AttentionBackwardKernel
{
    /// <summary>Queries, or keys, of one block.</summary>
    public const int RowsPerBlock = 4 * Warps;

    /// <summary>Numbers per query in the statistics; the last is not used, so that the three others can be read at once.</summary>
    public const int Statistics = 4;

    /// <summary>dq and the statistics.</summary>
    public static readonly KernelTemplate ForQueries = new(typeof(AttentionBackwardKernel), nameof(Queries), 32 * Warps);

    /// <summary>dk and dv.</summary>
    public static readonly KernelTemplate ForKeys = new(typeof(AttentionBackwardKernel), nameof(Keys), 32 * Warps);

    private const int Warps = 4;
    private const int Tile = 32;

    /// <summary>Dynamic shared memory of <see cref="Queries"/>: q, dy, dq and dS of each warp, one tile of k and of v.</summary>
    public static int QueryBytes(int headWidth) => SharedBytes((3 * headWidth) + Tile, headWidth);

    /// <summary>Dynamic shared memory of <see cref="Keys"/>: k, v, dk, dv, P and dS of each warp, one tile of q and of dy.</summary>
    public static int KeyBytes(int headWidth) => SharedBytes((4 * headWidth) + (2 * Tile), headWidth);

    /// <summary>Block (i, h, b) computes queries 16 i and on of head h of image b.</summary>
    /// <param name="qkv">Address.</param>
    /// <param name="dy">Address.</param>
    /// <param name="dQkv">Address.</param>
    /// <param name="statistics">Address.</param>
    /// <param name="tokens">T.</param>
    /// <param name="channels">C = H D.</param>
    /// <param name="headWidth">D.</param>
    /// <param name="scale">log2(e) / sqrt(D).</param>
    /// <param name="factor">1 / sqrt(D).</param>
    public static void Queries<TElement>(
        ulong qkv, ulong dy, ulong dQkv, ulong statistics, int tokens, int channels, int headWidth, float scale, float factor)
        where TElement : unmanaged, IElement
    {
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5, pitch = headWidth | 1;
        int column = Grid.IdxY * headWidth, query = (Grid.IdxX * RowsPerBlock) + (warp * 4);
        long firstRow = (long)Grid.IdxZ * tokens;
        ArrayView<Quad> quads = SharedMemory.GetDynamic<Quad>();
        ArrayView<float> floats = SharedMemory.GetDynamic<float>();
        int quadsPerWarp = (3 * headWidth) + Tile;
        int queries = warp * quadsPerWarp, outputs = queries + headWidth, gradients = outputs + headWidth, slopes = gradients + headWidth;
        int keys = 4 * Warps * quadsPerWarp, values = keys + (Tile * pitch);

        for (int d = lane; d < headWidth; d += 32)
        {
            quads[queries + d] = LoadFour<TElement>(qkv, firstRow, query, tokens, 3 * channels, column + d);
            quads[outputs + d] = LoadFour<TElement>(dy, firstRow, query, tokens, channels, column + d);
            quads[gradients + d] = default;
        }

        Quad maximum = new(float.NegativeInfinity), sum = default, delta = default;
        for (int first = 0; first < tokens; first += Tile)
        {
            Group.Barrier();
            LoadTile<TElement>(floats, keys, qkv, firstRow, first, tokens, 3 * channels, channels + column, headWidth);
            LoadTile<TElement>(floats, values, qkv, firstRow, first, tokens, 3 * channels, (2 * channels) + column, headWidth);
            Group.Barrier();
            Quad score = default, product = default;
            for (int d = 0, at = lane * pitch; d < headWidth; d++)
            {
                score = score.Add(quads[queries + d], floats[keys + at + d]);
                product = product.Add(quads[outputs + d], floats[values + at + d]);
            }

            // The first key of a tile always exists, so the new maximum is finite; the first old one is not, and 2^-infinity is 0.
            score = first + lane < tokens ? score.Times(scale) : new Quad(float.NegativeInfinity);
            Quad raised = score.Max(maximum).MaxOfWarp();
            Quad weight = score.PowerOfTwoOfDifference(raised), rescale = maximum.PowerOfTwoOfDifference(raised);
            sum = weight.Add(sum, rescale);
            delta = weight.Times(product).Add(delta, rescale);
            maximum = raised;
        }

        Quad inverse = sum.SumOfWarp().Inverse();
        delta = delta.SumOfWarp().Times(inverse);
        for (int first = 0; first < tokens; first += Tile)
        {
            Group.Barrier();
            LoadTile<TElement>(floats, keys, qkv, firstRow, first, tokens, 3 * channels, channels + column, headWidth);
            LoadTile<TElement>(floats, values, qkv, firstRow, first, tokens, 3 * channels, (2 * channels) + column, headWidth);
            Group.Barrier();
            Quad score = default, product = default;
            for (int d = 0, at = lane * pitch; d < headWidth; d++)
            {
                score = score.Add(quads[queries + d], floats[keys + at + d]);
                product = product.Add(quads[outputs + d], floats[values + at + d]);
            }

            Quad weight = score.Times(scale).PowerOfTwoOfDifference(maximum).Times(inverse);
            quads[slopes + lane] = first + lane < tokens ? weight.Times(product.Minus(delta)) : default;
            Warp.Barrier();
            for (int d = lane; d < headWidth; d += 32)
            {
                Quad total = quads[gradients + d];
                for (int i = 0; i < Tile; i++)
                {
                    total = total.Add(quads[slopes + i], floats[keys + (i * pitch) + d]);
                }

                quads[gradients + d] = total;
            }
        }

        for (int d = lane; d < headWidth; d += 32)
        {
            StoreFour<TElement>(dQkv, firstRow, query, tokens, 3 * channels, column + d, quads[gradients + d].Times(factor));
        }

        if (lane == 0)
        {
            float* at = (float*)statistics + (((((long)Grid.IdxZ * Grid.DimY) + Grid.IdxY) * tokens + query) * Statistics);
            Keep(at, 0, query < tokens, maximum.Q0, inverse.Q0, delta.Q0);
            Keep(at, 1, query + 1 < tokens, maximum.Q1, inverse.Q1, delta.Q1);
            Keep(at, 2, query + 2 < tokens, maximum.Q2, inverse.Q2, delta.Q2);
            Keep(at, 3, query + 3 < tokens, maximum.Q3, inverse.Q3, delta.Q3);
        }
    }

    /// <summary>Block (i, h, b) computes keys and values 16 i and on of head h of image b; parameters as in <see cref="Queries"/>.</summary>
    public static void Keys<TElement>(
        ulong qkv, ulong dy, ulong dQkv, ulong statistics, int tokens, int channels, int headWidth, float scale, float factor)
        where TElement : unmanaged, IElement
    {
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5, pitch = headWidth | 1;
        int column = Grid.IdxY * headWidth, key = (Grid.IdxX * RowsPerBlock) + (warp * 4);
        long firstRow = (long)Grid.IdxZ * tokens;
        float* ofQueries = (float*)statistics + ((((long)Grid.IdxZ * Grid.DimY) + Grid.IdxY) * tokens * Statistics);
        ArrayView<Quad> quads = SharedMemory.GetDynamic<Quad>();
        ArrayView<float> floats = SharedMemory.GetDynamic<float>();
        int quadsPerWarp = (4 * headWidth) + (2 * Tile);
        int keys = warp * quadsPerWarp, values = keys + headWidth, keyGradients = values + headWidth, valueGradients = keyGradients + headWidth;
        int weights = valueGradients + headWidth, slopes = weights + Tile;
        int queries = 4 * Warps * quadsPerWarp, outputs = queries + (Tile * pitch);
        for (int d = lane; d < headWidth; d += 32)
        {
            quads[keys + d] = LoadFour<TElement>(qkv, firstRow, key, tokens, 3 * channels, channels + column + d);
            quads[values + d] = LoadFour<TElement>(qkv, firstRow, key, tokens, 3 * channels, (2 * channels) + column + d);
            quads[keyGradients + d] = default;
            quads[valueGradients + d] = default;
        }

        for (int first = 0; first < tokens; first += Tile)
        {
            Group.Barrier();
            LoadTile<TElement>(floats, queries, qkv, firstRow, first, tokens, 3 * channels, column, headWidth);
            LoadTile<TElement>(floats, outputs, dy, firstRow, first, tokens, channels, column, headWidth);
            Group.Barrier();
            Quad score = default, product = default;
            for (int d = 0, at = lane * pitch; d < headWidth; d++)
            {
                score = score.Add(quads[keys + d], floats[queries + at + d]);
                product = product.Add(quads[values + d], floats[outputs + at + d]);
            }

            Quad weight = default, slope = default;
            if (first + lane < tokens)
            {
                float* of = ofQueries + ((long)(first + lane) * Statistics);
                weight = score.Times(scale).PowerOfTwoOfDifference(new Quad(of[0])).Times(of[1]);
                slope = weight.Times(product.Minus(new Quad(of[2])));
            }

            quads[weights + lane] = weight;
            quads[slopes + lane] = slope;
            Warp.Barrier();
            for (int d = lane; d < headWidth; d += 32)
            {
                Quad ofKey = quads[keyGradients + d], ofValue = quads[valueGradients + d];
                for (int i = 0; i < Tile; i++)
                {
                    ofKey = ofKey.Add(quads[slopes + i], floats[queries + (i * pitch) + d]);
                    ofValue = ofValue.Add(quads[weights + i], floats[outputs + (i * pitch) + d]);
                }

                quads[keyGradients + d] = ofKey;
                quads[valueGradients + d] = ofValue;
            }
        }

        for (int d = lane; d < headWidth; d += 32)
        {
            StoreFour<TElement>(dQkv, firstRow, key, tokens, 3 * channels, channels + column + d, quads[keyGradients + d].Times(factor));
            StoreFour<TElement>(dQkv, firstRow, key, tokens, 3 * channels, (2 * channels) + column + d, quads[valueGradients + d]);
        }
    }

    private static int SharedBytes(int quadsPerWarp, int headWidth) => sizeof(float) * ((4 * Warps * quadsPerWarp) + (2 * Tile * (headWidth | 1)));

    // Rows past the last token repeat it: what comes of them is not stored.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad LoadFour<TElement>(ulong address, long firstRow, int row, int tokens, int stride, int column)
        where TElement : unmanaged, IElement => new(
        default(TElement).Load(address, ((firstRow + IntrinsicMath.Min(row, tokens - 1)) * stride) + column),
        default(TElement).Load(address, ((firstRow + IntrinsicMath.Min(row + 1, tokens - 1)) * stride) + column),
        default(TElement).Load(address, ((firstRow + IntrinsicMath.Min(row + 2, tokens - 1)) * stride) + column),
        default(TElement).Load(address, ((firstRow + IntrinsicMath.Min(row + 3, tokens - 1)) * stride) + column));

    // Rows past the last token are zeros: a weight of 0 must not meet a NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadTile<TElement>(
        ArrayView<float> floats, int target, ulong address, long firstRow, int first, int tokens, int stride, int column, int headWidth)
        where TElement : unmanaged, IElement
    {
        for (int i = Group.IdxX >> 5; i < Tile; i += Warps)
        {
            long row = ((firstRow + first + i) * stride) + column;
            for (int d = Group.IdxX & 31; d < headWidth; d += 32)
            {
                floats[target + (i * (headWidth | 1)) + d] = first + i < tokens ? default(TElement).Load(address, row + d) : 0f;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreFour<TElement>(ulong address, long firstRow, int row, int tokens, int stride, int column, Quad values)
        where TElement : unmanaged, IElement
    {
        long at = ((firstRow + row) * stride) + column;
        Store<TElement>(address, at, values.Q0, row < tokens);
        Store<TElement>(address, at + stride, values.Q1, row + 1 < tokens);
        Store<TElement>(address, at + (2L * stride), values.Q2, row + 2 < tokens);
        Store<TElement>(address, at + (3L * stride), values.Q3, row + 3 < tokens);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TElement>(ulong address, long index, float value, bool exists)
        where TElement : unmanaged, IElement
    {
        if (exists)
        {
            default(TElement).Store(address, index, value);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep(float* statistics, int query, bool exists, float maximum, float inverse, float delta)
    {
        if (exists)
        {
            statistics[query * Statistics] = maximum;
            statistics[(query * Statistics) + 1] = inverse;
            statistics[(query * Statistics) + 2] = delta;
        }
    }
}
