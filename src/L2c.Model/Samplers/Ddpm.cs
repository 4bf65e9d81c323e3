using L2c.Kernels;
using L2c.Model.Caching;

namespace L2c.Model.Samplers;

/// <summary>Denoising diffusion probabilistic models (Ho, Jain and Abbeel 2020; learned variance: Nichol and Dhariwal 2021).</summary>
public static class Ddpm
{
    /// <summary>DDPM over the linear schedule, respaced; see <see cref="Respacing.Select(string, MidpointRounding)"/>.</summary>
    /// <inheritdoc cref="Table(NoiseSchedule, bool)"/>
    public static SamplerTable Table(string steps, bool learnedVariance) =>
        Table(NoiseSchedule.Linear.Respace(Respacing.Select(steps)), learnedVariance);

    /// <summary>DDPM over the linear schedule with N evaluations, fractional stride.</summary>
    /// <inheritdoc cref="Table(NoiseSchedule, bool)"/>
    public static SamplerTable Table(int steps, bool learnedVariance) =>
        Table(NoiseSchedule.Linear.Respace(Respacing.Select(steps)), learnedVariance);

    /// <summary>DDPM over any schedule.</summary>
    /// <param name="schedule">The respaced schedule.</param>
    /// <param name="learnedVariance">The network has variance channels (learn_sigma) and they set the noise; otherwise it is β.</param>
    public static SamplerTable Table(NoiseSchedule schedule, bool learnedVariance) =>
        new("ddpm", schedule.OnePerStep((index, role) => Row(schedule, index, role, learnedVariance)));

    /// <summary>x' = posterior mean of (x0, x) (Ho et al., equation 7) + σ·noise.</summary>
    /// <remarks>
    /// Learned: σ² = exp(f ln β + (1-f) ln β̃), f = (v+1)/2 (Nichol and Dhariwal, equation 15).
    /// Otherwise σ² = β, the larger of Ho's two choices: the published FIXED_LARGE. The last step adds no noise.
    /// </remarks>
    private static SamplerEvaluation Row(NoiseSchedule schedule, int index, EvaluationRole role, bool learnedVariance) => new(
        schedule.TimestepMap[index],
        role,
        index,
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
