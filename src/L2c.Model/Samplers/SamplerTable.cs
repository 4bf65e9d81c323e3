using L2c.Kernels;
using L2c.Model.Caching;

namespace L2c.Model.Samplers;

/// <summary>A sampler: everything that happens between evaluations, known before the first. Samplers differ in the numbers of their tables alone.</summary>
/// <param name="Name">One of <see cref="SamplerCatalog.Names"/>.</param>
/// <param name="Evaluations">One row per evaluation, in sampling order. x is the samples after the last.</param>
/// <exception cref="ArgumentException">An evaluation reads what none before it has set, or sets more states than one op does.</exception>
public sealed record SamplerTable(string Name, IReadOnlyList<SamplerEvaluation> Evaluations)
{
    /// <summary>One row per evaluation, in sampling order.</summary>
    public IReadOnlyList<SamplerEvaluation> Evaluations { get; init => field = Checked(value); } = Checked(Evaluations);

    /// <summary>Which evaluations refresh and which may reuse.</summary>
    public IReadOnlyList<EvaluationRole> Roles => [.. Evaluations.Select(row => row.Role)];

    /// <summary>The evaluations that may reuse, in the order of their router rows.</summary>
    public IReadOnlyList<int> CacheEvaluations =>
        [.. Enumerable.Range(0, Evaluations.Count).Where(e => Evaluations[e].Role == EvaluationRole.Cache).OrderBy(e => Evaluations[e].RouterRow)];

    /// <summary>The evaluations that may reuse, in sampling order, and the row of a router that each reads.</summary>
    public IEnumerable<(int Evaluation, int Row)> RowsRead =>
        Enumerable.Range(0, Evaluations.Count).Where(e => Evaluations[e].Role == EvaluationRole.Cache).Select(e => (e, Evaluations[e].RouterRow));

    /// <summary>Whether the network's variance channels are used.</summary>
    public bool LearnsVariance => Evaluations.Any(row => row.Prediction.LearnedVariance);

    /// <summary>Whether there is such a state.</summary>
    public bool Holds(SamplerState state) => state == SamplerState.X || Evaluations.Any(row => row.Updates.Any(update => update.Target == state));

    /// <summary>Where a run up to an evaluation can begin with x alone: the latest evaluation before it after which no other state is read that was set
    /// earlier.</summary>
    /// <param name="evaluation">Not the first.</param>
    public int BeginOf(int evaluation) => BeginOf(evaluation, evaluation - 1);

    /// <summary>The same, no later than at another evaluation before it.</summary>
    internal int BeginOf(int evaluation, int latest)
    {
        int begin = latest;
        while (!ReadsOnlySince(begin, evaluation))
        {
            begin--;
        }

        return begin;
    }

    // The first evaluation reads nothing else, so that the search ends there.
    private bool ReadsOnlySince(int begin, int evaluation)
    {
        HashSet<SamplerState> known = [SamplerState.X];
        for (int e = begin; e < evaluation; e++)
        {
            if (!Reads(Evaluations[e]).All(known.Contains))
            {
                return false;
            }

            known.UnionWith(Evaluations[e].Updates.Select(update => update.Target));
        }

        return known.Contains(Evaluations[evaluation].Prediction.Input);
    }

    private static IEnumerable<SamplerState> Reads(SamplerEvaluation row) => SamplerTensors.Readable.ToArray()
        .Where(state => row.Prediction.Input == state || row.Updates.Any(update => update.WeightOf(state) != 0));

    private static IReadOnlyList<SamplerEvaluation> Checked(IReadOnlyList<SamplerEvaluation> rows)
    {
        HashSet<SamplerState> known = [SamplerState.X];
        for (int e = 0; e < rows.Count; e++)
        {
            (SamplerEvaluation row, HashSet<SamplerState> set) = (rows[e], [.. rows[e].Updates.Select(update => update.Target)]);
            foreach (SamplerState state in Reads(row).Where(state => !known.Contains(state)))
            {
                throw new ArgumentException($"evaluation {e} reads {state}, which no evaluation before it has set");
            }

            if (set.Count != row.Updates.Length || set.Count >= LinearUpdate.MaxCount || set.Contains(SamplerState.X0))
            {
                throw new ArgumentException(
                    $"evaluation {e} sets {string.Join(", ", row.Updates.Select(update => update.Target))}; "
                    + $"it can set {LinearUpdate.MaxCount - 1} different states, and x0 is not a sampler's");
            }

            known.UnionWith(set);
        }

        return rows;
    }
}
