using L2c.Kernels;

namespace L2c.Model.Diffusion;

/// <summary>Denoising diffusion probabilistic models (Ho, Jain and Abbeel 2020; learned variance: Nichol and Dhariwal 2021).</summary>
internal static class Ddpm
{
    /// <summary>x' = posterior mean of (x0, x) (Ho et al., equation 7) + σ·noise.</summary>
    /// <remarks>
    /// Learned: σ² = exp(f ln β + (1-f) ln β̃), f = (v+1)/2 (Nichol and Dhariwal, equation 15).
    /// Otherwise σ² = β, the larger of Ho's two choices, with β̃_1 at the last step: the published FIXED_LARGE.
    /// </remarks>
    public static SamplerStep Step(NoiseSchedule schedule, int index, bool learnedVariance) =>
        new(index, schedule.TimestepMap[index], new SamplerCoefficients
        {
            XToX0 = (float)schedule.SqrtRecipAlphasCumprod[index],
            EpsToX0 = (float)schedule.SqrtRecipm1AlphasCumprod[index],
            MeanX0 = (float)schedule.PosteriorMeanCoef1[index],
            MeanX = (float)schedule.PosteriorMeanCoef2[index],
            Sigma = learnedVariance ? 0 : (float)Math.Exp(0.5f * (float)FixedLogVariance(schedule, index)),
            LearnedVariance = learnedVariance,
            MinLogVariance = learnedVariance ? (float)schedule.PosteriorLogVarianceClipped[index] : 0,
            MaxLogVariance = learnedVariance ? (float)Math.Log(schedule.Betas[index]) : 0,
            UsesNoise = index > 0,
        });

    private static double FixedLogVariance(NoiseSchedule schedule, int index) =>
        index == 0 ? schedule.PosteriorLogVarianceClipped[0] : Math.Log(schedule.Betas[index]);
}
