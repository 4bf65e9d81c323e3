namespace L2c.Kernels;

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
    public static V Value<V>(V x)
        where V : unmanaged, IFloats<V> => Elementary.GeluErf(x);

    /// <inheritdoc/>
    public static V Gradient<V>(V x)
        where V : unmanaged, IFloats<V> => ElementaryGradients.GeluErf(x);
}
