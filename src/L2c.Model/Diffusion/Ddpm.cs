using L2c.Kernels;

namespace L2c.Model.Diffusion;

/// <summary>Denoising diffusion probabilistic models (Ho, Jain and Abbeel 2020; learned variance: Nichol and Dhariwal 2021).</summary>
internal static class Ddpm
{
    /// <summary>x' = posterior mean of (x0, x) (Ho et al., equation 7) + σ·noise.</summary>
    /// <remarks>
    /// Learned: σ² = exp(f ln β + (1-f) ln β̃), f = (v+1)/2 (Nichol and Dhariwal, equation 15).
    /// Otherwise σ² = β, the larger of Ho's two choices: the published FIXED_LARGE. The last step adds no noise.
    /// </remarks>
    public static SamplerStep Step(NoiseSchedule schedule, int index, bool learnedVariance) =>
        new(
            index,
            schedule.TimestepMap[index],
            schedule.Prediction(index) with
            {
                LearnedVariance = learnedVariance,
                MinLogVariance = learnedVariance ? (float)schedule.PosteriorLogVarianceClipped[index] : 0,
                MaxLogVariance = learnedVariance ? (float)Math.Log(schedule.Betas[index]) : 0,
            },
            new LinearUpdate(SamplerState.X)
            {
                X0 = (float)schedule.PosteriorMeanCoef1[index],
                X = (float)schedule.PosteriorMeanCoef2[index],
                Noise = index == 0 ? 0 : learnedVariance ? 1 : (float)Math.Exp(0.5f * (float)Math.Log(schedule.Betas[index])),
            });
}
