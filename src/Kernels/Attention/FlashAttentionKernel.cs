using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>y[b,t,h,:] = sum_s softmax_s(q[b,t,h] . k[b,s,h] / sqrt(D)) v[b,s,h,:] on tensor cores.</summary>
/// <remarks>
/// Shapes   qkv [B,T,3,H,D], y [B,T,H,D], both fp16 or both bf16; D a multiple of 8 up to 128; qkv aligned to 16 bytes and
///          smaller than 64 GiB, y aligned to 4.
/// Numbers  products and sums in fp32, weights rounded to the storage type before they meet the values. Softmax in one pass: the running maximum m is
///          subtracted, and sums and output are rescaled by 2^(m_old - m_new) when it rises; exponentials to base 2 with log2(e) in the scale.
/// Traffic  reads 3 B T C and writes B T C elements, plus keys and values again for each further 64 queries, which the second-level cache holds.
/// Launch   grid [T/64, H, B], 4 warps of 16 queries; keys in tiles of 64, the next tile is copied while one is computed.
///          Whole tiles run without any mask; the rest of T goes in steps of 16 keys, the last one masked. Up to 16 queries beyond the last whole 64
///          have no block: the last one takes them afterwards (<see cref="FlashTail"/>).
/// Source   Dao 2023, FlashAttention-2, algorithm 1.
/// </remarks>
internal static class FlashAttentionKernel
{
    /// <summary>Threads per block.</summary>
    public const int ThreadsPerBlock = 128;

    /// <summary>Queries per block.</summary>
    public const int QueriesPerBlock = 64;

    /// <summary>Keys and values that lie in shared memory at a time.</summary>
    public const int KeysPerTile = 64;

    /// <summary>Keys of a step that may be masked.</summary>
    public const int KeysPerMaskedStep = 16;

    /// <summary>From one key to the next in shared memory: an odd multiple of 16 bytes, so that eight rows of a matrix meet each bank once.</summary>
    public static int RowBytes(int headWidth) => (headWidth / 8 | 1) * 16;

    /// <summary>Blocks of queries per head.</summary>
    public static int QueryBlocks(int tokens)
    {
        int whole = tokens / QueriesPerBlock, rest = tokens % QueriesPerBlock;
        return rest == 0 || (whole > 0 && rest <= FlashTail.MaxQueries) ? whole : whole + 1;
    }

    /// <summary>Dynamic shared memory: two stages of keys and values.</summary>
    public static int SharedBytes(int headWidth) => 2 * 2 * KeysPerTile * RowBytes(headWidth);

    /// <summary>The kernel: block (i, h, b) computes queries 64 i and on of head h of image b; the last i also what is beyond its 64.</summary>
    /// <param name="qkv">Address.</param>
    /// <param name="y">Address.</param>
    /// <param name="tokens">T.</param>
    /// <param name="channels">C = H D.</param>
    /// <param name="scale">log2(e) / sqrt(D).</param>
    public static void FlashAttention<TElement, TColumns, TScores>(ulong qkv, ulong y, int tokens, int channels, float scale)
        where TElement : unmanaged, ITensorCoreElement
        where TColumns : unmanaged, IFlashColumns
        where TScores : unmanaged, IFlashScores
    {
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;
        int headWidth = default(TColumns).Width;
        uint rowBytes = (uint)RowBytes(headWidth), tileBytes = KeysPerTile * rowBytes;
        long tokenBytes = 6L * channels;
        ulong head = qkv + (ulong)((long)Grid.IdxZ * tokens * tokenBytes + 2L * Grid.IdxY * headWidth);
        uint shared = SharedTiles.Address();

        // In units of 16 bytes, on which every row starts: one register less in the loop.
        uint firstKey = (uint)((head - qkv) >> 4) + (uint)(channels / 8);
        StartCopy<TColumns>(qkv, firstKey, 0, tokens, channels, shared);

        int query = Grid.IdxX * QueriesPerBlock + warp * 16 + (lane >> 2);
        ulong column = (ulong)((lane & 3) * 4);
        TColumns columns = default;
        columns.LoadQueries(
            head + (ulong)(IntrinsicMath.Min(query, tokens - 1) * tokenBytes) + column,
            head + (ulong)(IntrinsicMath.Min(query + 8, tokens - 1) * tokenBytes) + column);

        OnlineSoftmax softmax = new(scale);
        uint keysByRows = shared + (uint)(lane & 15) * rowBytes + (uint)(lane >> 4) * 16;
        uint keys = shared + (uint)((lane & 7) + (lane >> 4) * 8) * rowBytes + (uint)((lane >> 3) & 1) * 16;
        uint stage = 0;
        int key = 0;
        for (; key + KeysPerTile <= tokens; key += KeysPerTile)
        {
            SharedTiles.WaitForCopies();
            Group.Barrier();
            if (key + KeysPerTile < tokens)
            {
                StartCopy<TColumns>(qkv, firstKey, key + KeysPerTile, tokens, channels, shared + 2 * tileBytes - stage);
            }

            softmax.Step<TElement, TColumns, TScores>(ref columns, keys + stage, keysByRows + stage, rowBytes);
            stage = 2 * tileBytes - stage;
        }

        if (key < tokens)
        {
            SharedTiles.WaitForCopies();
            Group.Barrier();
            keys += stage;
            keysByRows += stage;
            for (; key < tokens; key += KeysPerMaskedStep)
            {
                softmax.MaskedStep<TElement, TColumns>(ref columns, keys, keysByRows, rowBytes, tokens - key - (lane & 3) * 2);
                keys += KeysPerMaskedStep * rowBytes;
                keysByRows += KeysPerMaskedStep * rowBytes;
            }
        }

        softmax.Finish(ref columns);

        // Once more, so that it takes no registers in the loop.
        query = Grid.IdxX * QueriesPerBlock + (Group.IdxX >> 5) * 16 + ((Group.IdxX & 31) >> 2);
        ulong target = y + (ulong)(2 * (((long)Grid.IdxZ * tokens + query) * channels + Grid.IdxY * headWidth)) + (ulong)((Group.IdxX & 3) * 4);
        if (query < tokens)
        {
            columns.StoreUpper<TElement>(target);
        }

        if (query + 8 < tokens)
        {
            columns.StoreLower<TElement>(target + (ulong)(16L * channels));
        }

        if (Grid.IdxX == Grid.DimX - 1 && Grid.DimX * QueriesPerBlock < tokens)
        {
            FlashTail.Compute<TElement, TColumns>(qkv, y, tokens, channels, scale);
        }
    }

    /// <summary>Starts copying keys and values from <paramref name="firstKey"/> on: thread t its part of row t/2, zeros past the last token.</summary>
    /// <param name="qkv">Address.</param>
    /// <param name="keys">From there to this head's key 0, in units of 16 bytes.</param>
    /// <param name="firstKey">A token.</param>
    /// <param name="tokens">T.</param>
    /// <param name="channels">C.</param>
    /// <param name="target">Shared address of the stage.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StartCopy<TColumns>(ulong qkv, uint keys, int firstKey, int tokens, int channels, uint target)
        where TColumns : unmanaged, IFlashColumns
    {
        uint rowBytes = (uint)RowBytes(default(TColumns).Width);
        int row = Group.IdxX >> 1, key = firstKey + row;
        FlashTileCopy copy = new(
            target + (uint)row * rowBytes,
            qkv + 16UL * (keys + (uint)IntrinsicMath.Min(key, tokens - 1) * (uint)(3 * channels / 8)),
            KeysPerTile * rowBytes,
            (ulong)(2L * channels),
            key < tokens,
            Group.IdxX & 1);
        default(TColumns).StartCopy(copy, 0);
    }
}
