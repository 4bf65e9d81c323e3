using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.AttentionBackward"/> was called with; y is not needed, see <see cref="AttentionBackwardOp{V}"/>.</summary>
internal readonly record struct AttentionBackwardArguments(Tensor Qkv, Tensor Dy, Tensor DQkv, int Heads) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new AttentionBackwardOp<V>(this);
}

/// <summary>The gradients of one head of one image per tile, all five products on the micro-kernel.</summary>
/// <remarks>
/// A head goes through a block of queries at a time. As in the forward pass, scores lie transposed, [keys, queries], so lanes are queries, k and v
/// are the left operands of q k^T and dy v^T in place, and the same memory is the left operand of dS k read along queries, of dS^T q and P^T dy read
/// along keys. rowsum(dy y) is taken as sum_s P dP, which is the same number and lies in the lanes already. dk and dv grow in scratch, block after
/// block: a head belongs to one thread, so the order of every sum depends on T alone.
/// </remarks>
internal sealed unsafe class AttentionBackwardOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    private const int MostBlockVectors = 6;

    private static int Width => MicroKernel.PanelVectors * V.Count;

    private static int Height => MicroKernel.TallestTile<V>();

    private readonly float* _qkv;
    private readonly float* _dy;
    private readonly float* _dQkv;
    private readonly int _batch;
    private readonly int _tokens;
    private readonly int _heads;
    private readonly int _headWidth;
    private readonly int _paddedTokens;
    private readonly int _paddedHeadWidth;
    private readonly int _block;
    private readonly float _scale;

    public AttentionBackwardOp(AttentionBackwardArguments arguments)
    {
        _qkv = (float*)arguments.Qkv.Address;
        _dy = (float*)arguments.Dy.Address;
        _dQkv = (float*)arguments.DQkv.Address;
        _batch = arguments.Dy.Shape[0];
        _tokens = arguments.Dy.Shape[1];
        _heads = arguments.Heads;
        _headWidth = arguments.Dy.Columns / _heads;
        _paddedTokens = (_tokens + Height - 1) / Height * Height;
        _paddedHeadWidth = (_headWidth + V.Count - 1) / V.Count * V.Count;
        _scale = (float)(1 / Math.Sqrt(_headWidth));

        // Blocks of equal numbers of vectors, as far as that goes.
        int vectors = (_tokens + V.Count - 1) / V.Count, blocks = (vectors + MostBlockVectors - 1) / MostBlockVectors;
        _block = (vectors + blocks - 1) / blocks * V.Count;
    }

    /// <inheritdoc/>
    public override string Name => nameof(Device.AttentionBackward);

    /// <inheritdoc/>
    public override int Tiles => _batch * _heads;

    /// <inheritdoc/>
    public override long ScratchBytes =>
        sizeof(float) * (EdgeTile.ScratchFloats<V>() + 2L * _block * (_headWidth + _paddedTokens + _paddedHeadWidth)
            + (_tokens + 2L * _paddedTokens) * _paddedHeadWidth);

    /// <inheritdoc/>
    public override long Flops => 10L * _batch * _heads * _tokens * _tokens * _headWidth;

    /// <inheritdoc/>
    public override long Bytes => 7L * _batch * _tokens * _heads * _headWidth * sizeof(float);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        int head = tile % _heads, image = tile / _heads, channels = _heads * _headWidth;
        nint stride = 3 * (nint)channels;
        long first = (long)image * _tokens * stride + head * _headWidth;
        float* q = _qkv + first, k = q + channels, v = k + channels;
        float* dq = _dQkv + first, dk = dq + channels, dv = dk + channels;
        float* dy = _dy + (long)image * _tokens * channels + head * _headWidth;

        var edge = (float*)scratch;
        float* queries = edge + EdgeTile.ScratchFloats<V>();            // [D, block]: q^T / sqrt(D)
        float* gradients = queries + (long)_headWidth * _block;         // [D, block]: dy^T
        float* scores = gradients + (long)_headWidth * _block;          // [T, block]: S^T, then P^T
        float* slopes = scores + (long)_paddedTokens * _block;          // [T, block]: dP^T, then dS^T
        float* queryRows = slopes + (long)_paddedTokens * _block;       // [block, D]: q
        float* gradientRows = queryRows + (long)_block * _paddedHeadWidth; // [block, D]: dy
        float* keyRows = gradientRows + (long)_block * _paddedHeadWidth;   // [T, D]: k
        float* keySums = keyRows + (long)_tokens * _paddedHeadWidth;       // [T, D]: dk
        float* valueSums = keySums + (long)_paddedTokens * _paddedHeadWidth; // [T, D]: dv
        CopyRows(k, stride, _tokens, keyRows);
        for (int query = 0; query < _tokens; query += _block)
        {
            int count = Math.Min(_block, _tokens - query);
            CopyTransposed(q + query * stride, stride, count, _scale, queries);
            CopyTransposed(dy + query * (nint)channels, channels, count, 1, gradients);
            CopyRows(q + query * stride, stride, count, queryRows);
            CopyRows(dy + query * (nint)channels, channels, count, gradientRows);

            MultiplyByQueries(k, stride, queries, count, scores);
            MultiplyByQueries(v, stride, gradients, count, slopes);
            for (int lane = 0; lane < count; lane += V.Count)
            {
                SoftmaxGradient(scores + lane, slopes + lane);
            }

            SumOverKeys(slopes, count, keyRows, dq + query * stride, stride, edge);
            SumOverQueries(slopes, count, queryRows, keySums, isFirst: query == 0);
            SumOverQueries(scores, count, gradientRows, valueSums, isFirst: query == 0);
        }

        CopyOut(keySums, dk, stride);
        CopyOut(valueSums, dv, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyRows(float* source, nint stride, int rows, float* target)
    {
        for (int i = 0; i < rows; i++, source += stride, target += _paddedHeadWidth)
        {
            for (int d = 0; d < _headWidth; d += V.Count)
            {
                V.Store(Partial.Load<V>(source + d, _headWidth - d), target + d);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CopyOut(float* source, float* target, nint stride)
    {
        for (int i = 0; i < _tokens; i++, source += _paddedHeadWidth, target += stride)
        {
            for (int d = 0; d < _headWidth; d += V.Count)
            {
                Partial.Store(V.Load(source + d), target + d, _headWidth - d);
            }
        }
    }

    // Lanes without a query hold zeros, so whatever comes of them is finite.
    private void CopyTransposed(float* source, nint stride, int count, float factor, float* target)
    {
        Transposition.Copy(source, stride, count, _headWidth, factor, target, _block);
        int padding = (V.Count - count % V.Count) % V.Count;
        for (int d = 0; d < _headWidth && padding > 0; d++)
        {
            new Span<float>(target + (long)d * _block + count, padding).Clear();
        }
    }

    /// <summary>target[s, i] = rows[s, :] . queries[:, i] for all keys s and a block of queries i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyByQueries(float* rows, nint stride, float* queries, int count, float* target)
    {
        for (int lane = 0, vectors; lane < count; lane += vectors * V.Count)
        {
            vectors = MicroKernel.NextVectors<V>(count - lane);
            for (int s = 0; s < _tokens; s += Height)
            {
                MicroKernel.Multiply<V>(
                    Math.Min(Height, _tokens - s), vectors, rows + s * stride, stride, 1, queries + lane, _block, _headWidth,
                    null, 0, target + (long)s * _block + lane, _block, queries);
            }
        }
    }

    /// <summary>One vector of queries: scores become probabilities P, and dP becomes dS = P (dP - sum_s P dP) / sqrt(D).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SoftmaxGradient(float* scores, float* slopes)
    {
        V maximum = V.Load(scores), sum = default, mean = default;
        for (int s = 1; s < _tokens; s++)
        {
            maximum = V.Max(maximum, V.Load(scores + (long)s * _block));
        }

        for (int s = 0; s < _tokens; s++)
        {
            float* at = scores + (long)s * _block;
            V weight = Elementary.Exp(V.Load(at) - maximum);
            V.Store(weight, at);
            sum += weight;
            mean = V.MultiplyAdd(weight, V.Load(slopes + (long)s * _block), mean);
        }

        V factor = V.Broadcast(1) / sum, scale = V.Broadcast(_scale);
        mean *= factor;
        for (int s = 0; s < _tokens; s++)
        {
            float* at = scores + (long)s * _block, slope = slopes + (long)s * _block;
            V probability = V.Load(at) * factor;
            V.Store(probability, at);
            V.Store(probability * ((V.Load(slope) - mean) * scale), slope);
        }
    }

    /// <summary>target[i, :] = sum_s weights[s, i] rows[s, :] for a block of queries i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SumOverKeys(float* weights, int count, float* rows, float* target, nint stride, float* edge)
    {
        for (int d = 0, columns; d < _headWidth; d += columns)
        {
            columns = Math.Min(MicroKernel.NextVectors<V>(_headWidth - d) * V.Count, _headWidth - d);
            for (int i = 0; i < count; i += Height)
            {
                EdgeTile.Multiply<V>(
                    Math.Min(Height, count - i), columns, weights + i, 1, _block, rows + d, _paddedHeadWidth, _tokens,
                    null, 0, target + i * stride + d, stride, rows, edge);
            }
        }
    }

    /// <summary>sums[s, :] += sum_i weights[s, i] rows[i, :] for all keys s, over a block of queries i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SumOverQueries(float* weights, int count, float* rows, float* sums, bool isFirst)
    {
        for (int d = 0, vectors; d < _headWidth; d += vectors * V.Count)
        {
            vectors = MicroKernel.NextVectors<V>(_headWidth - d);
            for (int s = 0; s < _tokens; s += Height)
            {
                float* target = sums + (long)s * _paddedHeadWidth + d;
                MicroKernel.Multiply<V>(
                    Math.Min(Height, _tokens - s), vectors, weights + (long)s * _block, _block, 1, rows + d, _paddedHeadWidth, count,
                    isFirst ? null : target, _paddedHeadWidth, target, _paddedHeadWidth, rows);
            }
        }
    }
}
