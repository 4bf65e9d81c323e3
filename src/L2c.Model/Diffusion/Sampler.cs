using L2c.Kernels;
using L2c.Model.Caching;

namespace L2c.Model.Diffusion;

/// <summary>A sampler as a table: everything that happens between evaluations, known before the first. Samplers differ in its numbers alone.</summary>
/// <param name="Name">"ddim" or "ddpm".</param>
/// <param name="Steps">One row per evaluation, in sampling order. x is the samples after the last.</param>
/// <exception cref="ArgumentException">An evaluation reads what none before it has set, or sets more states than one op does.</exception>
public sealed record Sampler(string Name, IReadOnlyList<SamplerStep> Steps)
{
    /// <summary>One row per evaluation, in sampling order.</summary>
    public IReadOnlyList<SamplerStep> Steps { get; init => field = Checked(value); } = Checked(Steps);

    /// <summary>Which evaluations refresh and which may reuse.</summary>
    public IReadOnlyList<EvaluationRole> Roles => [.. Steps.Select(step => step.Role)];

    /// <summary>The evaluations that may reuse, in the order of their router rows.</summary>
    public IReadOnlyList<int> CacheEvaluations =>
        [.. Enumerable.Range(0, Steps.Count).Where(e => Steps[e].Role == EvaluationRole.Cache).OrderBy(e => Steps[e].RouterRow)];

    /// <summary>Whether the network's variance channels are used.</summary>
    public bool LearnsVariance => Steps.Any(step => step.Prediction.LearnedVariance);

    /// <summary>Whether there is such a state.</summary>
    public bool Holds(SamplerState state) => state == SamplerState.X || Steps.Any(step => step.Updates.Any(update => update.Target == state));

    private static IReadOnlyList<SamplerStep> Checked(IReadOnlyList<SamplerStep> steps)
    {
        HashSet<SamplerState> known = [SamplerState.X];
        for (int e = 0; e < steps.Count; e++)
        {
            (SamplerStep step, HashSet<SamplerState> set) = (steps[e], [.. steps[e].Updates.Select(update => update.Target)]);
            foreach (SamplerState state in SamplerTensors.Readable)
            {
                bool reads = step.Prediction.Input == state || step.Updates.Any(update => update.WeightOf(state) != 0);
                if (reads && !known.Contains(state))
                {
                    throw new ArgumentException($"evaluation {e} reads {state}, which no evaluation before it has set");
                }
            }

            if (set.Count != step.Updates.Length || set.Count >= LinearUpdate.MaxCount || set.Contains(SamplerState.X0))
            {
                throw new ArgumentException(
                    $"evaluation {e} sets {string.Join(", ", step.Updates.Select(update => update.Target))}; "
                    + $"it can set {LinearUpdate.MaxCount - 1} different states, and x0 is not a sampler's");
            }

            known.UnionWith(set);
        }

        return steps;
    }
}
