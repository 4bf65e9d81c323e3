using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>One number for each of the four queries (or keys) of a warp.</summary>
/// <param name="q0">Of the first query.</param>
/// <param name="q1">Of the second.</param>
/// <param name="q2">Of the third.</param>
/// <param name="q3">Of the fourth.</param>
internal readonly struct Quad(float q0, float q1, float q2, float q3)
{
    /// <summary>The same number for all.</summary>
    public Quad(float value)
        : this(value, value, value, value)
    {
    }

    /// <summary>Of the first query.</summary>
    public readonly float Q0 = q0;

    /// <summary>Of the second.</summary>
    public readonly float Q1 = q1;

    /// <summary>Of the third.</summary>
    public readonly float Q2 = q2;

    /// <summary>Of the fourth.</summary>
    public readonly float Q3 = q3;

    /// <summary>this + a b</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Add(Quad a, float b) => new(
        Fp32.MultiplyAdd(a.Q0, b, Q0), Fp32.MultiplyAdd(a.Q1, b, Q1), Fp32.MultiplyAdd(a.Q2, b, Q2), Fp32.MultiplyAdd(a.Q3, b, Q3));

    /// <summary>this + a b</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Add(Quad a, Quad b) => new(
        Fp32.MultiplyAdd(a.Q0, b.Q0, Q0), Fp32.MultiplyAdd(a.Q1, b.Q1, Q1), Fp32.MultiplyAdd(a.Q2, b.Q2, Q2), Fp32.MultiplyAdd(a.Q3, b.Q3, Q3));

    /// <summary>this b</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Times(float b) => new(Q0 * b, Q1 * b, Q2 * b, Q3 * b);

    /// <summary>this b</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Times(Quad b) => new(Q0 * b.Q0, Q1 * b.Q1, Q2 * b.Q2, Q3 * b.Q3);

    /// <summary>this - b</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Minus(Quad b) => new(Q0 - b.Q0, Q1 - b.Q1, Q2 - b.Q2, Q3 - b.Q3);

    /// <summary>1 / this</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Inverse() => new(Fp32.Divide(1, Q0), Fp32.Divide(1, Q1), Fp32.Divide(1, Q2), Fp32.Divide(1, Q3));

    /// <summary>The larger of both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad Max(Quad b) => new(
        IntrinsicMath.Max(Q0, b.Q0), IntrinsicMath.Max(Q1, b.Q1), IntrinsicMath.Max(Q2, b.Q2), IntrinsicMath.Max(Q3, b.Q3));

    /// <summary>2^(this - b)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad PowerOfTwoOfDifference(Quad b) => new(
        Fp32.PowerOfTwoOrZero(Q0 - b.Q0),
        Fp32.PowerOfTwoOrZero(Q1 - b.Q1),
        Fp32.PowerOfTwoOrZero(Q2 - b.Q2),
        Fp32.PowerOfTwoOrZero(Q3 - b.Q3));

    /// <summary>The largest over all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad MaxOfWarp()
    {
        Quad value = this;
        value = value.Max(value.Other(16));
        value = value.Max(value.Other(8));
        value = value.Max(value.Other(4));
        value = value.Max(value.Other(2));
        return value.Max(value.Other(1));
    }

    /// <summary>The sum over all lanes, the same bits in each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Quad SumOfWarp()
    {
        Quad value = this;
        value = value.Add(value.Other(16), 1);
        value = value.Add(value.Other(8), 1);
        value = value.Add(value.Other(4), 1);
        value = value.Add(value.Other(2), 1);
        return value.Add(value.Other(1), 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Quad Other(int distance) => new(
        Warp.ShuffleXor(Q0, distance), Warp.ShuffleXor(Q1, distance), Warp.ShuffleXor(Q2, distance), Warp.ShuffleXor(Q3, distance));
}
