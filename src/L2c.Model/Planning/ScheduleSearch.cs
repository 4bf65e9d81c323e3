using L2c.Model.Caching;

namespace L2c.Model.Planning;

/// <summary>What a branch costs, as far as a search can tell: the rest of a run is the same whatever it decides.</summary>
/// <param name="Compute">By branch, computing it in one evaluation.</param>
/// <param name="Term">A term of a branch that is not computed.</param>
public sealed record BranchCosts(IReadOnlyList<double> Compute, double Term);

/// <summary>
/// Schedules of least error for their time. At a price of time each group of branches has its own best decisions, found exactly; the price is what
/// they have in common, and a caller moves it until the schedule takes the time that it may (a Lagrange multiplier).
/// </summary>
/// <remarks>So a schedule is the best of all that take at most its time, as far as errors and costs add up; between two prices lie times that no
/// price gives.</remarks>
public sealed class ScheduleSearch
{
    private readonly GroupSearch[] _groups;
    private readonly BranchGrouping _grouping;
    private readonly BranchCosts _costs;
    private readonly int _evaluations;

    /// <summary>Asks for every error that may be needed.</summary>
    /// <param name="errors">What a decision does to the samples.</param>
    /// <param name="costs">What it costs.</param>
    /// <param name="grouping">How decisions are divided; into sets that errors were measured of.</param>
    /// <param name="predictors">What may stand in for a branch; <see cref="Predictor.Reuse"/> is among them. In long runs those that read many
    /// outputs are left out, as the search would take too long: of three from 52 evaluations on, of two from 116 on.</param>
    /// <exception cref="ArgumentException">No predictor of depth 1.</exception>
    public ScheduleSearch(DecisionErrors errors, BranchCosts costs, BranchGrouping grouping, IReadOnlyList<Predictor> predictors)
    {
        if (!predictors.Any(predictor => predictor.Depth == 1))
        {
            throw new ArgumentException("a branch that was computed once needs a predictor that reads one output; add Predictor.Reuse");
        }

        int depth = ComputedHistories.AffordableDepth(errors.Evaluations, predictors.Max(predictor => predictor.Depth));
        ComputedHistories histories = new(errors.Evaluations, depth);
        Predictor[] affordable = [.. predictors.Where(predictor => predictor.Depth <= depth)];
        (_costs, _grouping, _evaluations) = (costs, grouping, errors.Evaluations);
        _groups = new GroupSearch[grouping.Groups.Count];
        Parallel.For(0, _groups.Length, g => _groups[g] = new GroupSearch(errors, grouping.Groups[g], histories, affordable));
    }

    /// <summary>The schedule of least error plus price times time.</summary>
    /// <param name="price">Squared relative error that a unit of time is worth; at least 0.</param>
    public CacheSchedule Solve(double price)
    {
        var decisions = new GroupDecision[_costs.Compute.Count]; // by branch
        Parallel.For(0, _groups.Length, g =>
        {
            GroupDecision decision = _groups[g].Solve(price, _costs);
            foreach (int branch in _grouping.Groups[g].Branches)
            {
                decisions[branch] = decision;
            }
        });
        bool[][] computes = [.. Enumerable.Range(0, _evaluations).Select(e => decisions.Select((decision, branch) =>
            decision.Computes[e] || !decision.Choices[e].Skipped.Contains(branch)).ToArray())];
        return new CacheSchedule(
            [.. computes.Select(row => row.All(computed => computed) ? EvaluationRole.Refresh : EvaluationRole.Cache)], computes, forecast: Terms);

        CacheTerm[] Terms(int evaluation, int branch)
        {
            GroupDecision decision = decisions[branch];
            Predictor predictor = decision.Choices[evaluation].Predictor;
            int[] computed = [.. Enumerable.Range(0, evaluation).Reverse().Where(e => decision.Computes[e]).Take(predictor.Depth)];
            var terms = new CacheTerm[predictor.Depth];
            predictor.Write(evaluation, branch, computed, terms);
            return terms;
        }
    }
}
