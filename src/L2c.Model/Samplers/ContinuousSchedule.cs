using L2c.Kernels;

namespace L2c.Model.Samplers;

/// <summary>A variance-preserving process at any time t in (0, 1]: x_t = α_t x_0 + σ_t noise with α² + σ² = 1, and λ_t = ln(α_t / σ_t).</summary>
/// <remarks>Everything is fp32, as in the solvers' published code. Symbols of Lu et al. 2022 (DPM-Solver).</remarks>
public abstract class ContinuousSchedule
{
    /// <summary>α_t.</summary>
    public abstract float Alpha(float t);

    /// <summary>σ_t.</summary>
    public abstract float Sigma(float t);

    /// <summary>λ_t: rises as t falls.</summary>
    public abstract float Lambda(float t);

    /// <summary>t of a λ.</summary>
    public abstract float Time(float lambda);

    /// <summary>What the network is given at t.</summary>
    public abstract float NetworkTime(float t);

    /// <summary>x_0 from the network's ε at t: (x - σ ε) / α.</summary>
    /// <param name="t">The time.</param>
    /// <param name="input">The state that the network reads.</param>
    public SamplerPrediction Prediction(float t, SamplerState input) => new() { Input = input, InputToX0 = 1 / Alpha(t), EpsToX0 = Sigma(t) / Alpha(t) };
}
