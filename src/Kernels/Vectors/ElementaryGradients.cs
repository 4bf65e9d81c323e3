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
        V z = V.Min(V.Broadcast(150f), Magnitude(x));
        return Mirror(x, SigmoidTail(z, z, V.Broadcast(1f)));
    }

    /// <summary>d/dx of GELU in its tanh form.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V GeluTanh<V>(V x)
        where V : unmanaged, IFloats<V>
    {
        // u = 2 sqrt(2/pi) (z + 0.044715 z^3), and its derivative.
        V z = V.Min(V.Broadcast(15f), Magnitude(x)), square = z * z;
        V u = z * V.MultiplyAdd(V.Broadcast(0.0713548162f), square, V.Broadcast(1.59576912f));
        return Mirror(x, SigmoidTail(z, u, V.MultiplyAdd(V.Broadcast(0.214064449f), square, V.Broadcast(1.59576912f))));
    }

    /// <summary>d/dx of GELU exactly: Phi(x) + x phi(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V GeluErf<V>(V x)
        where V : unmanaged, IFloats<V>
    {
        V z = V.Min(V.Broadcast(15f), Magnitude(x)), zero = V.Broadcast(0f);
        V bell = Elementary.Bell(z);
        return Mirror(x, V.MultiplyAdd(zero - z * V.Broadcast(0.398942280f), bell, Elementary.NormalTail(z, bell)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Magnitude<V>(V x)
        where V : unmanaged, IFloats<V> => V.Max(V.Broadcast(0f) - x, x);

    /// <summary>Derivative of x sigmoid(u(x)) at -z, for odd u: s e (1 - z s u') with e = exp(-u(z)), s = 1 / (1 + e).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V SigmoidTail<V>(V z, V u, V slope)
        where V : unmanaged, IFloats<V>
    {
        V zero = V.Broadcast(0f), one = V.Broadcast(1f), e = Elementary.Exp(zero - u), s = one / (one + e);
        return s * e * V.MultiplyAdd(zero - z * s, slope, one);
    }

    /// <summary>The tail below 0, 1 less the tail above. Around 0 both are 1/2, and a weight between 0 and 1, which subnormals get, changes nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Mirror<V>(V x, V tail)
        where V : unmanaged, IFloats<V>
    {
        V one = V.Broadcast(1f), weight = V.Min(one, V.Max(V.Broadcast(0f), x * V.Broadcast(1e38f)));
        return V.MultiplyAdd(weight, one - (tail + tail), tail);
    }
}
