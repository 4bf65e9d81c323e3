using System.Numerics;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Instructions;

/// <summary>A predicate as an operand: a register, or its opposite.</summary>
internal readonly record struct Predicate(Register Register, bool Negated)
{
    public uint Mask(Warp warp, uint active)
    {
        warp.Require(Register, active);
        uint mask = warp.PredicateMask(Register);
        return Negated ? ~mask : mask;
    }
}

/// <summary>and, or, xor of predicates.</summary>
internal sealed class PredicateBinary(BooleanOperation operation, Register d, Predicate a, Predicate b) : Op
{
    public override void Execute(Warp warp, uint active)
    {
        uint x = a.Mask(warp, active);
        uint y = b.Mask(warp, active);
        warp.SetPredicate(d, active, operation == BooleanOperation.And ? x & y : operation == BooleanOperation.Or ? x | y : x ^ y);
    }
}

/// <summary>mov and not of predicates.</summary>
internal sealed class PredicateMove(Register d, Predicate a) : Op
{
    public override void Execute(Warp warp, uint active) => warp.SetPredicate(d, active, a.Mask(warp, active));
}

/// <summary>selp: a where the predicate is set, else b.</summary>
internal sealed unsafe class Select<T>(Register d, Register a, Register b, Predicate p) : Op
    where T : unmanaged
{
    public override void Execute(Warp warp, uint active)
    {
        uint mask = p.Mask(warp, active);
        warp.Require(a, active & mask);
        warp.Require(b, active & ~mask);
        T* x = warp.Values<T>(a);
        T* y = warp.Values<T>(b);
        T* result = warp.Values<T>(d);
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            result[lane] = (mask >> lane & 1) != 0 ? x[lane] : y[lane];
        }

        warp.Define(d, active);
    }
}

internal interface ITest<T>
{
    static abstract bool Of(T a);
}

/// <summary>testp: a property of a number.</summary>
internal sealed unsafe class TestProperty<TOp, T>(Register p, Register a) : Op
    where TOp : ITest<T>
    where T : unmanaged
{
    public override void Execute(Warp warp, uint active)
    {
        warp.Require(a, active);
        T* x = warp.Values<T>(a);
        uint mask = 0;
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            mask |= (TOp.Of(x[lane]) ? 1u : 0) << lane;
        }

        warp.SetPredicate(p, active, mask);
    }
}

internal readonly struct IsNaN<T> : ITest<T>
    where T : INumberBase<T>
{
    public static bool Of(T a) => T.IsNaN(a);
}

internal readonly struct IsNumber<T> : ITest<T>
    where T : INumberBase<T>
{
    public static bool Of(T a) => !T.IsNaN(a);
}

internal readonly struct IsFinite<T> : ITest<T>
    where T : INumberBase<T>
{
    public static bool Of(T a) => T.IsFinite(a);
}

internal readonly struct IsInfinite<T> : ITest<T>
    where T : INumberBase<T>
{
    public static bool Of(T a) => T.IsInfinity(a);
}

internal readonly struct IsNormal<T> : ITest<T>
    where T : INumberBase<T>
{
    // Zero counts as normal.
    public static bool Of(T a) => T.IsNormal(a) || T.IsZero(a);
}

internal readonly struct IsSubnormal<T> : ITest<T>
    where T : INumberBase<T>
{
    public static bool Of(T a) => T.IsSubnormal(a);
}
