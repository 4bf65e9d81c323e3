using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>Maxima and sums of the two rows of a lane; the sums are over this lane's columns until the end.</summary>
internal struct OnlineSoftmax
{
    private readonly float _scale;
    private float _upperMaximum;
    private float _lowerMaximum;
    private float _upperSum;
    private float _lowerSum;

    public OnlineSoftmax(float scale)
    {
        _scale = scale;
        _upperMaximum = float.NegativeInfinity;
        _lowerMaximum = float.NegativeInfinity;
        _upperSum = 0;
        _lowerSum = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Step<TElement, TColumns, TScores>(ref TColumns columns, uint keys, uint keysByRows, uint rowBytes)
        where TElement : unmanaged, ITensorCoreElement
        where TColumns : unmanaged, IFlashColumns
        where TScores : unmanaged, IFlashScores
    {
        TScores scores = default;
        scores.Compute<TElement, TColumns>(ref columns, keys, keysByRows, rowBytes);
        Update<TElement, TColumns, TScores>(ref columns, ref scores, keysByRows + FlashAttentionKernel.KeysPerTile * rowBytes, rowBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MaskedStep<TElement, TColumns>(ref TColumns columns, uint keys, uint keysByRows, uint rowBytes, int count)
        where TElement : unmanaged, ITensorCoreElement
        where TColumns : unmanaged, IFlashColumns
    {
        Scores16 scores = default;
        scores.Compute<TElement, TColumns>(ref columns, keys, keysByRows, rowBytes);
        scores.Mask(count);
        Update<TElement, TColumns, Scores16>(ref columns, ref scores, keysByRows + FlashAttentionKernel.KeysPerTile * rowBytes, rowBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Finish<TColumns>(ref TColumns columns)
        where TColumns : unmanaged, IFlashColumns
    {
        columns.Scale(Fp32.Reciprocal(Sum4(_upperSum)), Fp32.Reciprocal(Sum4(_lowerSum)));
    }

    /// <summary>Writes maximum times scale and sum of both rows of a lane to shared memory, each pair of a row 8 bytes after the row before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(uint upperRow)
    {
        float upper = Sum4(_upperSum), lower = Sum4(_lowerSum);
        if ((Group.IdxX & 3) == 0)
        {
            SharedTiles.StoreTwo(upperRow, _upperMaximum * _scale, upper);
            SharedTiles.StoreTwo(upperRow + (8 * 8), _lowerMaximum * _scale, lower);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Update<TElement, TColumns, TScores>(ref TColumns columns, ref TScores scores, uint values, uint rowBytes)
        where TElement : unmanaged, ITensorCoreElement
        where TColumns : unmanaged, IFlashColumns
        where TScores : unmanaged, IFlashScores
    {
        // The first key of a step always exists, so the new maximum is finite; the first old one is not, and 2^-infinity is 0.
        float upper = _upperMaximum, lower = _lowerMaximum;
        scores.RaiseMaxima(ref upper, ref lower);
        upper = Max4(upper);
        lower = Max4(lower);
        float upperFactor = Fp32.PowerOfTwoOrZero((_upperMaximum - upper) * _scale);
        float lowerFactor = Fp32.PowerOfTwoOrZero((_lowerMaximum - lower) * _scale);
        _upperMaximum = upper;
        _lowerMaximum = lower;
        columns.Scale(upperFactor, lowerFactor);
        _upperSum *= upperFactor;
        _lowerSum *= lowerFactor;
        scores.Exponentiate(_scale, upper * _scale, lower * _scale, ref _upperSum, ref _lowerSum);
        scores.AddValues<TElement, TColumns>(ref columns, values, rowBytes);
    }

    private static float Max4(float value)
    {
        value = IntrinsicMath.Max(value, Warp.ShuffleXor(value, 1));
        return IntrinsicMath.Max(value, Warp.ShuffleXor(value, 2));
    }

    private static float Sum4(float value)
    {
        value += Warp.ShuffleXor(value, 1);
        return value + Warp.ShuffleXor(value, 2);
    }
}
