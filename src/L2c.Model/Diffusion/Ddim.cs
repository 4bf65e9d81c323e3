using L2c.Kernels;

namespace L2c.Model.Diffusion;

/// <summary>Denoising diffusion implicit models (Song, Meng and Ermon 2021).</summary>
internal static class Ddim
{
    /// <summary>Equation 12: x' = √ᾱ' x0 + √(1 - ᾱ' - σ²) ε + σ·noise, ᾱ' = ᾱ_{t-1}; σ = η √((1-ᾱ')/(1-ᾱ)) √(1-ᾱ/ᾱ'), equation 16.</summary>
    /// <remarks>ᾱ and ᾱ' are rounded to float32 first and everything after is float32, as in the published ddim_sample.</remarks>
    public static SamplerStep Step(NoiseSchedule schedule, int index, float eta)
    {
        float alphaBar = (float)schedule.AlphasCumprod[index];
        float alphaBarPrev = (float)schedule.AlphasCumprodPrev[index];
        float sigma = eta * MathF.Sqrt((1 - alphaBarPrev) / (1 - alphaBar)) * MathF.Sqrt(1 - (alphaBar / alphaBarPrev));
        return new SamplerStep(
            index,
            schedule.TimestepMap[index],
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
