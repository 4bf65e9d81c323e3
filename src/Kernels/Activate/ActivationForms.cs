using System.Runtime.CompilerServices;

namespace L2c.Kernels;

/// <summary>Activations by their number, for epilogues that ask once per vector.</summary>
internal static class ActivationForms
{
    /// <summary>act(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Value<V>(Activation activation, V x)
        where V : unmanaged, IFloats<V> => activation switch
        {
            Activation.None => x,
            Activation.Silu => SiluForm.Value(x),
            Activation.GeluTanh => GeluTanhForm.Value(x),
            Activation.GeluErf => GeluErfForm.Value(x),
            Activation.Relu => ReluForm.Value(x),
            _ => throw Unknown(activation),
        };

    /// <summary>For whoever tells activations apart and meets a new one.</summary>
    public static ArgumentOutOfRangeException Unknown(Activation activation) => new(nameof(activation), activation, "no such activation on the CPU");
}

/// <summary>An activation and its derivative as functions known to the JIT: a loop over vectors holds the one that it needs.</summary>
internal interface IActivationForm
{
    /// <summary>act(x).</summary>
    static abstract V Value<V>(V x)
        where V : unmanaged, IFloats<V>;

    /// <summary>act'(x).</summary>
    static abstract V Gradient<V>(V x)
        where V : unmanaged, IFloats<V>;
}

/// <summary><see cref="Activation.None"/>.</summary>
internal readonly struct IdentityForm : IActivationForm
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Value<V>(V x)
        where V : unmanaged, IFloats<V> => x;

    /// <inheritdoc/>
    public static V Gradient<V>(V x)
        where V : unmanaged, IFloats<V> => V.Broadcast(1f);
}

/// <summary><see cref="Activation.Silu"/>.</summary>
internal readonly struct SiluForm : IActivationForm
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Value<V>(V x)
        where V : unmanaged, IFloats<V> => Elementary.Silu(x);

    /// <inheritdoc/>
    public static V Gradient<V>(V x)
        where V : unmanaged, IFloats<V> => ElementaryGradients.Silu(x);
}

/// <summary><see cref="Activation.GeluTanh"/>.</summary>
internal readonly struct GeluTanhForm : IActivationForm
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Value<V>(V x)
        where V : unmanaged, IFloats<V> => Elementary.GeluTanh(x);

    /// <inheritdoc/>
    public static V Gradient<V>(V x)
        where V : unmanaged, IFloats<V> => ElementaryGradients.GeluTanh(x);
}

/// <summary><see cref="Activation.GeluErf"/>.</summary>
internal readonly struct GeluErfForm : IActivationForm
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Value<V>(V x)
        where V : unmanaged, IFloats<V> => Elementary.GeluErf(x);

    /// <inheritdoc/>
    public static V Gradient<V>(V x)
        where V : unmanaged, IFloats<V> => ElementaryGradients.GeluErf(x);
}

/// <summary><see cref="Activation.Relu"/>.</summary>
internal readonly struct ReluForm : IActivationForm
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Value<V>(V x)
        where V : unmanaged, IFloats<V> => V.Max(V.Broadcast(0f), x);

    /// <inheritdoc/>
    public static V Gradient<V>(V x)
        where V : unmanaged, IFloats<V>
    {
        V zero = V.Broadcast(0f);
        return V.IfNegative(zero - x, V.Broadcast(1f), V.IfNegative(x, zero, x)); // x itself where it is 0 or NaN
    }
}
