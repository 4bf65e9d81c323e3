using L2c.Kernels;

namespace L2c.Model.Caching.Forecasts;

/// <summary>From which of a branch's outputs it may be forecast where a schedule does not compute it, and where they are kept until then.</summary>
internal sealed class ForecastSources
{
    private readonly int[]?[,] _sources;

    /// <summary>Takes the latest outputs of each branch.</summary>
    /// <param name="schedule">Roles and computed branches, without segments; what it reuses, forecasts or drops is forecast here.</param>
    /// <param name="terms">K, 1 to <see cref="ResidualTerm.MaxPerBranch"/>: how many of them.</param>
    /// <exception cref="ArgumentException">
    /// K is out of range, segments are replaced, nothing is left to forecast, or nothing has been computed where it would be.
    /// </exception>
    public ForecastSources(CacheSchedule schedule, int terms)
    {
        if (terms is < 1 or > ResidualTerm.MaxPerBranch)
        {
            throw new ArgumentException($"a forecast of {terms} terms; give 1 to {ResidualTerm.MaxPerBranch}");
        }

        if (!schedule.Replaced.IsEmpty)
        {
            throw new ArgumentException("the schedule replaces segments, but forecasts are per branch; give a schedule without segments");
        }

        if (schedule.ComputesAll)
        {
            throw new ArgumentException("the schedule computes every branch, so there is nothing to forecast; give one that reuses some");
        }

        Reuse = WithTerms(schedule, null);
        _sources = new int[]?[schedule.Evaluations, schedule.Branches];
        for (int b = 0; b < schedule.Branches; b++)
        {
            int[] latest = [];
            for (int e = 0; e < schedule.Evaluations; e++)
            {
                if (schedule.Computes(e, b))
                {
                    latest = [e, .. latest.Take(terms - 1)];
                }
                else
                {
                    _sources[e, b] = latest;
                }
            }
        }

        Unfitted = With((e, b) => Of(e, b) is { } sources ? [.. sources.Select(source => new CacheTerm(source))] : null);
        Slots = CacheSlots.Plan(Unfitted);
    }

    /// <summary>The schedule that reuses the latest outputs as they are.</summary>
    public CacheSchedule Reuse { get; }

    /// <summary>The schedule that adds the outputs up: what is kept, and until when, does not depend on weights.</summary>
    public CacheSchedule Unfitted { get; }

    /// <summary>Where outputs are kept.</summary>
    public CacheSlots Slots { get; }

    /// <summary>Evaluations that computed the branch before, the latest first; null where it is computed.</summary>
    public int[]? Of(int evaluation, int branch) => _sources[evaluation, branch];

    /// <summary>The schedule with other contributions of the branches that are not computed.</summary>
    public CacheSchedule With(Func<int, int, IReadOnlyList<CacheTerm>?> forecast) => WithTerms(Reuse, forecast);

    /// <summary>A schedule's roles and computed branches with other contributions of those that are not computed.</summary>
    /// <param name="schedule">Roles and computed branches, without segments.</param>
    /// <param name="forecast">By evaluation and branch; null for the latest output.</param>
    /// <exception cref="ArgumentException">As the constructor of <see cref="CacheSchedule"/>.</exception>
    public static CacheSchedule WithTerms(CacheSchedule schedule, Func<int, int, IReadOnlyList<CacheTerm>?>? forecast) => new(
        [.. Enumerable.Range(0, schedule.Evaluations).Select(schedule.Role)],
        [
            .. Enumerable.Range(0, schedule.Evaluations).Select(
                e => (IReadOnlyList<bool>)[.. Enumerable.Range(0, schedule.Branches).Select(b => schedule.Computes(e, b))]),
        ],
        forecast: forecast);
}
