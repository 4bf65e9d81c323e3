namespace L2c.Model.Planning;

/// <summary>What a search decided for a group of branches.</summary>
/// <param name="Computes">By evaluation, whether all of them are computed for later ones to read.</param>
/// <param name="Choices">By evaluation, what is done instead; means nothing where they are computed.</param>
/// <param name="Objective">Error plus price times time.</param>
internal sealed record GroupDecision(bool[] Computes, GroupChoice[] Choices, double Objective);

/// <summary>What an evaluation in between does with a group.</summary>
/// <param name="Skipped">Which branches it does not compute.</param>
/// <param name="Predictor">What stands in for them.</param>
internal sealed record GroupChoice(IReadOnlyList<int> Skipped, Predictor Predictor);

/// <summary>
/// Of branches that are decided alike, the evaluations that compute them and what stands in for them in the others, at the least error plus price
/// times time: a dynamic programme over the evaluations that computed them last, exact under the errors' additivity.
/// </summary>
/// <remarks>
/// A history's cost is the least of all ways to it; from a history whose latest evaluation is i, each later j may compute the group next, and what
/// lies between takes the cheapest choice that the history allows.
/// </remarks>
internal sealed class GroupSearch
{
    private readonly ComputedHistories _histories;
    private readonly BranchGroup _group;
    private readonly GroupChoice[] _choices;
    private readonly float[][] _errors;

    /// <summary>Asks for every error that may be needed.</summary>
    /// <param name="errors">What a decision does to the samples.</param>
    /// <param name="group">Which branches.</param>
    /// <param name="histories">The states.</param>
    /// <param name="predictors">Each no deeper than the histories, one of them of depth 1.</param>
    public GroupSearch(DecisionErrors errors, BranchGroup group, ComputedHistories histories, IReadOnlyList<Predictor> predictors)
    {
        (_histories, _group, _errors) = (histories, group, new float[histories.Count][]);
        _choices = [.. group.SkipSets.SelectMany(set => predictors.Select(predictor => new GroupChoice(set, predictor)))];
        for (int h = 0; h < _errors.Length; h++)
        {
            ReadOnlySpan<int> history = histories[h];
            float[] row = _errors[h] = new float[(histories.Evaluations - 1 - history[0]) * _choices.Length];
            for (int i = 0; i < row.Length; i++)
            {
                (IReadOnlyList<int> skipped, Predictor predictor) = _choices[i % _choices.Length];
                row[i] = predictor.Depth > history.Length
                    ? float.PositiveInfinity
                    : (float)errors.Of(history[0] + 1 + (i / _choices.Length), skipped, predictor, history);
            }
        }
    }

    /// <summary>Searches.</summary>
    /// <param name="price">Squared relative error that a unit of time is worth.</param>
    /// <param name="costs">Times.</param>
    public GroupDecision Solve(double price, BranchCosts costs)
    {
        double compute = price * _group.Branches.Sum(branch => costs.Compute[branch]);
        double[] prices = [.. _choices.Select(choice =>
            compute + (price * choice.Skipped.Sum(branch => (choice.Predictor.Depth * costs.Term) - costs.Compute[branch])))];
        double[] best = [.. Enumerable.Repeat(double.PositiveInfinity, _histories.Count)];
        int[] from = new int[_histories.Count];
        (best[0], from[0]) = (compute, -1);
        (double least, int last) = (double.PositiveInfinity, 0);
        for (int h = 0; h < best.Length; h++)
        {
            double cost = best[h];
            for (int e = _histories[h][0] + 1; e < _histories.Evaluations; e++)
            {
                int next = _histories.Next(h, e);
                if (cost + compute < best[next])
                {
                    (best[next], from[next]) = (cost + compute, h);
                }

                cost += Cheapest(h, e, prices).Cost;
            }

            if (cost < least)
            {
                (least, last) = (cost, h);
            }
        }

        return Read(from, last, prices, least);
    }

    private GroupDecision Read(int[] from, int last, double[] prices, double objective)
    {
        GroupDecision decision = new(new bool[_histories.Evaluations], new GroupChoice[_histories.Evaluations], objective);
        int end = _histories.Evaluations;
        for (int h = last; h >= 0; h = from[h])
        {
            int latest = _histories[h][0];
            decision.Computes[latest] = true;
            for (int e = latest + 1; e < end; e++)
            {
                decision.Choices[e] = _choices[Cheapest(h, e, prices).Choice];
            }

            end = latest;
        }

        return decision;
    }

    private (double Cost, int Choice) Cheapest(int history, int evaluation, double[] prices)
    {
        ReadOnlySpan<float> errors = _errors[history].AsSpan((evaluation - _histories[history][0] - 1) * prices.Length, prices.Length);
        (double least, int which) = (double.PositiveInfinity, 0);
        for (int i = 0; i < errors.Length; i++)
        {
            double cost = errors[i] + prices[i];
            if (cost < least)
            {
                (least, which) = (cost, i);
            }
        }

        return (least, which);
    }
}
