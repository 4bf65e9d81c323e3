using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.Attention"/> was called with.</summary>
internal readonly record struct AttentionArguments(Tensor Qkv, Tensor Y, int Heads) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new AttentionOp<V>(this, threads);
}

/// <summary>softmax(q k^T / sqrt(D)) v for one head and a run of queries per tile, both products on the micro-kernel.</summary>
/// <remarks>
/// Scores are held transposed, [keys, queries]: lanes are queries. So k is read in place as the left operand, the softmax needs no sum across
/// lanes, and the probabilities are already the left operand of the second product. Only q (scaled, transposed) and v (rows padded to whole
/// vectors) are copied. The largest score memory is T x 48 values (AVX-512) per thread. The probabilities stay unnormalised; the sum
/// divides the D results instead.
/// </remarks>
internal sealed unsafe class AttentionOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    // Queries that share one copy of v.
    private const int MostQueryBlocks = 8;

    private static int Width => MicroKernel.PanelVectors * V.Count;

    private static int Height => MicroKernel.TallestTile<V>();

    private readonly float* _qkv;
    private readonly float* _y;
    private readonly int _batch;
    private readonly int _tokens;
    private readonly int _heads;
    private readonly int _headWidth;
    private readonly int _paddedTokens;
    private readonly int _paddedHeadWidth;
    private readonly int _queriesPerTile;
    private readonly int _queryTiles;
    private readonly float _scale;

    public AttentionOp(AttentionArguments arguments, int threads)
    {
        _qkv = (float*)arguments.Qkv.Address;
        _y = (float*)arguments.Y.Address;
        _batch = arguments.Y.Shape[0];
        _tokens = arguments.Y.Shape[1];
        _heads = arguments.Heads;
        _headWidth = arguments.Y.Columns / _heads;
        _paddedTokens = (_tokens + Height - 1) / Height * Height;
        _paddedHeadWidth = (_headWidth + V.Count - 1) / V.Count * V.Count;
        _scale = (float)(1 / Math.Sqrt(_headWidth));

        int blocks = (_tokens + Width - 1) / Width;
        int blocksPerTile = Math.Clamp((int)((long)_batch * _heads * blocks / (8L * threads)), 1, MostQueryBlocks);
        _queriesPerTile = blocksPerTile * Width;
        _queryTiles = (_tokens + _queriesPerTile - 1) / _queriesPerTile;
    }

    /// <inheritdoc/>
    public override string Name => nameof(Device.Attention);

    /// <inheritdoc/>
    public override int Tiles => _batch * _heads * _queryTiles;

    /// <inheritdoc/>
    public override long ScratchBytes =>
        sizeof(float) * ((long)_headWidth * Width + (long)_paddedTokens * Width + (long)_tokens * _paddedHeadWidth + Width + Height * Width);

    /// <inheritdoc/>
    public override long Flops => 4L * _batch * _heads * _tokens * _tokens * _headWidth;

    /// <inheritdoc/>
    public override long Bytes => 4L * _batch * _tokens * _heads * _headWidth * sizeof(float);

    /// <inheritdoc/>
    public override void Run(int tile, nint scratch)
    {
        int first = tile % _queryTiles * _queriesPerTile, end = Math.Min(first + _queriesPerTile, _tokens);
        int head = tile / _queryTiles % _heads, image = tile / _queryTiles / _heads;
        int channels = _heads * _headWidth;
        nint stride = 3 * (nint)channels;
        float* q = _qkv + (long)image * _tokens * stride + head * _headWidth;
        float* y = _y + (long)image * _tokens * channels + head * _headWidth;

        var queries = (float*)scratch;                                  // [D, Width]
        float* scores = queries + (long)_headWidth * Width;             // [T, Width]
        float* values = scores + (long)_paddedTokens * Width;           // [T, D]
        float* sums = values + (long)_tokens * _paddedHeadWidth;        // [Width]
        float* output = sums + Width;                                   // [Height, Width]
        CopyValues(q + 2 * channels, stride, values);
        for (int query = first, count; query < end; query += count)
        {
            int vectors = MicroKernel.NextVectors<V>(end - query);
            count = Math.Min(vectors * V.Count, end - query);
            CopyQueries(q + query * stride, stride, count, queries);
            for (int key = 0; key < _tokens; key += Height)
            {
                float* keys = q + channels + key * stride, target = scores + (long)key * Width;
                MicroKernel.Multiply<V>(
                    Math.Min(Height, _tokens - key), vectors, keys, stride, 1, queries, Width, _headWidth, null, 0, target, Width, queries);
            }

            for (int vector = 0; vector < vectors; vector++)
            {
                Exponentials(scores + vector * V.Count, sums + vector * V.Count);
            }

            for (int row = 0; row < count; row += Height)
            {
                WeighValues(scores + row, sums + row, Math.Min(Height, count - row), values, output, y + (long)(query + row) * channels);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyValues(float* source, nint stride, float* target)
    {
        for (int s = 0; s < _tokens; s++, source += stride, target += _paddedHeadWidth)
        {
            for (int d = 0; d < _headWidth; d += V.Count)
            {
                V.Store(Partial.Load<V>(source + d, _headWidth - d), target + d);
            }
        }
    }

    // Lanes without a query hold zeros, so their scores are 0 and finite.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyQueries(float* source, nint stride, int count, float* target)
    {
        for (int d = 0; d < _headWidth; d++, target += Width)
        {
            float* column = source + d;
            for (int j = 0; j < count; j++, column += stride)
            {
                target[j] = *column * _scale;
            }

            for (int j = count; j < Width; j++)
            {
                target[j] = 0;
            }
        }
    }

    /// <summary>Replaces one vector of queries' scores by exp(score - maximum) and sums them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Exponentials(float* scores, float* sums)
    {
        V maximum = V.Load(scores), sum = default;
        for (int s = 1; s < _tokens; s++)
        {
            maximum = V.Max(maximum, V.Load(scores + (long)s * Width));
        }

        for (int s = 0; s < _tokens; s++)
        {
            float* at = scores + (long)s * Width;
            V probability = Elementary.Exp(V.Load(at) - maximum);
            V.Store(probability, at);
            sum += probability;
        }

        V.Store(sum, sums);
    }

    /// <summary>y[row, :] = sum_s scores[s, row] v[s, :] / sums[row] for up to Height queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WeighValues(float* scores, float* sums, int rows, float* values, float* output, float* y)
    {
        for (int d = 0, columns; d < _headWidth; d += columns)
        {
            int vectors = MicroKernel.NextVectors<V>(_headWidth - d);
            columns = Math.Min(vectors * V.Count, _headWidth - d);
            MicroKernel.Multiply<V>(
                rows, vectors, scores, 1, Width, values + d, _paddedHeadWidth, _tokens, null, 0, output, Width, values);
            for (int i = 0; i < rows; i++)
            {
                V factor = V.Broadcast(1 / sums[i]);
                float* target = y + (long)i * _heads * _headWidth + d;
                for (int j = 0; j < columns; j += V.Count)
                {
                    Partial.Store(V.Load(output + i * Width + j) * factor, target + j, columns - j);
                }
            }
        }
    }
}
