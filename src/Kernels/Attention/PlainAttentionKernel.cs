using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>y[b,t,h,:] = sum_s softmax_s(q[b,t,h] . k[b,s,h] / sqrt(D)) v[b,s,h,:] in fp32 arithmetic: the level for fp32 storage and for widths that
/// <see cref="FlashAttentionKernel"/> does not have.</summary>
/// <remarks>
/// Shapes   qkv [B,T,3,H,D], y [B,T,H,D], in one storage type; D up to 256.
/// Numbers  everything in fp32, weights too. Softmax in one pass as in <see cref="FlashAttentionKernel"/>.
/// Traffic  reads 3 B T C and writes B T C elements, plus keys and values again for each further 16 queries, which the second-level cache holds.
/// Launch   grid [T/16, H, B], 4 warps of 4 queries; keys in tiles of 32. A lane is a key while scores are computed, then a column (and every 32nd).
/// Source   as <see cref="FlashAttentionKernel"/>.
/// </remarks>
internal static class PlainAttentionKernel
{
    /// <summary>Threads per block.</summary>
    public const int ThreadsPerBlock = 32 * Warps;

    /// <summary>Queries per block.</summary>
    public const int QueriesPerBlock = 4 * Warps;

    /// <summary>Widest head.</summary>
    public const int MaxHeadWidth = 256;

    private const int Warps = 4;
    private const int KeysPerTile = 32;

    /// <summary>The kernel, one form per storage type.</summary>
    public static readonly KernelTemplate Template = new(typeof(PlainAttentionKernel), nameof(Attention), ThreadsPerBlock);

    /// <summary>Dynamic shared memory: queries, output and weights of each warp, one tile of keys and of values.</summary>
    public static int SharedBytes(int headWidth) =>
        sizeof(float) * (4 * Warps * QuadsPerWarp(headWidth) + KeysPerTile * (KeyStride(headWidth) + headWidth));

    /// <summary>The kernel: block (i, h, b) computes queries 16 i and on of head h of image b.</summary>
    /// <param name="qkv">Address.</param>
    /// <param name="y">Address.</param>
    /// <param name="tokens">T.</param>
    /// <param name="channels">C = H D.</param>
    /// <param name="headWidth">D.</param>
    /// <param name="scale">log2(e) / sqrt(D).</param>
    public static void Attention<TElement>(ulong qkv, ulong y, int tokens, int channels, int headWidth, float scale)
        where TElement : unmanaged, IElement
    {
        int lane = Group.IdxX & 31, warp = Group.IdxX >> 5;
        long firstRow = (long)Grid.IdxZ * tokens;
        int column = Grid.IdxY * headWidth;
        int query = Grid.IdxX * QueriesPerBlock + warp * 4;

        ArrayView<Quad> quads = SharedMemory.GetDynamic<Quad>();
        int queries = warp * QuadsPerWarp(headWidth), output = queries + headWidth, weights = output + headWidth;
        ArrayView<float> floats = SharedMemory.GetDynamic<float>();
        int keys = 4 * Warps * QuadsPerWarp(headWidth), values = keys + KeysPerTile * KeyStride(headWidth);

        for (int d = lane; d < headWidth; d += 32)
        {
            long at = column + d;
            quads[queries + d] = new Quad(
                default(TElement).Load(qkv, (firstRow + IntrinsicMath.Min(query, tokens - 1)) * 3 * channels + at),
                default(TElement).Load(qkv, (firstRow + IntrinsicMath.Min(query + 1, tokens - 1)) * 3 * channels + at),
                default(TElement).Load(qkv, (firstRow + IntrinsicMath.Min(query + 2, tokens - 1)) * 3 * channels + at),
                default(TElement).Load(qkv, (firstRow + IntrinsicMath.Min(query + 3, tokens - 1)) * 3 * channels + at));
            quads[output + d] = default;
        }

        Quad maximum = new(float.NegativeInfinity), sum = default;
        for (int first = 0; first < tokens; first += KeysPerTile)
        {
            Group.Barrier();
            for (int i = warp; i < KeysPerTile; i += Warps)
            {
                // Rows past the last token are zeros: a weight of 0 must not meet a NaN.
                bool exists = first + i < tokens;
                long row = (firstRow + first + i) * 3 * channels + channels + column;
                for (int d = lane; d < headWidth; d += 32)
                {
                    floats[keys + i * KeyStride(headWidth) + d] = exists ? default(TElement).Load(qkv, row + d) : 0f;
                    floats[values + i * headWidth + d] = exists ? default(TElement).Load(qkv, row + channels + d) : 0f;
                }
            }

            Group.Barrier();
            Quad score = default;
            for (int d = 0, key = keys + lane * KeyStride(headWidth); d < headWidth; d++)
            {
                score = score.Add(quads[queries + d], floats[key + d]);
            }

            // The first key of a tile always exists, so the new maximum is finite; the first old one is not, and 2^-infinity is 0.
            score = first + lane < tokens ? score.Times(scale) : new Quad(float.NegativeInfinity);
            Quad raised = score.Max(maximum).MaxOfWarp();
            Quad factor = maximum.PowerOfTwoOfDifference(raised);
            maximum = raised;
            Quad weight = score.PowerOfTwoOfDifference(raised);
            sum = weight.Add(sum, factor);
            quads[weights + lane] = weight;
            Warp.Barrier();
            for (int d = lane; d < headWidth; d += 32)
            {
                Quad total = quads[output + d].Times(factor);
                for (int i = 0; i < KeysPerTile; i++)
                {
                    total = total.Add(quads[weights + i], floats[values + i * headWidth + d]);
                }

                quads[output + d] = total;
            }
        }

        Quad divisor = sum.SumOfWarp();
        for (int d = lane; d < headWidth; d += 32)
        {
            Quad total = quads[output + d];
            long at = (firstRow + query) * channels + column + d;
            Store<TElement>(y, at, Fp32.Divide(total.Q0, divisor.Q0), query < tokens);
            Store<TElement>(y, at + channels, Fp32.Divide(total.Q1, divisor.Q1), query + 1 < tokens);
            Store<TElement>(y, at + 2L * channels, Fp32.Divide(total.Q2, divisor.Q2), query + 2 < tokens);
            Store<TElement>(y, at + 3L * channels, Fp32.Divide(total.Q3, divisor.Q3), query + 3 < tokens);
        }
    }

    private static int QuadsPerWarp(int headWidth) => 2 * headWidth + KeysPerTile;

    // An odd number of words, so that 32 lanes on 32 rows meet all banks once.
    private static int KeyStride(int headWidth) => headWidth | 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TElement>(ulong address, long index, float value, bool exists)
        where TElement : unmanaged, IElement
    {
        if (exists)
        {
            default(TElement).Store(address, index, value);
        }
    }
}
