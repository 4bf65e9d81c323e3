using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.AttentionBackward"/> was called with; y is not needed, see <see cref="AttentionBackwardOp{V}"/>.</summary>
internal readonly record struct AttentionBackwardArguments(Tensor Qkv, Tensor Dy, Tensor DQkv, int Heads) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new AttentionBackwardOp<V>(this, threads);
}

/// <summary>The gradients of one head of one image per tile, all five products on the micro-kernel; see <see cref="HeadProducts{V}"/>.</summary>
/// <remarks>
/// rowsum(dy y) is taken as sum_s P dP, which is the same number and lies in the lanes already. dk and dv grow in scratch, block after block of
/// queries: a head belongs to one thread, so the order of every sum depends on T alone.
/// </remarks>
internal sealed unsafe class AttentionBackwardOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    private readonly float* _qkv;
    private readonly float* _dy;
    private readonly float* _dQkv;
    private readonly int _batch;
    private readonly int _tokens;
    private readonly int _heads;
    private readonly int _headWidth;
    private readonly HeadProducts<V> _products;
    private readonly float _scale;
    private readonly int _threads;

    public AttentionBackwardOp(AttentionBackwardArguments arguments, int threads)
    {
        _qkv = (float*)arguments.Qkv.Address;
        _dy = (float*)arguments.Dy.Address;
        _dQkv = (float*)arguments.DQkv.Address;
        _batch = arguments.Dy.Shape[0];
        _tokens = arguments.Dy.Shape[1];
        _heads = arguments.Heads;
        _headWidth = arguments.Dy.Columns / _heads;
        _scale = (float)(1 / Math.Sqrt(_headWidth));
        _threads = threads;
        _products = new HeadProducts<V>(_tokens, _headWidth);
    }

    /// <inheritdoc/>
    public override string Name => nameof(Device.AttentionBackward);

    /// <inheritdoc/>
    public override int Tiles => _batch * _heads;

    /// <inheritdoc/>
    public override long ScratchBytes =>
        sizeof(float) * (EdgeTile.ScratchFloats<V>()
            + 2L * _products.Block * (_headWidth + _products.PaddedTokens + _products.PaddedHeadWidth)
            + (_tokens + 2L * _products.PaddedTokens) * _products.PaddedHeadWidth);

    /// <inheritdoc/>
    public override long Flops => 10L * _batch * _heads * _tokens * _tokens * _headWidth;

    /// <inheritdoc/>
    public override long Bytes => 7L * _batch * _tokens * _heads * _headWidth * sizeof(float);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        int channels = _heads * _headWidth, block = _products.Block, rowFloats = _products.PaddedHeadWidth;
        nint stride = 3 * (nint)channels;
        long first = First(tile, 3 * channels);
        float* q = _qkv + first, k = q + channels, v = k + channels;
        float* dq = _dQkv + first, dk = dq + channels, dv = dk + channels;
        float* dy = _dy + First(tile, channels);
        NextHead next = After(tile);

        var edge = (float*)scratch;
        float* queries = edge + EdgeTile.ScratchFloats<V>();                // [D, block]: q^T / sqrt(D)
        float* gradients = queries + (long)_headWidth * block;              // [D, block]: dy^T
        float* scores = gradients + (long)_headWidth * block;               // [T, block]: S^T, then P^T
        float* slopes = scores + (long)_products.PaddedTokens * block;      // [T, block]: dP^T, then dS^T
        float* queryRows = slopes + (long)_products.PaddedTokens * block;   // [block, D]: q
        float* gradientRows = queryRows + (long)block * rowFloats;          // [block, D]: dy
        float* keyRows = gradientRows + (long)block * rowFloats;            // panels of k
        float* keySums = keyRows + (long)_tokens * rowFloats;               // [T, D]: dk
        float* valueSums = keySums + (long)_products.PaddedTokens * rowFloats; // [T, D]: dv
        _products.CopyPanels(k, stride, keyRows);
        for (int query = 0; query < _tokens; query += block)
        {
            int count = Math.Min(block, _tokens - query);
            float* dyBlock = dy + query * (nint)channels;
            _products.CopyTransposed(q + query * stride, stride, count, _scale, queries);
            _products.CopyTransposed(dyBlock, channels, count, 1, gradients);
            _products.CopyRows(q + query * stride, stride, count, queryRows);
            _products.CopyRows(dyBlock, channels, count, gradientRows);

            _products.MultiplyByQueries(k, stride, queries, count, scores, ref next);
            _products.MultiplyByQueries(v, stride, gradients, count, slopes, ref next);
            for (int lane = 0; lane < count; lane += V.Count)
            {
                SoftmaxGradient(scores + lane, slopes + lane);
            }

            _products.SumOverKeys(slopes, count, keyRows, dq + query * stride, stride, edge, ref next);
            _products.SumOverQueries(slopes, count, queryRows, keySums, query == 0, ref next);
            _products.SumOverQueries(scores, count, gradientRows, valueSums, query == 0, ref next);
        }

        CopyOut(keySums, dk, stride);
        CopyOut(valueSums, dv, stride);
    }

    private long First(int tile, int stride) => (long)(tile / _heads) * _tokens * stride + tile % _heads * _headWidth;

    /// <summary>What this thread reads and writes next, if the threads keep pace with each other.</summary>
    private NextHead After(int tile)
    {
        NextHead next = new(_tokens, _headWidth);
        tile += _threads;
        if (tile < Tiles)
        {
            int channels = _heads * _headWidth;
            for (int part = 0; part < 3; part++)
            {
                long first = First(tile, 3 * channels) + part * channels;
                next.Add(_qkv + first, 3 * channels);
                next.Add(_dQkv + first, 3 * channels);
            }

            next.Add(_dy + First(tile, channels), channels);
        }

        return next;
    }

    /// <summary>One vector of queries: scores become probabilities P, and dP becomes dS = P (dP - sum_s P dP) / sqrt(D).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SoftmaxGradient(float* scores, float* slopes)
    {
        V maximum = _products.Maximum(scores), sum = default, mean = default;
        nint block = _products.Block;
        for (int s = 0; s < _tokens; s++)
        {
            float* at = scores + s * block;
            V weight = Elementary.Exp(V.Load(at) - maximum);
            V.Store(weight, at);
            sum += weight;
            mean = V.MultiplyAdd(weight, V.Load(slopes + s * block), mean);
        }

        V factor = V.Broadcast(1) / sum, scale = V.Broadcast(_scale);
        mean *= factor;
        for (int s = 0; s < _tokens; s++)
        {
            float* at = scores + s * block, slope = slopes + s * block;
            V probability = V.Load(at) * factor;
            V.Store(probability, at);
            V.Store(probability * ((V.Load(slope) - mean) * scale), slope);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyOut(float* source, float* target, nint stride)
    {
        for (int i = 0; i < _tokens; i++, source += _products.PaddedHeadWidth, target += stride)
        {
            for (int d = 0; d < _headWidth; d += V.Count)
            {
                Partial.Store(V.Load(source + d), target + d, _headWidth - d);
            }
        }
    }
}
