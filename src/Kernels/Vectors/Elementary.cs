using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>exp and the activations made of it, over all of fp32. Polynomials are own minimax fits; errors are against double precision and are
/// tested.</summary>
internal static class Elementary
{
    /// <summary>exp(x) within 1.5 ulp; 0 below -104, infinity above 88.73, subnormals gradual.</summary>
    /// <remarks>
    /// x = n ln 2 + r with |r| at most ln(2)/2 and ln 2 in two parts; exp(r) = 1 + r + r^2 q(r), q of degree 4 (relative error 8e-9 of the result);
    /// then 2^n by the exponent field.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp<V>(V x)
        where V : unmanaged, IFloats<V> => ExpInRange(Limit(x));

    /// <summary><see cref="Exp"/> of what lies in [-150, 150] for certain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V ExpInRange<V>(V x)
        where V : unmanaged, IFloats<V>
    {
        V n = Exponent(x);
        return V.Scale(ReducedExpMinusOne(x, n) + V.Broadcast(1f), n);
    }

    /// <summary>2^f for f in [0, 1), relative error 7.5e-8: what <see cref="IFloats{V}.PowerOfTwo"/> is made of.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V PowerOfTwoOfFraction<V>(V f)
        where V : unmanaged, IFloats<V>
    {
        V p = V.MultiplyAdd(V.Broadcast(0.00187757751f), f, V.Broadcast(0.00898933783f));
        p = V.MultiplyAdd(p, f, V.Broadcast(0.0558263212f));
        p = V.MultiplyAdd(p, f, V.Broadcast(0.240153611f));
        p = V.MultiplyAdd(p, f, V.Broadcast(0.693153083f));
        return V.MultiplyAdd(p, f, V.Broadcast(0.99999994f));
    }

    /// <summary>exp(x) - 1 within 3 ulp, also where x is so small that exp(x) has lost it.</summary>
    /// <remarks>exp(r) - 1 = r + r^2 q(r), and 2^n - 1 added to 2^n times that; by halves, since 2^n overflows before exp(x) does.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V ExpMinusOne<V>(V x)
        where V : unmanaged, IFloats<V>
    {
        x = Limit(x);
        V n = Exponent(x), less = n - V.Broadcast(1f);
        V half = V.Scale(ReducedExpMinusOne(x, n), less) + (V.Scale(V.Broadcast(1f), less) - V.Broadcast(0.5f));
        return half + half;
    }

    /// <summary>x / (1 + exp(-x)), within 3 ulp of the result or of 0.1, whichever is larger.</summary>
    /// <remarks>-150 in place of -infinity, where the divisor is infinite, gives -0 and not NaN.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Silu<V>(V x)
        where V : unmanaged, IFloats<V> => V.Max(V.Broadcast(-150f), x) / (V.Broadcast(1f) + Exp(V.Broadcast(0f) - x));

    /// <summary>GELU in its tanh form, x/2 (1 + tanh u) with u = sqrt(2/pi) (x + 0.044715 x^3); within 5 ulp of the result or of 0.1.</summary>
    /// <remarks>Equal to x / (1 + exp(-2u)), which needs no tanh and does not cancel for negative x.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V GeluTanh<V>(V x)
        where V : unmanaged, IFloats<V>
    {
        // -2 log2(e) sqrt(2/pi), and 0.044715 times that.
        V factor = V.MultiplyAdd(V.Broadcast(-0.102943242f), x * x, V.Broadcast(-2.30220819f));
        return OverOnePlusPowerOfTwo(x, x * factor);
    }

    /// <summary>GELU exactly: x Phi(x) = max(x, 0) - |x| Phi(-|x|), so that nothing cancels; within 8 ulp of the result or of 0.1.</summary>
    /// <remarks>
    /// Phi(-z) = erfc(z / sqrt 2) / 2 = t p(t) exp(-z^2 / 2), t = 1 / (1 + 0.3 z / sqrt 2), p of degree 8 with relative error 4.2e-8.
    /// z stops at 15, where exp(-z^2 / 2) is 0 in fp32: infinities give their limits.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V GeluErf<V>(V x)
        where V : unmanaged, IFloats<V>
    {
        V zero = V.Broadcast(0f);
        V z = V.Min(V.Broadcast(15f), V.Abs(x));
        return V.Max(zero, x) - z * NormalTail(z, Bell(z));
    }

    /// <summary>exp(-z^2 / 2) for z in [0, 15].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Bell<V>(V z)
        where V : unmanaged, IFloats<V> => ExpInRange(z * z * V.Broadcast(-0.5f));

    /// <summary>Phi(-z) for z in [0, 15], given <see cref="Bell"/> of z.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V NormalTail<V>(V z, V bell)
        where V : unmanaged, IFloats<V>
    {
        V one = V.Broadcast(1f);
        V t = one / V.MultiplyAdd(z, V.Broadcast(0.212132037f), one);
        V p = V.Broadcast(-0.0653854087f);
        p = V.MultiplyAdd(p, t, V.Broadcast(0.245966971f));
        p = V.MultiplyAdd(p, t, V.Broadcast(-0.263075531f));
        p = V.MultiplyAdd(p, t, V.Broadcast(0.282256812f));
        p = V.MultiplyAdd(p, t, V.Broadcast(-0.0534914881f));
        p = V.MultiplyAdd(p, t, V.Broadcast(0.110269509f));
        p = V.MultiplyAdd(p, t, V.Broadcast(0.0733980313f));
        p = V.MultiplyAdd(p, t, V.Broadcast(0.0854745582f));
        p = V.MultiplyAdd(p, t, V.Broadcast(0.0845865309f));
        return p * t * bell;
    }

    // Beyond, exp is 0 or infinite.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Limit<V>(V x)
        where V : unmanaged, IFloats<V> => V.Max(V.Broadcast(-150f), V.Min(V.Broadcast(150f), x));

    // n of x = n ln 2 + r.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Exponent<V>(V x)
        where V : unmanaged, IFloats<V> => V.Round(x * V.Broadcast(1.44269502f));

    // exp(r) - 1
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V ReducedExpMinusOne<V>(V x, V n)
        where V : unmanaged, IFloats<V>
    {
        V r = V.MultiplyAdd(n, V.Broadcast(-0.693115234375f), x);
        r = V.MultiplyAdd(n, V.Broadcast(-3.19461833e-5f), r);
        V q = V.Broadcast(0.00139262504f);
        q = V.MultiplyAdd(q, r, V.Broadcast(0.00836323295f));
        q = V.MultiplyAdd(q, r, V.Broadcast(0.0416665524f));
        q = V.MultiplyAdd(q, r, V.Broadcast(0.166665763f));
        q = V.MultiplyAdd(q, r, V.Broadcast(0.5f));
        return V.MultiplyAdd(q * r, r, r);
    }

    // x / (1 + 2^t). Above t = 128 the power is infinite; -150 there, in place of -infinity, gives -0 and not NaN.
    // 2^t = 2^n 2^f with |f| at most 1/2; 2^f = 1 + f q(f), q of degree 5 (relative error 1.6e-8 of the result).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V OverOnePlusPowerOfTwo<V>(V x, V t)
        where V : unmanaged, IFloats<V>
    {
        V one = V.Broadcast(1f);
        t = V.Max(V.Broadcast(-127f), V.Min(V.Broadcast(128f), t));
        V n = V.Round(t), f = t - n;
        V p = V.MultiplyAdd(V.Broadcast(0.00015353362f), f, V.Broadcast(0.0013398875f));
        p = V.MultiplyAdd(p, f, V.Broadcast(0.00961843692f));
        p = V.MultiplyAdd(p, f, V.Broadcast(0.0555033237f));
        p = V.MultiplyAdd(p, f, V.Broadcast(0.240226477f));
        p = V.MultiplyAdd(p, f, V.Broadcast(0.693147182f));
        p = V.MultiplyAdd(p, f, one);
        return V.Max(V.Broadcast(-150f), x) / (one + V.ScaleOnce(p, n));
    }
}
