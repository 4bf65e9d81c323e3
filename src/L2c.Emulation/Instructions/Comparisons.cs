using System.Numerics;
using System.Runtime.CompilerServices;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Instructions;

internal interface ICompare<T>
{
    static abstract bool Of(T a, T b);
}

// Ordered: false when an operand is NaN. Integers are always ordered.
internal readonly struct Equal<T> : ICompare<T>
    where T : INumber<T>
{
    public static bool Of(T a, T b) => a == b;
}

internal readonly struct NotEqual<T> : ICompare<T>
    where T : INumber<T>
{
    public static bool Of(T a, T b) => a < b || a > b;
}

internal readonly struct Less<T> : ICompare<T>
    where T : INumber<T>
{
    public static bool Of(T a, T b) => a < b;
}

internal readonly struct LessOrEqual<T> : ICompare<T>
    where T : INumber<T>
{
    public static bool Of(T a, T b) => a <= b;
}

internal readonly struct Greater<T> : ICompare<T>
    where T : INumber<T>
{
    public static bool Of(T a, T b) => a > b;
}

internal readonly struct GreaterOrEqual<T> : ICompare<T>
    where T : INumber<T>
{
    public static bool Of(T a, T b) => a >= b;
}

/// <summary>nan: at least one operand is.</summary>
internal readonly struct Unordered<T> : ICompare<T>
    where T : INumber<T>
{
    public static bool Of(T a, T b) => T.IsNaN(a) || T.IsNaN(b);
}

/// <summary>equ is not(ne), num is not(nan), ltu is not(ge), and so on.</summary>
internal readonly struct Inverse<TOp, T> : ICompare<T>
    where TOp : ICompare<T>
{
    public static bool Of(T a, T b) => !TOp.Of(a, b);
}

internal enum BooleanOperation
{
    None,
    And,
    Or,
    Xor,
}

/// <summary>Compares in every active lane.</summary>
internal abstract class Comparison
{
    public abstract uint Mask(Warp warp, uint active);
}

internal sealed unsafe class Comparison<TOp, T>(Register a, Register b) : Comparison
    where TOp : ICompare<T>
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override uint Mask(Warp warp, uint active)
    {
        warp.Require(a, active);
        warp.Require(b, active);
        T* x = warp.Values<T>(a);
        T* y = warp.Values<T>(b);
        uint mask = 0;
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            mask |= (TOp.Of(x[lane], y[lane]) ? 1u : 0) << lane;
        }

        return mask;
    }
}

/// <summary>setp: p = (a ~ b) combined with c, q = not(a ~ b) combined with c.</summary>
internal sealed class SetPredicate(Comparison comparison, Register p, Register? q, BooleanOperation operation, Predicate? c) : Op
{
    public override void Execute(Warp warp, uint active)
    {
        uint mask = comparison.Mask(warp, active);
        uint other = c is null ? 0 : c.Value.Mask(warp, active);
        warp.SetPredicate(p, active, Combine(mask, other));
        if (q is not null)
        {
            warp.SetPredicate(q, active, Combine(~mask, other));
        }
    }

    private uint Combine(uint mask, uint other) => operation switch
    {
        BooleanOperation.And => mask & other,
        BooleanOperation.Or => mask | other,
        BooleanOperation.Xor => mask ^ other,
        _ => mask,
    };
}

/// <summary>set: all bits, or 1.0, where the comparison holds.</summary>
internal sealed unsafe class SetValue(Comparison comparison, Register d, uint whenTrue) : Op
{
    public override void Execute(Warp warp, uint active)
    {
        uint mask = comparison.Mask(warp, active);
        uint* result = warp.Values<uint>(d);
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            result[lane] = (mask >> lane & 1) != 0 ? whenTrue : 0;
        }

        warp.Define(d, active);
    }
}
