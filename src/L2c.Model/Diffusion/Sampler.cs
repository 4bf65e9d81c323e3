namespace L2c.Model.Diffusion;

/// <summary>A sampler over its grid: everything that happens to x between evaluations, known before the first.</summary>
/// <param name="Name">"ddim" or "ddpm".</param>
/// <param name="Steps">One entry per evaluation, in sampling order: respaced timesteps N-1 .. 0.</param>
public sealed record Sampler(string Name, IReadOnlyList<SamplerStep> Steps)
{
    /// <summary>DDIM over the linear schedule, respaced; see <see cref="Respacing.Select(string, MidpointRounding)"/>.</summary>
    /// <inheritdoc cref="Ddim(NoiseSchedule, double)"/>
    public static Sampler Ddim(string steps, double eta = 0) => Ddim(NoiseSchedule.Linear.Respace(Respacing.Select(steps)), eta);

    /// <summary>DDIM over the linear schedule with N evaluations, fractional stride.</summary>
    /// <inheritdoc cref="Ddim(NoiseSchedule, double)"/>
    public static Sampler Ddim(int steps, double eta = 0) => Ddim(NoiseSchedule.Linear.Respace(Respacing.Select(steps)), eta);

    /// <summary>DDIM (Song et al. 2021) over any schedule.</summary>
    /// <param name="schedule">The respaced schedule.</param>
    /// <param name="eta">η ≥ 0: 0 is deterministic, 1 has the posterior variance of DDPM.</param>
    /// <exception cref="ArgumentException">η is negative or no number, or so large (above 1) that a step has no real solution.</exception>
    public static Sampler Ddim(NoiseSchedule schedule, double eta = 0)
    {
        if (!(eta >= 0) || !double.IsFinite(eta))
        {
            throw new ArgumentException($"eta {eta} is not valid; use 0 (deterministic) to 1");
        }

        return new Sampler("ddim", Collect(schedule, index => Diffusion.Ddim.Step(schedule, index, (float)eta)));
    }

    /// <summary>DDPM over the linear schedule, respaced; see <see cref="Respacing.Select(string, MidpointRounding)"/>.</summary>
    /// <inheritdoc cref="Ddpm(NoiseSchedule, bool)"/>
    public static Sampler Ddpm(string steps, bool learnedVariance) =>
        Ddpm(NoiseSchedule.Linear.Respace(Respacing.Select(steps)), learnedVariance);

    /// <summary>DDPM over the linear schedule with N evaluations, fractional stride.</summary>
    /// <inheritdoc cref="Ddpm(NoiseSchedule, bool)"/>
    public static Sampler Ddpm(int steps, bool learnedVariance) =>
        Ddpm(NoiseSchedule.Linear.Respace(Respacing.Select(steps)), learnedVariance);

    /// <summary>DDPM (Ho et al. 2020) over any schedule.</summary>
    /// <param name="schedule">The respaced schedule.</param>
    /// <param name="learnedVariance">The network has variance channels (learn_sigma) and they set the noise; otherwise it is β.</param>
    public static Sampler Ddpm(NoiseSchedule schedule, bool learnedVariance) =>
        new("ddpm", Collect(schedule, index => Diffusion.Ddpm.Step(schedule, index, learnedVariance)));

    private static SamplerStep[] Collect(NoiseSchedule schedule, Func<int, SamplerStep> step) =>
        [.. Enumerable.Range(0, schedule.Count).Reverse().Select(step)];
}
