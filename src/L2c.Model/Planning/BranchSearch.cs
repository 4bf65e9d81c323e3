using L2c.Model.Caching;

namespace L2c.Model.Planning;

/// <summary>What a search decided for one branch.</summary>
/// <param name="Computes">By evaluation.</param>
/// <param name="Predictors">By evaluation, the number of the predictor; means nothing where the branch is computed.</param>
/// <param name="Objective">Error plus price times time.</param>
internal sealed record BranchDecision(bool[] Computes, int[] Predictors, double Objective);

/// <summary>
/// Of one branch, the evaluations that compute it and what stands in for it in the others, at the least error plus price times time: a dynamic
/// programme over the evaluations that computed it last, exact under the errors' additivity.
/// </summary>
/// <remarks>
/// A history's cost is the least of all ways to it; from a history whose latest evaluation is i, each later j may compute the branch next, and what lies
/// between takes the cheapest predictor that the history allows.
/// </remarks>
internal sealed class BranchSearch
{
    private readonly ComputedHistories _histories;
    private readonly IReadOnlyList<Predictor> _predictors;
    private readonly float[][] _errors;

    /// <summary>Asks for every error that may be needed.</summary>
    /// <param name="errors">What a decision does to the samples.</param>
    /// <param name="branch">Which branch.</param>
    /// <param name="histories">The states.</param>
    /// <param name="predictors">Each no deeper than the histories, one of them of depth 1.</param>
    public BranchSearch(DecisionErrors errors, int branch, ComputedHistories histories, IReadOnlyList<Predictor> predictors)
    {
        (_histories, _predictors, _errors) = (histories, predictors, new float[histories.Count][]);
        Span<CacheTerm> terms = stackalloc CacheTerm[Kernels.ResidualTerm.MaxPerBranch];
        for (int h = 0; h < _errors.Length; h++)
        {
            ReadOnlySpan<int> history = histories[h];
            float[] row = _errors[h] = new float[(histories.Evaluations - 1 - history[0]) * predictors.Count];
            for (int i = 0; i < row.Length; i++)
            {
                Predictor predictor = predictors[i % predictors.Count];
                if (predictor.Depth > history.Length)
                {
                    row[i] = float.PositiveInfinity;
                    continue;
                }

                int evaluation = history[0] + 1 + (i / predictors.Count);
                Span<CacheTerm> sum = terms[..predictor.Depth];
                predictor.Write(evaluation, branch, history[..predictor.Depth], sum);
                row[i] = (float)errors.Of(evaluation, branch, sum);
            }
        }
    }

    /// <summary>Searches.</summary>
    /// <param name="compute">Price of computing the branch once.</param>
    /// <param name="term">Price of a term of a branch that is not computed.</param>
    public BranchDecision Solve(double compute, double term)
    {
        int evaluations = _histories.Evaluations;
        double[] best = [.. Enumerable.Repeat(double.PositiveInfinity, _histories.Count)];
        int[] from = new int[_histories.Count];
        (best[0], from[0]) = (compute, -1);
        (double least, int last) = (double.PositiveInfinity, 0);
        for (int h = 0; h < best.Length; h++)
        {
            double cost = best[h];
            for (int e = _histories[h][0] + 1; e < evaluations; e++)
            {
                int next = _histories.Next(h, e);
                if (cost + compute < best[next])
                {
                    (best[next], from[next]) = (cost + compute, h);
                }

                cost += Cheapest(h, e, term).Cost;
            }

            if (cost < least)
            {
                (least, last) = (cost, h);
            }
        }

        return Read(from, last, term, least);
    }

    private BranchDecision Read(int[] from, int last, double term, double objective)
    {
        BranchDecision decision = new(new bool[_histories.Evaluations], new int[_histories.Evaluations], objective);
        int end = _histories.Evaluations;
        for (int h = last; h >= 0; h = from[h])
        {
            int latest = _histories[h][0];
            decision.Computes[latest] = true;
            for (int e = latest + 1; e < end; e++)
            {
                decision.Predictors[e] = Cheapest(h, e, term).Predictor;
            }

            end = latest;
        }

        return decision;
    }

    private (double Cost, int Predictor) Cheapest(int history, int evaluation, double term)
    {
        ReadOnlySpan<float> errors = _errors[history].AsSpan((evaluation - _histories[history][0] - 1) * _predictors.Count, _predictors.Count);
        (double least, int which) = (double.PositiveInfinity, 0);
        for (int p = 0; p < errors.Length; p++)
        {
            double cost = errors[p] + (term * _predictors[p].Depth);
            if (cost < least)
            {
                (least, which) = (cost, p);
            }
        }

        return (least, which);
    }
}
