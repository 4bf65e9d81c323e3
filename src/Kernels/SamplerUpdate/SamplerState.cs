namespace L2c.Kernels;

/// <summary>The states that a sampler keeps between evaluations, each [N,C,H,W] fp32: what <see cref="LinearUpdate"/> sets.</summary>
public enum SamplerState
{
    /// <summary>x: noise before the first evaluation, the samples after the last.</summary>
    X,
    /// <summary>u: a point between two steps.</summary>
    U,
    /// <summary>An earlier x0 or eps; the sampler decides which evaluation writes which, so that no state is ever copied.</summary>
    H1,
    /// <summary>Another one.</summary>
    H2,
    /// <summary>Another one.</summary>
    H3,
    /// <summary>Where the predicted x0 is kept for whoever looks; no update reads it.</summary>
    X0,
}

/// <summary>Where the states lie; none where a sampler has no such state.</summary>
/// <param name="X">See <see cref="SamplerState.X"/>.</param>
/// <param name="U">See <see cref="SamplerState.U"/>.</param>
/// <param name="H1">See <see cref="SamplerState.H1"/>.</param>
/// <param name="H2">See <see cref="SamplerState.H2"/>.</param>
/// <param name="H3">See <see cref="SamplerState.H3"/>.</param>
/// <param name="X0">See <see cref="SamplerState.X0"/>.</param>
public readonly record struct SamplerTensors(
    Tensor X, Tensor U = default, Tensor H1 = default, Tensor H2 = default, Tensor H3 = default, Tensor X0 = default)
{
    /// <summary>The states that can be read, in the order of their weights.</summary>
    public static ReadOnlySpan<SamplerState> Readable => [SamplerState.X, SamplerState.U, SamplerState.H1, SamplerState.H2, SamplerState.H3];

    /// <summary>Where one state lies.</summary>
    public Tensor this[SamplerState state] => state switch
    {
        SamplerState.X => X,
        SamplerState.U => U,
        SamplerState.H1 => H1,
        SamplerState.H2 => H2,
        SamplerState.H3 => H3,
        SamplerState.X0 => X0,
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    /// <summary>The states that an evaluation reads: none where nothing does.</summary>
    internal SamplerTensors Read(in SamplerPrediction prediction, ReadOnlySpan<LinearUpdate> updates)
    {
        SamplerState input = prediction.Input;
        bool x = input == SamplerState.X, u = input == SamplerState.U, h1 = false, h2 = false, h3 = false;
        foreach (LinearUpdate update in updates)
        {
            x |= update.X != 0;
            u |= update.U != 0;
            h1 |= update.H1 != 0;
            h2 |= update.H2 != 0;
            h3 |= update.H3 != 0;
        }

        return new SamplerTensors(x ? X : default, u ? U : default, h1 ? H1 : default, h2 ? H2 : default, h3 ? H3 : default);
    }
}
