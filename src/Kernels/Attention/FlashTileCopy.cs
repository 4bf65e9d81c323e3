using System.Runtime.CompilerServices;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>One thread's part in copying a tile of keys and one of values: two neighbouring threads share one row of each.</summary>
/// <remarks>
/// Of 16 columns each thread copies its half of the keys and its half of the values; of 8 columns the even thread copies the keys and the odd one the
/// values. So no thread waits for another and none branches.
/// </remarks>
internal readonly struct FlashTileCopy
{
    private readonly uint _target;
    private readonly ulong _source;
    private readonly uint _targetToValues;
    private readonly ulong _sourceToValues;
    private readonly uint _targetOf8;
    private readonly ulong _sourceOf8;
    private readonly int _bytes;

    /// <param name="target">Shared address of the row of keys.</param>
    /// <param name="source">Global address of it.</param>
    /// <param name="targetToValues">From the row of keys to that of values.</param>
    /// <param name="sourceToValues">The same in global memory.</param>
    /// <param name="exists">False for a row of zeros: a weight of 0 must not meet a NaN.</param>
    /// <param name="half">0 for the even thread, 1 for the odd one.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FlashTileCopy(uint target, ulong source, uint targetToValues, ulong sourceToValues, bool exists, int half)
    {
        _target = target + (uint)half * 16;
        _source = source + (ulong)half * 16;
        _targetToValues = targetToValues;
        _sourceToValues = sourceToValues;
        _targetOf8 = target + (uint)half * targetToValues;
        _sourceOf8 = source + (ulong)half * sourceToValues;
        _bytes = exists ? 16 : 0;
    }

    /// <summary>Starts copying 16 columns.</summary>
    /// <param name="offset">Of the first column, in bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start16(uint offset)
    {
        SharedTiles.StartCopy16(_target + offset, _source + offset, _bytes);
        SharedTiles.StartCopy16(_target + _targetToValues + offset, _source + _sourceToValues + offset, _bytes);
    }

    /// <summary>Starts copying 8 columns.</summary>
    /// <param name="offset">Of the first column, in bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Start8(uint offset) => SharedTiles.StartCopy16(_targetOf8 + offset, _sourceOf8 + offset, _bytes);
}
