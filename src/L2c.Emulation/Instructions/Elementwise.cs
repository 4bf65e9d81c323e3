using System.Numerics;
using System.Runtime.CompilerServices;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Instructions;

internal interface IUnary<TA, TR>
{
    static abstract TR Of(TA a);
}

internal interface IBinary<TA, TB, TR>
{
    static abstract TR Of(TA a, TB b);
}

internal interface ITernary<TA, TB, TC, TR>
{
    static abstract TR Of(TA a, TB b, TC c);
}

internal interface IQuaternary<TA, TB, TC, TD, TR>
{
    static abstract TR Of(TA a, TB b, TC c, TD d);
}

/// <summary>d = op(a) in every active lane. The operation is a type, so that the loop is compiled for it.</summary>
internal sealed unsafe class Unary<TOp, TA, TR>(Register d, Register a) : Op
    where TOp : IUnary<TA, TR>
    where TA : unmanaged
    where TR : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint active)
    {
        warp.Require(a, active);
        TA* x = warp.Values<TA>(a);
        TR* result = warp.Values<TR>(d);
        if (active == uint.MaxValue)
        {
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                result[lane] = TOp.Of(x[lane]);
            }
        }
        else
        {
            for (uint left = active; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                result[lane] = TOp.Of(x[lane]);
            }
        }

        warp.Define(d, active);
    }
}

/// <summary>d = op(a, b) in every active lane.</summary>
internal sealed unsafe class Binary<TOp, TA, TB, TR>(Register d, Register a, Register b) : Op
    where TOp : IBinary<TA, TB, TR>
    where TA : unmanaged
    where TB : unmanaged
    where TR : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint active)
    {
        warp.Require(a, active);
        warp.Require(b, active);
        TA* x = warp.Values<TA>(a);
        TB* y = warp.Values<TB>(b);
        TR* result = warp.Values<TR>(d);
        if (active == uint.MaxValue)
        {
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                result[lane] = TOp.Of(x[lane], y[lane]);
            }
        }
        else
        {
            for (uint left = active; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                result[lane] = TOp.Of(x[lane], y[lane]);
            }
        }

        warp.Define(d, active);
    }
}

/// <summary>d = op(a, b, c) in every active lane.</summary>
internal sealed unsafe class Ternary<TOp, TA, TB, TC, TR>(Register d, Register a, Register b, Register c) : Op
    where TOp : ITernary<TA, TB, TC, TR>
    where TA : unmanaged
    where TB : unmanaged
    where TC : unmanaged
    where TR : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint active)
    {
        warp.Require(a, active);
        warp.Require(b, active);
        warp.Require(c, active);
        TA* x = warp.Values<TA>(a);
        TB* y = warp.Values<TB>(b);
        TC* z = warp.Values<TC>(c);
        TR* result = warp.Values<TR>(d);
        if (active == uint.MaxValue)
        {
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                result[lane] = TOp.Of(x[lane], y[lane], z[lane]);
            }
        }
        else
        {
            for (uint left = active; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                result[lane] = TOp.Of(x[lane], y[lane], z[lane]);
            }
        }

        warp.Define(d, active);
    }
}

/// <summary>d = op(a, b, c, e) in every active lane: bit fields and logic.</summary>
internal sealed unsafe class Quaternary<TOp, TA, TB, TC, TD, TR>(Register d, Register a, Register b, Register c, Register e) : Op
    where TOp : IQuaternary<TA, TB, TC, TD, TR>
    where TA : unmanaged
    where TB : unmanaged
    where TC : unmanaged
    where TD : unmanaged
    where TR : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint active)
    {
        warp.Require(a, active);
        warp.Require(b, active);
        warp.Require(c, active);
        warp.Require(e, active);
        TA* x = warp.Values<TA>(a);
        TB* y = warp.Values<TB>(b);
        TC* z = warp.Values<TC>(c);
        TD* w = warp.Values<TD>(e);
        TR* result = warp.Values<TR>(d);
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            result[lane] = TOp.Of(x[lane], y[lane], z[lane], w[lane]);
        }

        warp.Define(d, active);
    }
}
