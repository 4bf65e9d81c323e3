using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>What <see cref="QueryTile{V}"/> does with its sums while they are in registers.</summary>
internal interface ITileEnd
{
    /// <summary>Whether every column has a value of its own.</summary>
    static abstract bool HasLanes { get; }

    /// <summary>Whether those values change.</summary>
    static abstract bool KeepsLanes { get; }

    /// <summary>What is stored for a sum.</summary>
    static abstract V Of<V>(V sum, ref V lane)
        where V : unmanaged, IFloats<V>;
}

/// <summary>The sum itself.</summary>
internal readonly struct Unchanged : ITileEnd
{
    /// <inheritdoc/>
    public static bool HasLanes => false;

    /// <inheritdoc/>
    public static bool KeepsLanes => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V sum, ref V lane)
        where V : unmanaged, IFloats<V> => sum;
}

/// <summary>The sum itself; a column's value becomes the largest of its sums. A NaN may be lost here: its own weight will be NaN, and so the sum of
/// weights.</summary>
internal readonly struct KeepingLargest : ITileEnd
{
    /// <inheritdoc/>
    public static bool HasLanes => true;

    /// <inheritdoc/>
    public static bool KeepsLanes => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V sum, ref V lane)
        where V : unmanaged, IFloats<V>
    {
        lane = V.Max(lane, sum);
        return sum;
    }
}

/// <summary>The sum times its column's value.</summary>
internal readonly struct TimesLane : ITileEnd
{
    /// <inheritdoc/>
    public static bool HasLanes => true;

    /// <inheritdoc/>
    public static bool KeepsLanes => false;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Of<V>(V sum, ref V lane)
        where V : unmanaged, IFloats<V> => sum * lane;
}
