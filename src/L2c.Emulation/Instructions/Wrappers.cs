namespace L2c.Emulation.Instructions;

/// <summary>.ftz: subnormal numbers become zeros of their sign.</summary>
internal static class Flush
{
    public static T Subnormal<T>(T value)
    {
        if (typeof(T) == typeof(float))
        {
            float single = (float)(object)value!;
            return float.IsSubnormal(single) ? (T)(object)float.CopySign(0, single) : value;
        }

        if (typeof(T) == typeof(Half))
        {
            Half half = (Half)(object)value!;
            return Half.IsSubnormal(half) ? (T)(object)Half.CopySign(Half.Zero, half) : value;
        }

        return value;
    }
}

/// <summary>.sat: to [0, 1]; NaN becomes +0.</summary>
internal static class Saturate
{
    public static T Unit<T>(T value)
    {
        if (typeof(T) == typeof(float))
        {
            float single = (float)(object)value!;
            return (T)(object)(single > 0 ? Math.Min(single, 1f) : 0f);
        }

        if (typeof(T) == typeof(double))
        {
            double number = (double)(object)value!;
            return (T)(object)(number > 0 ? Math.Min(number, 1.0) : 0.0);
        }

        if (typeof(T) == typeof(Half))
        {
            Half half = (Half)(object)value!;
            return (T)(object)(half > Half.Zero ? Half.Min(half, Half.One) : Half.Zero);
        }

        throw new NotSupportedException($".sat of {typeof(T)}");
    }
}

internal readonly struct Ftz1<TOp, TA, TR> : IUnary<TA, TR>
    where TOp : IUnary<TA, TR>
{
    public static TR Of(TA a) => Flush.Subnormal(TOp.Of(Flush.Subnormal(a)));
}

internal readonly struct Ftz2<TOp, TA, TB, TR> : IBinary<TA, TB, TR>
    where TOp : IBinary<TA, TB, TR>
{
    public static TR Of(TA a, TB b) => Flush.Subnormal(TOp.Of(Flush.Subnormal(a), Flush.Subnormal(b)));
}

internal readonly struct Ftz3<TOp, TA, TB, TC, TR> : ITernary<TA, TB, TC, TR>
    where TOp : ITernary<TA, TB, TC, TR>
{
    public static TR Of(TA a, TB b, TC c) =>
        Flush.Subnormal(TOp.Of(Flush.Subnormal(a), Flush.Subnormal(b), Flush.Subnormal(c)));
}

internal readonly struct FtzCompare<TOp, T> : ICompare<T>
    where TOp : ICompare<T>
{
    public static bool Of(T a, T b) => TOp.Of(Flush.Subnormal(a), Flush.Subnormal(b));
}

internal readonly struct Sat1<TOp, TA, TR> : IUnary<TA, TR>
    where TOp : IUnary<TA, TR>
{
    public static TR Of(TA a) => Saturate.Unit(TOp.Of(a));
}

internal readonly struct Sat2<TOp, TA, TB, TR> : IBinary<TA, TB, TR>
    where TOp : IBinary<TA, TB, TR>
{
    public static TR Of(TA a, TB b) => Saturate.Unit(TOp.Of(a, b));
}

internal readonly struct Sat3<TOp, TA, TB, TC, TR> : ITernary<TA, TB, TC, TR>
    where TOp : ITernary<TA, TB, TC, TR>
{
    public static TR Of(TA a, TB b, TC c) => Saturate.Unit(TOp.Of(a, b, c));
}

/// <summary>A bf16 operation through float: 24 bits are enough that the second rounding changes nothing for +, -, * and exact operations.</summary>
internal readonly struct ViaSingle1<TOp> : IUnary<BFloat16, BFloat16>
    where TOp : IUnary<float, float>
{
    public static BFloat16 Of(BFloat16 a) => BFloat16.Round(TOp.Of(a.ToSingle()));
}

internal readonly struct ViaSingle2<TOp> : IBinary<BFloat16, BFloat16, BFloat16>
    where TOp : IBinary<float, float, float>
{
    public static BFloat16 Of(BFloat16 a, BFloat16 b) => BFloat16.Round(TOp.Of(a.ToSingle(), b.ToSingle()));
}

internal readonly struct ViaSingleCompare<TOp> : ICompare<BFloat16>
    where TOp : ICompare<float>
{
    public static bool Of(BFloat16 a, BFloat16 b) => TOp.Of(a.ToSingle(), b.ToSingle());
}

/// <summary>Two 16-bit numbers in one register.</summary>
internal readonly record struct Pair<T>(T Low, T High)
    where T : unmanaged;

internal readonly struct Packed1<TOp, T> : IUnary<Pair<T>, Pair<T>>
    where TOp : IUnary<T, T>
    where T : unmanaged
{
    public static Pair<T> Of(Pair<T> a) => new(TOp.Of(a.Low), TOp.Of(a.High));
}

internal readonly struct Packed2<TOp, T> : IBinary<Pair<T>, Pair<T>, Pair<T>>
    where TOp : IBinary<T, T, T>
    where T : unmanaged
{
    public static Pair<T> Of(Pair<T> a, Pair<T> b) => new(TOp.Of(a.Low, b.Low), TOp.Of(a.High, b.High));
}

internal readonly struct Packed3<TOp, T> : ITernary<Pair<T>, Pair<T>, Pair<T>, Pair<T>>
    where TOp : ITernary<T, T, T, T>
    where T : unmanaged
{
    public static Pair<T> Of(Pair<T> a, Pair<T> b, Pair<T> c) => new(TOp.Of(a.Low, b.Low, c.Low), TOp.Of(a.High, b.High, c.High));
}
