using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What attention and its gradient do with one head: copies, and products on the micro-kernel.</summary>
/// <remarks>
/// A head is gone through a block of queries at a time. Scores are held transposed, [keys, queries]: lanes are queries. So k and v are read in place
/// as left operands, a softmax needs no sum across lanes, and what it leaves is already the left operand of sums over keys, read along queries, and
/// of sums over queries, read along keys. Only right operands are copied: transposed [D, block], or as rows padded to whole vectors. The block
/// depends on T alone; T x block is the largest score memory.
/// </remarks>
internal sealed unsafe class HeadProducts<V>
    where V : unmanaged, IFloats<V>
{
    // Scores of a block should stay in the second cache beside k, v and their gradients.
    private const int MaxBlockVectors = 6, MaxBlockVectorsOfLongHeads = 3, LongHead = 512;

    private readonly int _tokens;
    private readonly int _headWidth;

    /// <param name="tokens">T.</param>
    /// <param name="headWidth">D.</param>
    public HeadProducts(int tokens, int headWidth)
    {
        (_tokens, _headWidth) = (tokens, headWidth);
        PaddedTokens = (tokens + Height - 1) / Height * Height;
        PaddedHeadWidth = (headWidth + V.Count - 1) / V.Count * V.Count;
        int most = tokens > LongHead ? MaxBlockVectorsOfLongHeads : MaxBlockVectors;
        int vectors = (tokens + V.Count - 1) / V.Count, blocks = (vectors + most - 1) / most;
        Block = (vectors + blocks - 1) / blocks * V.Count;
    }

    private static int Height => MicroKernel.TallestTile<V>();

    /// <summary>T up to whole tiles: rows of score memory and of sums over queries.</summary>
    public int PaddedTokens { get; }

    /// <summary>D up to whole vectors: elements from one copied row to the next.</summary>
    public int PaddedHeadWidth { get; }

    /// <summary>Queries of a block, whole vectors: elements from one row of transposed queries or of scores to the next.</summary>
    public int Block { get; }

    /// <summary>target[i, :] = source[i, :], padded by zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyRows(float* source, nint stride, int rows, float* target)
    {
        for (int i = 0; i < rows; i++, source += stride, target += PaddedHeadWidth)
        {
            for (int d = 0; d < _headWidth; d += V.Count)
            {
                V.Store(Partial.Load<V>(source + d, _headWidth - d), target + d);
            }
        }
    }

    /// <summary>What <see cref="SumOverKeys"/> reads: the rows of all keys in panels as wide as its tiles, one after the other, so that a tile's
    /// rows follow each other in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void CopyPanels(float* source, nint stride, float* target)
    {
        for (int d = 0, width; d < _headWidth; d += width)
        {
            width = MicroKernel.NextVectors<V>(_headWidth - d) * V.Count;
            float* row = source + d;
            for (int s = 0; s < _tokens; s++, row += stride, target += width)
            {
                for (int i = 0; i < width; i += V.Count)
                {
                    V.Store(Partial.Load<V>(row + i, _headWidth - d - i), target + i);
                }
            }
        }
    }

    /// <summary>target[d, i] = factor source[i, d] for <paramref name="count"/> queries i. Lanes without a query hold zeros: what comes of them
    /// is finite.</summary>
    public void CopyTransposed(float* source, nint stride, int count, float factor, float* target)
    {
        Transposition.Copy(source, stride, count, _headWidth, factor, target, Block);
        int padding = (V.Count - count % V.Count) % V.Count;
        for (int d = 0; d < _headWidth && padding > 0; d++)
        {
            new Span<float>(target + (long)d * Block + count, padding).Clear();
        }
    }

    /// <summary>scores[s, i] = rows[s, :] . queries[:, i] for all keys s and <paramref name="count"/> queries i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void MultiplyByQueries(float* rows, nint stride, float* queries, int count, float* scores, ref NextHead next)
    {
        for (int lane = 0, vectors; lane < count; lane += vectors * V.Count)
        {
            vectors = MicroKernel.NextVectors<V>(count - lane);
            for (int s = 0; s < _tokens; s += Height)
            {
                float* ahead = next.Take(_headWidth, out nint aheadStep);
                MicroKernel.Multiply<V>(
                    Math.Min(Height, _tokens - s), vectors, rows + s * stride, stride, 1, queries + lane, V.Count, Block, _headWidth,
                    null, 0, scores + (long)s * Block + lane, Block, ahead, aheadStep);
            }
        }
    }

    /// <summary>The largest score of each of a vector of queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public V Maximum(float* scores)
    {
        V a = V.Load(scores), b = a, c = a, d = a; // four chains: one would wait for each maximum
        int s = 1;
        for (; s + 4 <= _tokens; s += 4)
        {
            float* at = scores + (long)s * Block;
            a = V.Max(a, V.Load(at));
            b = V.Max(b, V.Load(at + Block));
            c = V.Max(c, V.Load(at + 2 * Block));
            d = V.Max(d, V.Load(at + 3 * Block));
        }

        for (; s < _tokens; s++)
        {
            a = V.Max(a, V.Load(scores + (long)s * Block));
        }

        return V.Max(V.Max(a, b), V.Max(c, d));
    }

    /// <summary>target[i, :] = sum_s weights[s, i] rows[s, :] for <paramref name="count"/> queries i; the rows as <see cref="CopyPanels"/> leaves
    /// them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void SumOverKeys(float* weights, int count, float* panels, float* target, nint stride, float* edge, ref NextHead next)
    {
        for (int d = 0, width; d < _headWidth; d += width, panels += (long)_tokens * width)
        {
            width = MicroKernel.NextVectors<V>(_headWidth - d) * V.Count;
            for (int i = 0; i < count; i += Height)
            {
                float* ahead = next.Take(_tokens, out nint aheadStep);
                EdgeTile.Multiply<V>(
                    Math.Min(Height, count - i), Math.Min(width, _headWidth - d), weights + i, 1, Block, panels, V.Count, width, _tokens,
                    null, 0, target + i * stride + d, stride, ahead, aheadStep, edge);
            }
        }
    }

    /// <summary>sums[s, :] += sum_i weights[s, i] rows[i, :] for all keys s, over <paramref name="count"/> queries i; the first block begins
    /// the sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void SumOverQueries(float* weights, int count, float* rows, float* sums, bool isFirst, ref NextHead next)
    {
        for (int d = 0, vectors; d < _headWidth; d += vectors * V.Count)
        {
            vectors = MicroKernel.NextVectors<V>(_headWidth - d);
            for (int s = 0; s < _tokens; s += Height)
            {
                float* target = sums + (long)s * PaddedHeadWidth + d, ahead = next.Take(count, out nint aheadStep);
                MicroKernel.Multiply<V>(
                    Math.Min(Height, _tokens - s), vectors, weights + (long)s * Block, Block, 1, rows + d, V.Count, PaddedHeadWidth, count,
                    isFirst ? null : target, PaddedHeadWidth, target, PaddedHeadWidth, ahead, aheadStep);
            }
        }
    }
}
