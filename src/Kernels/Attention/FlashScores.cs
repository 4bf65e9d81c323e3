using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>Scores of 16 queries, as one warp holds them, against some keys; a tree like <see cref="IFlashColumns"/>.</summary>
internal interface IFlashScores
{
    /// <summary>Number of keys, a multiple of 16.</summary>
    int Keys { get; }

    /// <summary>Sets the scores.</summary>
    /// <param name="columns">The queries.</param>
    /// <param name="keys">Shared address of the first key, lanes by columns; see <see cref="IFlashColumns"/>.</param>
    /// <param name="keysByRows">The same, lanes by rows.</param>
    /// <param name="rowBytes">From one key to the next.</param>
    void Compute<TElement, TColumns>(ref TColumns columns, uint keys, uint keysByRows, uint rowBytes)
        where TElement : unmanaged, ITensorCoreElement
        where TColumns : unmanaged, IFlashColumns;

    /// <summary>Leaves keys from <paramref name="count"/> on out of the softmax.</summary>
    /// <param name="count">Number of keys that exist, seen from the first column of this lane.</param>
    void Mask(int count);

    /// <summary>Raises the maxima of this lane's two rows.</summary>
    void RaiseMaxima(ref float upper, ref float lower);

    /// <summary>Replaces each score s by 2^(scale s - maximum) and adds it to the sum of its row.</summary>
    void Exponentiate(float scale, float upperMaximum, float lowerMaximum, ref float upperSum, ref float lowerSum);

    /// <summary>Adds the weighted values to the output.</summary>
    /// <param name="columns">The output.</param>
    /// <param name="values">Shared address of the first value, lanes by rows.</param>
    /// <param name="rowBytes">From one value to the next.</param>
    void AddValues<TElement, TColumns>(ref TColumns columns, uint values, uint rowBytes)
        where TElement : unmanaged, ITensorCoreElement
        where TColumns : unmanaged, IFlashColumns;
}

/// <summary>16 keys: two tiles of eight.</summary>
internal struct Scores16 : IFlashScores
{
    public AccumulatorTile First;
    public AccumulatorTile Second;

    /// <inheritdoc/>
    public readonly int Keys => 16;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Compute<TElement, TColumns>(ref TColumns columns, uint keys, uint keysByRows, uint rowBytes)
        where TElement : unmanaged, ITensorCoreElement
        where TColumns : unmanaged, IFlashColumns
    {
        this = default;
        columns.AddScores<TElement>(ref this, keys, keysByRows);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mask(int count)
    {
        First.C0 = count > 0 ? First.C0 : float.NegativeInfinity;
        First.C1 = count > 1 ? First.C1 : float.NegativeInfinity;
        First.C2 = count > 0 ? First.C2 : float.NegativeInfinity;
        First.C3 = count > 1 ? First.C3 : float.NegativeInfinity;
        Second.C0 = count > 8 ? Second.C0 : float.NegativeInfinity;
        Second.C1 = count > 9 ? Second.C1 : float.NegativeInfinity;
        Second.C2 = count > 8 ? Second.C2 : float.NegativeInfinity;
        Second.C3 = count > 9 ? Second.C3 : float.NegativeInfinity;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void RaiseMaxima(ref float upper, ref float lower)
    {
        upper = Max(upper, Max(Max(First.C0, First.C1), Max(Second.C0, Second.C1)));
        lower = Max(lower, Max(Max(First.C2, First.C3), Max(Second.C2, Second.C3)));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exponentiate(float scale, float upperMaximum, float lowerMaximum, ref float upperSum, ref float lowerSum)
    {
        Exponentiate(ref First, scale, upperMaximum, lowerMaximum, ref upperSum, ref lowerSum);
        Exponentiate(ref Second, scale, upperMaximum, lowerMaximum, ref upperSum, ref lowerSum);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void AddValues<TElement, TColumns>(ref TColumns columns, uint values, uint rowBytes)
        where TElement : unmanaged, ITensorCoreElement
        where TColumns : unmanaged, IFlashColumns
    {
        // Accumulators of a product lie as the left operand of the next product wants them: two tiles side by side make one fragment.
        LeftFragment weights = new()
        {
            A0 = default(TElement).Pack(First.C0, First.C1),
            A1 = default(TElement).Pack(First.C2, First.C3),
            A2 = default(TElement).Pack(Second.C0, Second.C1),
            A3 = default(TElement).Pack(Second.C2, Second.C3),
        };
        columns.AddValues<TElement>(weights, values);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exponentiate(
        ref AccumulatorTile tile, float scale, float upperMaximum, float lowerMaximum, ref float upperSum, ref float lowerSum)
    {
        tile.C0 = Fp32.PowerOfTwoOrZero(Fp32.MultiplyAdd(tile.C0, scale, -upperMaximum));
        tile.C1 = Fp32.PowerOfTwoOrZero(Fp32.MultiplyAdd(tile.C1, scale, -upperMaximum));
        tile.C2 = Fp32.PowerOfTwoOrZero(Fp32.MultiplyAdd(tile.C2, scale, -lowerMaximum));
        tile.C3 = Fp32.PowerOfTwoOrZero(Fp32.MultiplyAdd(tile.C3, scale, -lowerMaximum));
        upperSum += tile.C0 + tile.C1;
        lowerSum += tile.C2 + tile.C3;
    }

    private static float Max(float a, float b) => IntrinsicMath.Max(a, b);
}

/// <summary>Two runs of keys, one after the other.</summary>
internal struct FlashScores<TFirst, TSecond> : IFlashScores
    where TFirst : unmanaged, IFlashScores
    where TSecond : unmanaged, IFlashScores
{
    public TFirst First;
    public TSecond Second;

    /// <inheritdoc/>
    public int Keys => First.Keys + Second.Keys;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Compute<TElement, TColumns>(ref TColumns columns, uint keys, uint keysByRows, uint rowBytes)
        where TElement : unmanaged, ITensorCoreElement
        where TColumns : unmanaged, IFlashColumns
    {
        First.Compute<TElement, TColumns>(ref columns, keys, keysByRows, rowBytes);
        uint offset = (uint)First.Keys * rowBytes;
        Second.Compute<TElement, TColumns>(ref columns, keys + offset, keysByRows + offset, rowBytes);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Mask(int count)
    {
        First.Mask(count);
        Second.Mask(count - First.Keys);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void RaiseMaxima(ref float upper, ref float lower)
    {
        First.RaiseMaxima(ref upper, ref lower);
        Second.RaiseMaxima(ref upper, ref lower);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exponentiate(float scale, float upperMaximum, float lowerMaximum, ref float upperSum, ref float lowerSum)
    {
        First.Exponentiate(scale, upperMaximum, lowerMaximum, ref upperSum, ref lowerSum);
        Second.Exponentiate(scale, upperMaximum, lowerMaximum, ref upperSum, ref lowerSum);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddValues<TElement, TColumns>(ref TColumns columns, uint values, uint rowBytes)
        where TElement : unmanaged, ITensorCoreElement
        where TColumns : unmanaged, IFlashColumns
    {
        First.AddValues<TElement, TColumns>(ref columns, values, rowBytes);
        Second.AddValues<TElement, TColumns>(ref columns, values + (uint)First.Keys * rowBytes, rowBytes);
    }
}
