using L2c.Kernels;

namespace L2c.Model.Samplers;

/// <summary>A variance-preserving process at any time t in (0, 1]: x_t = α_t x_0 + σ_t noise with α² + σ² = 1, and λ_t = ln(α_t / σ_t).</summary>
/// <remarks>
/// In fp32, with the order of operations of NoiseScheduleVP of the published code: a router was trained at the times that this rounding gives. Symbols of Lu
/// et al. 2022 (DPM-Solver).
/// </remarks>
public abstract class ContinuousSchedule
{
    /// <summary>ln α_t.</summary>
    public abstract float LogAlpha(float t);

    /// <summary>What the network is given at t.</summary>
    public abstract float NetworkTime(float t);

    /// <summary>α_t.</summary>
    public float Alpha(float t) => MathF.Exp(LogAlpha(t));

    /// <summary>σ_t.</summary>
    public float Sigma(float t) => MathF.Sqrt(1 - MathF.Exp(2 * LogAlpha(t)));

    /// <summary>λ_t: rises as t falls.</summary>
    public float Lambda(float t)
    {
        float logAlpha = LogAlpha(t);
        return logAlpha - (0.5f * MathF.Log(1 - MathF.Exp(2 * logAlpha)));
    }

    /// <summary>t of a λ.</summary>
    public float Time(float lambda)
    {
        float twice = -2 * lambda;
        return TimeOfLogAlpha(-0.5f * (MathF.Max(0, twice) + MathF.Log(1 + MathF.Exp(-MathF.Abs(twice)))));
    }

    /// <summary>x_0 from the network's ε at t: (x - σ ε) / α.</summary>
    /// <param name="t">The time.</param>
    /// <param name="input">The state that the network reads.</param>
    public SamplerPrediction Prediction(float t, SamplerState input) => new() { Input = input, InputToX0 = 1 / Alpha(t), EpsToX0 = Sigma(t) / Alpha(t) };

    /// <summary>t of a ln α.</summary>
    protected abstract float TimeOfLogAlpha(float logAlpha);
}
