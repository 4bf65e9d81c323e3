using System.Runtime.CompilerServices;

namespace L2c.Kernels.Cuda;

/// <summary>Eight consecutive values of a row in a kernel's registers. Arithmetic is elementwise and written out: the compiler unrolls no
/// loops.</summary>
public readonly struct Float8(float v0, float v1, float v2, float v3, float v4, float v5, float v6, float v7)
{
    /// <summary>How many.</summary>
    public const int Count = 8;

    /// <summary>How many a warp has, eight per lane: the distance from one chunk of a lane to its next.</summary>
    public const int PerWarp = 32 * Count;

    internal readonly float V0 = v0;
    internal readonly float V1 = v1;
    internal readonly float V2 = v2;
    internal readonly float V3 = v3;
    internal readonly float V4 = v4;
    internal readonly float V5 = v5;
    internal readonly float V6 = v6;
    internal readonly float V7 = v7;

    /// <summary>a + b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 operator +(Float8 a, Float8 b) =>
        new(a.V0 + b.V0, a.V1 + b.V1, a.V2 + b.V2, a.V3 + b.V3, a.V4 + b.V4, a.V5 + b.V5, a.V6 + b.V6, a.V7 + b.V7);

    /// <summary>a + b for one b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 operator +(Float8 a, float b) =>
        new(a.V0 + b, a.V1 + b, a.V2 + b, a.V3 + b, a.V4 + b, a.V5 + b, a.V6 + b, a.V7 + b);

    /// <summary>a - b for one b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 operator -(Float8 a, float b) =>
        new(a.V0 - b, a.V1 - b, a.V2 - b, a.V3 - b, a.V4 - b, a.V5 - b, a.V6 - b, a.V7 - b);

    /// <summary>a b for one b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 operator *(Float8 a, float b) =>
        new(a.V0 * b, a.V1 * b, a.V2 * b, a.V3 * b, a.V4 * b, a.V5 * b, a.V6 * b, a.V7 * b);

    /// <summary>a - b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 operator -(Float8 a, Float8 b) =>
        new(a.V0 - b.V0, a.V1 - b.V1, a.V2 - b.V2, a.V3 - b.V3, a.V4 - b.V4, a.V5 - b.V5, a.V6 - b.V6, a.V7 - b.V7);

    /// <summary>a b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 operator *(Float8 a, Float8 b) =>
        new(a.V0 * b.V0, a.V1 * b.V1, a.V2 * b.V2, a.V3 * b.V3, a.V4 * b.V4, a.V5 * b.V5, a.V6 * b.V6, a.V7 * b.V7);

    /// <summary>a b + c, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 MultiplyAdd(Float8 a, Float8 b, Float8 c) => new(
        Fp32.MultiplyAdd(a.V0, b.V0, c.V0),
        Fp32.MultiplyAdd(a.V1, b.V1, c.V1),
        Fp32.MultiplyAdd(a.V2, b.V2, c.V2),
        Fp32.MultiplyAdd(a.V3, b.V3, c.V3),
        Fp32.MultiplyAdd(a.V4, b.V4, c.V4),
        Fp32.MultiplyAdd(a.V5, b.V5, c.V5),
        Fp32.MultiplyAdd(a.V6, b.V6, c.V6),
        Fp32.MultiplyAdd(a.V7, b.V7, c.V7));

    /// <summary>a b + c with one b, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 MultiplyAdd(Float8 a, float b, Float8 c) => new(
        Fp32.MultiplyAdd(a.V0, b, c.V0),
        Fp32.MultiplyAdd(a.V1, b, c.V1),
        Fp32.MultiplyAdd(a.V2, b, c.V2),
        Fp32.MultiplyAdd(a.V3, b, c.V3),
        Fp32.MultiplyAdd(a.V4, b, c.V4),
        Fp32.MultiplyAdd(a.V5, b, c.V5),
        Fp32.MultiplyAdd(a.V6, b, c.V6),
        Fp32.MultiplyAdd(a.V7, b, c.V7));

    /// <summary>The larger ones, NaN where either is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Float8 MaximumOrNaN(Float8 a, Float8 b) => new(
        Fp32.MaximumOrNaN(a.V0, b.V0),
        Fp32.MaximumOrNaN(a.V1, b.V1),
        Fp32.MaximumOrNaN(a.V2, b.V2),
        Fp32.MaximumOrNaN(a.V3, b.V3),
        Fp32.MaximumOrNaN(a.V4, b.V4),
        Fp32.MaximumOrNaN(a.V5, b.V5),
        Fp32.MaximumOrNaN(a.V6, b.V6),
        Fp32.MaximumOrNaN(a.V7, b.V7));

    /// <summary>A function of each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Float8 Map<TFunction>(Float8 x)
        where TFunction : unmanaged, IFunction => new(
        default(TFunction).Of(x.V0),
        default(TFunction).Of(x.V1),
        default(TFunction).Of(x.V2),
        default(TFunction).Of(x.V3),
        default(TFunction).Of(x.V4),
        default(TFunction).Of(x.V5),
        default(TFunction).Of(x.V6),
        default(TFunction).Of(x.V7));

    /// <summary>The sum of the eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Float8 a) => a.V0 + a.V1 + (a.V2 + a.V3) + (a.V4 + a.V5 + (a.V6 + a.V7));
}
