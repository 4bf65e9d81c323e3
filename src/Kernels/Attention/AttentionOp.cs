using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="Device.Attention"/> was called with.</summary>
internal readonly record struct AttentionArguments(Tensor Qkv, Tensor Y, int Heads) : ICpuOpArguments
{
    /// <inheritdoc/>
    public CpuOp Bind<V>(int threads)
        where V : unmanaged, IFloats<V> => new AttentionOp<V>(this, threads);
}

/// <summary>softmax(q k^T / sqrt(D)) v for one head and a run of queries per tile, a block of queries at a time.</summary>
/// <remarks>
/// Both products are computed transposed, with queries in the lanes: S^T = k q^T and y^T = v^T P^T. So k and v are read in place as left operands,
/// one number for all lanes; only q and y are transposed, and maximum, sum and division by it need no sum across lanes. q is scaled by
/// log2(e) / sqrt(D), which leaves powers of two. No sum depends on the block: a query is a lane of its own.
/// </remarks>
internal sealed unsafe class AttentionOp<V> : CpuOp
    where V : unmanaged, IFloats<V>
{
    // Queries that one tile takes, so that k and v come from memory once.
    private const int MaxQueries = 384, MinBlocks = 4;

    // k and v beyond this do not stay in the second cache: then several pairs of vectors share what is read of them.
    private const long LongHeadBytes = 1 << 20;
    private const int PairsOfLongHeads = 2;

    private readonly float* _qkv;
    private readonly float* _y;
    private readonly int _batch;
    private readonly int _tokens;
    private readonly int _heads;
    private readonly int _headWidth;
    private readonly int _block;
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
        _scale = (float)(Math.Log2(Math.E) / Math.Sqrt(_headWidth));
        bool isLong = 2L * _tokens * _headWidth * sizeof(float) > LongHeadBytes;
        _block = (isLong ? PairsOfLongHeads : 1) * QueryTile<V>.MaxVectors * V.Count;

        _threads = threads;
        int blocks = (_tokens + _block - 1) / _block;
        long blocksPerThread = (long)_batch * _heads * blocks / threads, least = Math.Clamp(blocksPerThread / 2, 1, MinBlocks);
        int blocksPerTile = (int)Math.Clamp(blocksPerThread / 8, least, Math.Max(least, MaxQueries / _block));
        _queriesPerTile = blocksPerTile * _block;
        _queryTiles = (_tokens + _queriesPerTile - 1) / _queriesPerTile;
    }

    /// <inheritdoc/>
    public override string Name => nameof(Device.Attention);

    /// <inheritdoc/>
    public override int Tiles => _batch * _heads * _queryTiles;

    /// <inheritdoc/>
    public override long ScratchBytes => sizeof(float) * (_tokens + (2L * _headWidth) + 1) * Row;

    /// <inheritdoc/>
    public override long Flops => 4L * _batch * _heads * _tokens * _tokens * _headWidth;

    /// <inheritdoc/>
    public override long Bytes => 4L * _batch * _tokens * _heads * _headWidth * sizeof(float);

    // Elements from one row of scratch to the next.
    private int Row => _block;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int tile, nint scratch)
    {
        int first = tile % _queryTiles * _queriesPerTile, end = Math.Min(first + _queriesPerTile, _tokens);
        int head = tile / _queryTiles % _heads, image = tile / _queryTiles / _heads;
        int channels = _heads * _headWidth;
        nint stride = 3 * (nint)channels;
        float* q = Queries(image, head), k = q + channels, v = k + channels, y = Output(image, head);
        NextHead next = After(tile);

        var queries = (float*)scratch;                      // [D, block]: q^T log2(e) / sqrt(D)
        float* lanes = queries + (long)_headWidth * Row;    // [block]: maxima, then 1 / sums
        float* scores = lanes + Row;                        // [T, block]
        float* results = scores + (long)_tokens * Row;      // [D, block]: y^T
        for (int query = first; query < end; query += _block)
        {
            int count = Math.Min(_block, end - query);
            QueryLanes.CopyIn<V>(q + query * stride, stride, count, _headWidth, _scale, queries, Row);
            new Span<float>(lanes, Row).Fill(float.NegativeInfinity);
            QueryLanes.Multiply<V, KeepingLargest>(_tokens, count, k, stride, 1, queries, _headWidth, scores, Row, lanes, ref next);
            for (int lane = 0; lane < count; lane += 2 * V.Count)
            {
                if (count - lane > V.Count)
                {
                    Exponentials<Two>(scores + lane, lanes + lane);
                }
                else
                {
                    Exponentials<One>(scores + lane, lanes + lane);
                }
            }

            QueryLanes.Multiply<V, TimesLane>(_headWidth, count, v, 1, stride, scores, _tokens, results, Row, lanes, ref next);
            Transposition.Copy(results, Row, _headWidth, count, 1, y + (long)query * channels, channels);
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

    /// <summary>Replaces scores by 2^(score - maximum), and the maxima by 1 / their sums, for one or two vectors of queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Exponentials<Vectors>(float* scores, float* lanes)
        where Vectors : struct, IConstant
    {
        // Two chains for each vector: one would wait for each addition.
        V maximum0 = V.Load(lanes), maximum1 = Vectors.Value > 1 ? V.Load(lanes + V.Count) : default;
        V even0 = default, even1 = default, odd0 = default, odd1 = default;
        int s = 0, row = Row;
        for (; s + 2 <= _tokens; s += 2, scores += 2 * row)
        {
            AddWeights<Vectors>(scores, maximum0, maximum1, ref even0, ref even1);
            AddWeights<Vectors>(scores + row, maximum0, maximum1, ref odd0, ref odd1);
        }

        if (s < _tokens)
        {
            AddWeights<Vectors>(scores, maximum0, maximum1, ref even0, ref even1);
        }

        V one = V.Broadcast(1);
        V.Store(one / (even0 + odd0), lanes);
        if (Vectors.Value > 1)
        {
            V.Store(one / (even1 + odd1), lanes + V.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddWeights<Vectors>(float* scores, V maximum0, V maximum1, ref V sum0, ref V sum1)
        where Vectors : struct, IConstant
    {
        V weight0 = V.PowerOfTwo(V.Load(scores) - maximum0);
        V.Store(weight0, scores);
        sum0 += weight0;
        if (Vectors.Value > 1)
        {
            V weight1 = V.PowerOfTwo(V.Load(scores + V.Count) - maximum1);
            V.Store(weight1, scores + V.Count);
            sum1 += weight1;
        }
    }
}
