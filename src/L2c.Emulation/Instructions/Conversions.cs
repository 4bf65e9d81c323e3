using System.Numerics;
using System.Runtime.CompilerServices;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Instructions;

/// <summary>cvt: registers may be wider than the types.</summary>
internal sealed unsafe class Conversion<TOp, TA, TR>(Register d, Register a) : Op
    where TOp : IUnary<TA, TR>
    where TA : unmanaged
    where TR : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint active)
    {
        warp.Require(a, active);
        byte* source = warp.Values<byte>(a);
        byte* result = warp.Values<byte>(d);
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            RegisterLane.Write(result, d.LaneBytes, lane, TOp.Of(RegisterLane.Read<TA>(source, a.LaneBytes, lane)));
        }

        warp.Define(d, active);
    }
}

internal readonly struct Truncating<TA, TR> : IUnary<TA, TR>
    where TA : INumberBase<TA>
    where TR : INumberBase<TR>
{
    public static TR Of(TA a) => TR.CreateTruncating(a);
}

internal readonly struct Saturating<TA, TR> : IUnary<TA, TR>
    where TA : INumberBase<TA>
    where TR : INumberBase<TR>
{
    public static TR Of(TA a) => TR.CreateSaturating(a);
}

/// <summary>Between floating-point types, and from integers: to nearest, ties to even.</summary>
internal readonly struct ToNearest<TA, TR> : IUnary<TA, TR>
    where TA : INumberBase<TA>
    where TR : INumberBase<TR>
{
    public static TR Of(TA a) => NaNs.Canonical(TR.CreateTruncating(a));
}

/// <summary>Between floating-point types, towards zero.</summary>
internal readonly struct TowardsZero<TA, TR, TBits> : IUnary<TA, TR>
    where TA : INumber<TA>
    where TR : unmanaged, INumber<TR>
    where TBits : unmanaged, IBinaryInteger<TBits>
{
    public static unsafe TR Of(TA a)
    {
        TR nearest = ToNearest<TA, TR>.Of(a);
        if (TA.IsFinite(a) && TA.Abs(TA.CreateTruncating(nearest)) > TA.Abs(a))
        {
            TBits bits = *(TBits*)&nearest - TBits.One;
            return *(TR*)&bits;
        }

        return nearest;
    }
}

/// <summary>cvt.ftz is about operands and results that are float; others keep their subnormal numbers.</summary>
internal readonly struct FtzConversion<TOp, TA, TR> : IUnary<TA, TR>
    where TOp : IUnary<TA, TR>
{
    public static TR Of(TA a)
    {
        TR result = TOp.Of(typeof(TA) == typeof(float) ? Flush.Subnormal(a) : a);
        return typeof(TR) == typeof(float) ? Flush.Subnormal(result) : result;
    }
}

internal readonly struct SingleToBFloat16 : IUnary<float, BFloat16>
{
    public static BFloat16 Of(float a) => BFloat16.Round(a);
}

internal readonly struct SingleToBFloat16TowardsZero : IUnary<float, BFloat16>
{
    public static BFloat16 Of(float a) => BFloat16.Truncate(a);
}

internal readonly struct BFloat16ToSingle : IUnary<BFloat16, float>
{
    public static float Of(BFloat16 a) => NaNs.Canonical(a.ToSingle());
}

/// <summary>cvt.rn.f16x2.f32: the first operand goes into the upper half.</summary>
internal readonly struct SinglesToHalves : IBinary<float, float, Pair<Half>>
{
    public static Pair<Half> Of(float a, float b) => new(ToNearest<float, Half>.Of(b), ToNearest<float, Half>.Of(a));
}

/// <summary>cvt.rn.bf16x2.f32: the first operand goes into the upper half.</summary>
internal readonly struct SinglesToBFloat16s : IBinary<float, float, Pair<BFloat16>>
{
    public static Pair<BFloat16> Of(float a, float b) => new(BFloat16.Round(b), BFloat16.Round(a));
}

/// <summary>cvt.rna.tf32.f32: to ten bits of fraction, ties away from zero.</summary>
internal readonly struct SingleToTf32 : IUnary<float, uint>
{
    public static uint Of(float a) => float.IsNaN(a) ? 0x7FFFFFFF
        : float.IsFinite(a) ? (BitConverter.SingleToUInt32Bits(a) + 0x1000) & 0xFFFFE000 : BitConverter.SingleToUInt32Bits(a);
}

internal interface IRounding
{
    static abstract MidpointRounding Mode { get; }
}

internal readonly struct RoundNearest : IRounding
{
    public static MidpointRounding Mode => MidpointRounding.ToEven;
}

internal readonly struct RoundZero : IRounding
{
    public static MidpointRounding Mode => MidpointRounding.ToZero;
}

internal readonly struct RoundDown : IRounding
{
    public static MidpointRounding Mode => MidpointRounding.ToNegativeInfinity;
}

internal readonly struct RoundUp : IRounding
{
    public static MidpointRounding Mode => MidpointRounding.ToPositiveInfinity;
}

/// <summary>cvt.rni and its kin, between floats: to a whole number.</summary>
internal readonly struct RoundToWhole<T, TRounding> : IUnary<T, T>
    where T : IFloatingPoint<T>
    where TRounding : IRounding
{
    public static T Of(T a) => NaNs.Canonical(T.Round(a, TRounding.Mode));
}

/// <summary>Float to integer: what lies beyond the type's range becomes its limit.</summary>
internal readonly struct RoundToInteger<TA, TR, TRounding> : IUnary<TA, TR>
    where TA : IFloatingPoint<TA>
    where TR : IBinaryInteger<TR>
    where TRounding : IRounding
{
    // NaN becomes 0, but the lone top bit where a double or 64 bits take part.
    public static TR Of(TA a) => TA.IsNaN(a)
        ? typeof(TA) == typeof(double) || Width<TR>.Bits == 64 ? TR.One << (Width<TR>.Bits - 1) : TR.Zero
        : TR.CreateSaturating(TA.Round(a, TRounding.Mode));
}
