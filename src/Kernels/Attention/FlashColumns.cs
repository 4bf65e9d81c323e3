using System.Runtime.CompilerServices;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>Some columns of a head, as one warp holds them for 16 queries: the queries themselves, and the sum of weighted values.</summary>
/// <remarks>
/// A head of any width is a tree: <see cref="FlashColumns{TFirst,TSecond}"/> over leaves of 16 and 8 columns. The tree is a type, so that every
/// loop over columns is unrolled when the kernel is compiled and everything stays in registers. All addresses point to the first column of the
/// tree; halves are 2 bytes. A multiplication takes the two words of its right operand from neighbouring registers, which decides the lanes'
/// addresses in matrix loads: by rows, lane l addresses row l mod 16 and columns 8 (l/16) and on (values; any load of two matrices, which only looks at lanes 0 to 15);
/// by columns, row l mod 8 + 8 (l/16) and columns 8 (l/8 mod 2) and on (four matrices of keys).
/// </remarks>
internal interface IFlashColumns
{
    /// <summary>Number of columns.</summary>
    int Width { get; }

    /// <summary>Starts copying these columns of a tile.</summary>
    /// <param name="copy">This thread's part.</param>
    /// <param name="offset">Of the first column, in bytes.</param>
    void StartCopy(FlashTileCopy copy, uint offset);

    /// <summary>Reads the queries.</summary>
    /// <param name="upper">Row l/4 of lane l, column 2 (l mod 4).</param>
    /// <param name="lower">The row eight rows below.</param>
    void LoadQueries(ulong upper, ulong lower);

    /// <summary>scores[16, 16] += queries keys^T</summary>
    /// <param name="scores">Scores of 16 keys.</param>
    /// <param name="keys">Shared address of the keys, lanes by columns.</param>
    /// <param name="keysByRows">The same, lanes by rows.</param>
    void AddScores<TElement>(ref Scores16 scores, uint keys, uint keysByRows)
        where TElement : unmanaged, ITensorCoreElement;

    /// <summary>output[16, columns] += weights[16, 16] values[16, columns]</summary>
    /// <param name="weights">Of 16 values.</param>
    /// <param name="values">Shared address of the values, lanes by rows.</param>
    void AddValues<TElement>(LeftFragment weights, uint values)
        where TElement : unmanaged, ITensorCoreElement;

    /// <summary>Multiplies the output of the upper and the lower eight rows.</summary>
    void Scale(float upper, float lower);

    /// <summary>Rounds and writes the upper eight rows of the output.</summary>
    /// <param name="row">As in <see cref="LoadQueries"/>.</param>
    void StoreUpper<TElement>(ulong row)
        where TElement : unmanaged, ITensorCoreElement;

    /// <summary>Rounds and writes the lower eight rows of the output.</summary>
    void StoreLower<TElement>(ulong row)
        where TElement : unmanaged, ITensorCoreElement;

    /// <summary>Writes the output to shared memory as it is, in fp32.</summary>
    /// <param name="upper">Row l/4 of lane l, column 2 (l mod 4).</param>
    /// <param name="lower">The row eight rows below.</param>
    void StoreShared(uint upper, uint lower);
}

/// <summary>16 columns: one step of depth 16 in the scores, two tiles of output.</summary>
internal unsafe struct FlashColumns16 : IFlashColumns
{
    private LeftFragment _queries;
    private AccumulatorTile _left;
    private AccumulatorTile _right;

    /// <inheritdoc/>
    public readonly int Width => 16;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StartCopy(FlashTileCopy copy, uint offset) => copy.Start16(offset);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LoadQueries(ulong upper, ulong lower) => _queries = new LeftFragment
    {
        A0 = *(uint*)upper,
        A1 = *(uint*)lower,
        A2 = *(uint*)(upper + 16),
        A3 = *(uint*)(lower + 16),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void AddScores<TElement>(ref Scores16 scores, uint keys, uint keysByRows)
        where TElement : unmanaged, ITensorCoreElement
    {
        FourMatrices right = SharedTiles.LoadFour(keys);
        default(TElement).MultiplyAdd(ref scores.First, _queries, right.M0, right.M1);
        default(TElement).MultiplyAdd(ref scores.Second, _queries, right.M2, right.M3);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddValues<TElement>(LeftFragment weights, uint values)
        where TElement : unmanaged, ITensorCoreElement
    {
        FourMatrices right = SharedTiles.LoadFourTransposed(values);
        default(TElement).MultiplyAdd(ref _left, weights, right.M0, right.M1);
        default(TElement).MultiplyAdd(ref _right, weights, right.M2, right.M3);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Scale(float upper, float lower)
    {
        _left.Scale(upper, lower);
        _right.Scale(upper, lower);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreUpper<TElement>(ulong row)
        where TElement : unmanaged, ITensorCoreElement
    {
        *(uint*)row = default(TElement).Pack(_left.C0, _left.C1);
        *(uint*)(row + 16) = default(TElement).Pack(_right.C0, _right.C1);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreLower<TElement>(ulong row)
        where TElement : unmanaged, ITensorCoreElement
    {
        *(uint*)row = default(TElement).Pack(_left.C2, _left.C3);
        *(uint*)(row + 16) = default(TElement).Pack(_right.C2, _right.C3);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreShared(uint upper, uint lower)
    {
        SharedTiles.StoreTwo(upper, _left.C0, _left.C1);
        SharedTiles.StoreTwo(lower, _left.C2, _left.C3);
        SharedTiles.StoreTwo(upper + 32, _right.C0, _right.C1);
        SharedTiles.StoreTwo(lower + 32, _right.C2, _right.C3);
    }
}

/// <summary>8 columns: one step of depth 8 in the scores, one tile of output. So a width of 72 needs no padding.</summary>
internal unsafe struct FlashColumns8 : IFlashColumns
{
    private uint _upperQueries;
    private uint _lowerQueries;
    private AccumulatorTile _output;

    /// <inheritdoc/>
    public readonly int Width => 8;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StartCopy(FlashTileCopy copy, uint offset) => copy.Start8(offset);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LoadQueries(ulong upper, ulong lower)
    {
        _upperQueries = *(uint*)upper;
        _lowerQueries = *(uint*)lower;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void AddScores<TElement>(ref Scores16 scores, uint keys, uint keysByRows)
        where TElement : unmanaged, ITensorCoreElement
    {
        FourMatrices right = SharedTiles.LoadTwo(keysByRows);
        default(TElement).MultiplyAdd8(ref scores.First, _upperQueries, _lowerQueries, right.M0);
        default(TElement).MultiplyAdd8(ref scores.Second, _upperQueries, _lowerQueries, right.M1);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddValues<TElement>(LeftFragment weights, uint values)
        where TElement : unmanaged, ITensorCoreElement
    {
        FourMatrices right = SharedTiles.LoadTwoTransposed(values);
        default(TElement).MultiplyAdd(ref _output, weights, right.M0, right.M1);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Scale(float upper, float lower) => _output.Scale(upper, lower);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreUpper<TElement>(ulong row)
        where TElement : unmanaged, ITensorCoreElement => *(uint*)row = default(TElement).Pack(_output.C0, _output.C1);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreLower<TElement>(ulong row)
        where TElement : unmanaged, ITensorCoreElement => *(uint*)row = default(TElement).Pack(_output.C2, _output.C3);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void StoreShared(uint upper, uint lower)
    {
        SharedTiles.StoreTwo(upper, _output.C0, _output.C1);
        SharedTiles.StoreTwo(lower, _output.C2, _output.C3);
    }
}

/// <summary>Two runs of columns side by side.</summary>
internal struct FlashColumns<TFirst, TSecond> : IFlashColumns
    where TFirst : unmanaged, IFlashColumns
    where TSecond : unmanaged, IFlashColumns
{
    public TFirst First;
    public TSecond Second;

    /// <inheritdoc/>
    public int Width => First.Width + Second.Width;

    private uint Offset => 2 * (uint)First.Width;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StartCopy(FlashTileCopy copy, uint offset)
    {
        First.StartCopy(copy, offset);
        Second.StartCopy(copy, offset + Offset);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void LoadQueries(ulong upper, ulong lower)
    {
        First.LoadQueries(upper, lower);
        Second.LoadQueries(upper + Offset, lower + Offset);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddScores<TElement>(ref Scores16 scores, uint keys, uint keysByRows)
        where TElement : unmanaged, ITensorCoreElement
    {
        First.AddScores<TElement>(ref scores, keys, keysByRows);
        Second.AddScores<TElement>(ref scores, keys + Offset, keysByRows + Offset);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddValues<TElement>(LeftFragment weights, uint values)
        where TElement : unmanaged, ITensorCoreElement
    {
        First.AddValues<TElement>(weights, values);
        Second.AddValues<TElement>(weights, values + Offset);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Scale(float upper, float lower)
    {
        First.Scale(upper, lower);
        Second.Scale(upper, lower);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreUpper<TElement>(ulong row)
        where TElement : unmanaged, ITensorCoreElement
    {
        First.StoreUpper<TElement>(row);
        Second.StoreUpper<TElement>(row + Offset);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreLower<TElement>(ulong row)
        where TElement : unmanaged, ITensorCoreElement
    {
        First.StoreLower<TElement>(row);
        Second.StoreLower<TElement>(row + Offset);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreShared(uint upper, uint lower)
    {
        First.StoreShared(upper, lower);
        Second.StoreShared(upper + (2 * Offset), lower + (2 * Offset));
    }
}
