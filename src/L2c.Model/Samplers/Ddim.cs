using L2c.Kernels;
using L2c.Model.Caching;

namespace L2c.Model.Samplers;

/// <summary>Denoising diffusion implicit models (Song, Meng and Ermon 2021).</summary>
public static class Ddim
{
    /// <summary>DDIM over the linear schedule, respaced; see <see cref="Respacing.Select(string, MidpointRounding)"/>.</summary>
    /// <inheritdoc cref="Table(NoiseSchedule, double)"/>
    public static SamplerTable Table(string steps, double eta = 0) => Table(NoiseSchedule.Linear.Respace(Respacing.Select(steps)), eta);

    /// <summary>DDIM over the linear schedule with N evaluations, fractional stride.</summary>
    /// <inheritdoc cref="Table(NoiseSchedule, double)"/>
    public static SamplerTable Table(int steps, double eta = 0) => Table(NoiseSchedule.Linear.Respace(Respacing.Select(steps)), eta);

    /// <summary>DDIM over any schedule.</summary>
    /// <param name="schedule">The respaced schedule.</param>
    /// <param name="eta">η ≥ 0: 0 is deterministic, 1 has the posterior variance of DDPM.</param>
    /// <exception cref="ArgumentException">η is negative or NaN, or so large (above 1) that a step has no real solution.</exception>
    public static SamplerTable Table(NoiseSchedule schedule, double eta = 0)
    {
        if (!(eta >= 0) || !double.IsFinite(eta))
        {
            throw new ArgumentException($"eta {eta} is not valid; use 0 (deterministic) to 1");
        }

        return new SamplerTable("ddim", schedule.OnePerStep((index, role) => Row(schedule, index, role, (float)eta)));
    }

    /// <summary>Equation 12: x' = √ᾱ' x0 + √(1 - ᾱ' - σ²) ε + σ·noise, ᾱ' = ᾱ_{t-1}; σ = η √((1-ᾱ')/(1-ᾱ)) √(1-ᾱ/ᾱ'), equation 16.</summary>
    /// <remarks>ᾱ and ᾱ' are rounded to float32 first and everything after is float32, as in the published ddim_sample.</remarks>
    private static SamplerEvaluation Row(NoiseSchedule schedule, int index, EvaluationRole role, float eta)
    {
        float alphaBar = (float)schedule.AlphasCumprod[index];
        float alphaBarPrev = (float)schedule.AlphasCumprodPrev[index];
        float sigma = eta * MathF.Sqrt((1 - alphaBarPrev) / (1 - alphaBar)) * MathF.Sqrt(1 - (alphaBar / alphaBarPrev));
        return new SamplerEvaluation(
            schedule.TimestepMap[index],
            role,
            index,
            schedule.Prediction(index),
            new LinearUpdate(SamplerState.X)
            {
                X0 = MathF.Sqrt(alphaBarPrev),
                Eps = MathF.Sqrt(DirectionVariance(alphaBarPrev, sigma)),
                Noise = index > 0 ? sigma : 0,
            });
    }

    /// <summary>1 - ᾱ' - σ²: never negative for η ≤ 1, but in a few jumps of hand-made grids (870 to 0, for one) it rounds below zero.</summary>
    /// <remarks>Then it is 0 here; the published code gets NaN.</remarks>
    private static float DirectionVariance(float alphaBarPrev, float sigma)
    {
        float budget = 1 - alphaBarPrev;
        float variance = budget - (sigma * sigma);
        return variance >= -1e-6f * budget
            ? MathF.Max(variance, 0)
            : throw new ArgumentException($"eta is too large: σ² = {sigma * sigma} exceeds 1 - ᾱ' = {budget}; use an eta of at most 1");
    }
}
