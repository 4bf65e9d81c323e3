using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>The queries beyond the last whole block of <see cref="FlashAttentionKernel"/>, such as U-ViT's two of 258: instead of a block of their own,
/// of which one warp in four would have something to do, the last block takes them on when it is done with its 64.</summary>
/// <remarks>
/// Its four warps share the keys: of each tile every warp takes a quarter, so that 258 tokens cost 17 warps' products where 256 cost 16. Each ends
/// with a maximum, a sum and an output of its own; these meet in shared memory, in the order of the warps.
/// </remarks>
internal static unsafe class FlashTail
{
    /// <summary>The rows that one warp multiplies at a time.</summary>
    public const int MaxQueries = 16;

    private const int Warps = FlashAttentionKernel.ThreadsPerBlock / 32;
    private const uint StatisticsBytes = MaxQueries * 2 * sizeof(float);

    /// <summary>Computes them; the last block of a head calls it with all threads.</summary>
    /// <param name="qkv">Address.</param>
    /// <param name="y">Address.</param>
    /// <param name="tokens">T.</param>
    /// <param name="channels">C = H D.</param>
    /// <param name="scale">log2(e) / sqrt(D).</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Compute<TElement, TColumns>(ulong qkv, ulong y, int tokens, int channels, float scale)
        where TElement : unmanaged, ITensorCoreElement
        where TColumns : unmanaged, IFlashColumns
    {
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;
        int headWidth = default(TColumns).Width, first = Grid.DimX * FlashAttentionKernel.QueriesPerBlock;
        uint rowBytes = (uint)FlashAttentionKernel.RowBytes(headWidth), tileBytes = FlashAttentionKernel.KeysPerTile * rowBytes;
        long tokenBytes = 6L * channels;
        ulong head = qkv + (ulong)(((long)Grid.IdxZ * tokens * tokenBytes) + (2L * Grid.IdxY * headWidth));
        uint shared = SharedTiles.Address(), firstKey = (uint)((head - qkv) >> 4) + (uint)(channels / 8);

        // Until here other warps may read the last tile.
        Group.Barrier();
        FlashAttentionKernel.StartCopy<TColumns>(qkv, firstKey, 0, tokens, channels, shared);
        ulong column = (ulong)((lane & 3) * 4);
        int query = first + (lane >> 2);
        TColumns columns = default;
        columns.LoadQueries(
            head + (ulong)(IntrinsicMath.Min(query, tokens - 1) * tokenBytes) + column,
            head + (ulong)(IntrinsicMath.Min(query + 8, tokens - 1) * tokenBytes) + column);

        OnlineSoftmax softmax = new(scale);
        uint quarter = shared + ((uint)(warp * FlashAttentionKernel.KeysPerMaskedStep) * rowBytes);
        uint keysByRows = quarter + ((uint)(lane & 15) * rowBytes) + ((uint)(lane >> 4) * 16);
        uint keys = quarter + ((uint)((lane & 7) + ((lane >> 4) * 8)) * rowBytes) + ((uint)((lane >> 3) & 1) * 16);
        uint stage = 0;
        for (int key = 0; key < tokens; key += FlashAttentionKernel.KeysPerTile)
        {
            SharedTiles.WaitForCopies();
            Group.Barrier();
            if (key + FlashAttentionKernel.KeysPerTile < tokens)
            {
                int next = key + FlashAttentionKernel.KeysPerTile;
                FlashAttentionKernel.StartCopy<TColumns>(qkv, firstKey, next, tokens, channels, shared + (2 * tileBytes) - stage);
            }

            // All warps have keys in the first tile, which is whole, so no warp ends without a maximum.
            int left = tokens - key - (warp * FlashAttentionKernel.KeysPerMaskedStep);
            if (left > 0)
            {
                softmax.MaskedStep<TElement, TColumns>(ref columns, keys + stage, keysByRows + stage, rowBytes, left - ((lane & 3) * 2));
            }

            stage = (2 * tileBytes) - stage;
        }

        Group.Barrier();
        uint warpBytes = StatisticsBytes + (uint)(MaxQueries * headWidth * sizeof(float)), part = shared + ((uint)warp * warpBytes);
        softmax.Store(part + ((uint)(lane >> 2) * 8));
        uint upper = part + StatisticsBytes + (uint)(((lane >> 2) * headWidth * sizeof(float)) + ((lane & 3) * 8));
        columns.StoreShared(upper, upper + (uint)(8 * headWidth * sizeof(float)));
        Group.Barrier();
        ulong target = y + (ulong)(2 * ((((long)Grid.IdxZ * tokens) + first) * channels + (Grid.IdxY * headWidth)));
        int pairs = headWidth / 2;
        for (int i = Group.IdxX; i < (tokens - first) * pairs; i += FlashAttentionKernel.ThreadsPerBlock)
        {
            int row = i / pairs, pair = i - (row * pairs);
            *(uint*)(target + (2UL * (ulong)(((long)row * channels) + (2 * pair)))) = Merge<TElement>(shared, warpBytes, row, headWidth, pair);
        }
    }

    // Two columns of a row from what the warps have of it.
    private static uint Merge<TElement>(uint shared, uint warpBytes, int row, int headWidth, int pair)
        where TElement : unmanaged, ITensorCoreElement
    {
        uint statistics = shared + ((uint)row * 8), output = shared + StatisticsBytes + (uint)(((row * headWidth) + (2 * pair)) * sizeof(float));
        float maximum = float.NegativeInfinity;
        for (uint warp = 0; warp < Warps; warp++)
        {
            maximum = IntrinsicMath.Max(maximum, SharedTiles.LoadFloat(statistics + (warp * warpBytes)));
        }

        float sum = 0, left = 0, right = 0;
        for (uint warp = 0; warp < Warps; warp++)
        {
            uint at = warp * warpBytes;
            float factor = Fp32.PowerOfTwoOrZero(SharedTiles.LoadFloat(statistics + at) - maximum);
            sum = Fp32.MultiplyAdd(factor, SharedTiles.LoadFloat(statistics + at + 4), sum);
            left = Fp32.MultiplyAdd(factor, SharedTiles.LoadFloat(output + at), left);
            right = Fp32.MultiplyAdd(factor, SharedTiles.LoadFloat(output + at + 4), right);
        }

        float inverse = Fp32.Reciprocal(sum);
        return default(TElement).Pack(left * inverse, right * inverse);
    }
}
