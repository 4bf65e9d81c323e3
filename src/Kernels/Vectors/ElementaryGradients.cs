using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>Derivatives of the activations, within 2.5 ulp of the result or of 1, whichever is larger.</summary>
/// <remarks>
/// All three activations f have f(x) - f(-x) = x, so f'(x) = 1 - f'(-x): only the tail f'(-z) with z = |x| is computed, which is a small factor times
/// exp(-..) and neither overflows nor cancels. z stops where that is 0 in fp32: infinities give their limits.
/// </remarks>
internal static class ElementaryGradients
{
    /// <summary>d/dx of x / (1 + exp(-x)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Silu<V>(V x)
        where V : unmanaged, IFloats<V>
    {
        V z = V.Min(V.Broadcast(150f), V.Abs(x));
        return Mirror(x, SigmoidTail(z, V.Broadcast(0f) - z, V.Broadcast(-1f)));
    }

    /// <summary>d/dx of GELU in its tanh form.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V GeluTanh<V>(V x)
        where V : unmanaged, IFloats<V>
    {
        // -u = -2 sqrt(2/pi) (z + 0.044715 z^3), which is -112 at z = 11, and its derivative.
        V z = V.Min(V.Broadcast(11f), V.Abs(x)), square = z * z;
        V minusU = z * V.MultiplyAdd(V.Broadcast(-0.0713548162f), square, V.Broadcast(-1.59576912f));
        return Mirror(x, SigmoidTail(z, minusU, V.MultiplyAdd(V.Broadcast(-0.214064449f), square, V.Broadcast(-1.59576912f))));
    }

    /// <summary>d/dx of GELU exactly: Phi(x) + x phi(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V GeluErf<V>(V x)
        where V : unmanaged, IFloats<V>
    {
        V z = V.Min(V.Broadcast(15f), V.Abs(x)), bell = Elementary.Bell(z);
        return Mirror(x, V.MultiplyAdd(z * V.Broadcast(-0.398942280f), bell, Elementary.NormalTail(z, bell)));
    }

    /// <summary>Derivative of x sigmoid(u(x)) at -z, for odd u: s e (1 - z s u') with e = exp(-u(z)), s = 1 / (1 + e); -u in [-150, 0].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V SigmoidTail<V>(V z, V minusU, V minusSlope)
        where V : unmanaged, IFloats<V>
    {
        V one = V.Broadcast(1f), e = Elementary.ExpInRange(minusU), s = one / (one + e);
        return s * e * V.MultiplyAdd(z * s, minusSlope, one);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Mirror<V>(V x, V tail)
        where V : unmanaged, IFloats<V> => V.IfNegative(x, tail, V.Broadcast(1f) - tail);
}
