namespace L2c.Kernels;

/// <summary>How x0, eps and the noise's size follow from what the network said in one evaluation; see <see cref="Device.SamplerUpdate"/>. fp32, as the
/// published codes use their tables.</summary>
public readonly record struct SamplerPrediction
{
    /// <summary>The state that the network read: <see cref="SamplerState.X"/> or <see cref="SamplerState.U"/>.</summary>
    public SamplerState Input { get; init; }

    /// <summary>a: sqrt(1 / alphaBar).</summary>
    public float InputToX0 { get; init; }

    /// <summary>b: sqrt(1 / alphaBar - 1).</summary>
    public float EpsToX0 { get; init; }

    /// <summary>Whether x0 is clamped to [-1, 1] (and eps recomputed from it).</summary>
    public bool ClipX0 { get; init; }

    /// <summary>Whether the network's variance channels, between the two logarithms below, give the noise its standard deviation.</summary>
    public bool LearnedVariance { get; init; }

    /// <summary>log of the posterior variance, clipped: the variance at v = -1.</summary>
    public float MinLogVariance { get; init; }

    /// <summary>log beta: the variance at v = 1.</summary>
    public float MaxLogVariance { get; init; }
}
