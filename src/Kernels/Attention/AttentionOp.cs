using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.Attention"/> was called with.</summary>
internal readonly record struct AttentionArguments(Tensor Qkv, Tensor Y, int Heads) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new AttentionOp<V>(this, threads);
}

/// <summary>softmax(q k^T / sqrt(D)) v for one head and a run of queries per tile, both products on the micro-kernel as <see cref="HeadProducts{V}"/>
/// has them.</summary>
/// <remarks>The probabilities stay unnormalised; the sum divides the D results instead.</remarks>
internal sealed unsafe class AttentionOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    // Queries that share one copy of v.
    private const int MaxQueries = 384, MinBlocks = 4;

    private readonly float* _qkv;
    private readonly float* _y;
    private readonly int _batch;
    private readonly int _tokens;
    private readonly int _heads;
    private readonly int _headWidth;
    private readonly HeadProducts<V> _products;
    private readonly int _threads;
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
        _scale = (float)(1 / Math.Sqrt(_headWidth));
        _products = new HeadProducts<V>(_tokens, _headWidth);

        _threads = threads;
        int blocks = (_tokens + _products.Block - 1) / _products.Block;

        // Few heads make few tiles: a copy of v for every block would cost more than threads that wait at the end.
        long blocksPerThread = (long)_batch * _heads * blocks / threads, least = Math.Clamp(blocksPerThread / 2, 1, MinBlocks);
        int blocksPerTile = (int)Math.Clamp(blocksPerThread / 8, least, Math.Max(least, MaxQueries / _products.Block));
        _queriesPerTile = blocksPerTile * _products.Block;
        _queryTiles = (_tokens + _queriesPerTile - 1) / _queriesPerTile;
    }

    /// <inheritdoc/>
    public override string Name => nameof(Device.Attention);

    /// <inheritdoc/>
    public override int Tiles => _batch * _heads * _queryTiles;

    /// <inheritdoc/>
    public override long ScratchBytes =>
        sizeof(float) * (EdgeTile.ScratchFloats<V>() + (_headWidth + _products.PaddedTokens + 1L) * _products.Block
            + (long)_tokens * _products.PaddedHeadWidth);

    /// <inheritdoc/>
    public override long Flops => 4L * _batch * _heads * _tokens * _tokens * _headWidth;

    /// <inheritdoc/>
    public override long Bytes => 4L * _batch * _tokens * _heads * _headWidth * sizeof(float);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        int first = tile % _queryTiles * _queriesPerTile, end = Math.Min(first + _queriesPerTile, _tokens);
        int head = tile / _queryTiles % _heads, image = tile / _queryTiles / _heads;
        int channels = _heads * _headWidth, block = _products.Block;
        nint stride = 3 * (nint)channels;
        float* q = Queries(image, head), k = q + channels, v = k + channels, y = Output(image, head);
        NextHead next = After(tile);

        var edge = (float*)scratch;
        float* queries = edge + EdgeTile.ScratchFloats<V>();                // [D, block]: q^T / sqrt(D)
        float* scores = queries + (long)_headWidth * block;                 // [T, block]
        float* factors = scores + (long)_products.PaddedTokens * block;     // [block]
        float* values = factors + block;                                    // panels of v
        _products.CopyPanels(v, stride, values);
        for (int query = first; query < end; query += block)
        {
            int count = Math.Min(block, end - query);
            _products.CopyTransposed(q + query * stride, stride, count, _scale, queries);
            _products.MultiplyByQueries(k, stride, queries, count, scores, ref next);
            for (int lane = 0; lane < count; lane += V.Count)
            {
                Exponentials(scores + lane, factors + lane);
            }

            float* target = y + (long)query * channels;
            _products.SumOverKeys(scores, count, values, target, channels, edge, ref next);
            Normalize(target, channels, count, factors);
        }
    }

    private float* Queries(int image, int head) => _qkv + (long)image * _tokens * 3 * _heads * _headWidth + head * _headWidth;

    private float* Output(int image, int head) => _y + (long)image * _tokens * _heads * _headWidth + head * _headWidth;

    /// <summary>What this thread reads and writes next, if the threads keep pace with each other and it is another head.</summary>
    private NextHead After(int tile)
    {
        NextHead next = new(_tokens, _headWidth);
        int head = (tile + _threads) / _queryTiles;
        if (head != tile / _queryTiles && head < _batch * _heads)
        {
            int channels = _heads * _headWidth;
            float* queries = Queries(head / _heads, head % _heads);
            next.Add(queries, 3 * channels);
            next.Add(queries + channels, 3 * channels);
            next.Add(queries + 2 * channels, 3 * channels);
            next.Add(Output(head / _heads, head % _heads), channels);
        }

        return next;
    }

    /// <summary>Replaces one vector of queries' scores by exp(score - maximum); factors are 1 / their sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Exponentials(float* scores, float* factors)
    {
        V maximum = _products.Maximum(scores), sum = default;
        nint block = _products.Block;
        for (int s = 0; s < _tokens; s++, scores += block)
        {
            V weight = Elementary.Exp(V.Load(scores) - maximum);
            V.Store(weight, scores);
            sum += weight;
        }

        V.Store(V.Broadcast(1) / sum, factors);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Normalize(float* y, nint stride, int count, float* factors)
    {
        for (int i = 0; i < count; i++, y += stride)
        {
            V factor = V.Broadcast(factors[i]);
            for (int d = 0; d < _headWidth; d += V.Count)
            {
                Partial.Store(Partial.Load<V>(y + d, _headWidth - d) * factor, y + d, _headWidth - d);
            }
        }
    }
}
