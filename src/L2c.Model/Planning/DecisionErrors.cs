using L2c.Model.Caching;

namespace L2c.Model.Planning;

/// <summary>What it does to the final samples that some branches are not computed in one evaluation, whatever stands in for them.</summary>
/// <remarks>
/// <code>
/// E(e, S) = h_e^2 |dx0(e, S)|^2 r(e, S) / |x|^2
/// dx0(e, S)   the change of the predicted x0 where the branches S of evaluation e take their outputs of e - 1
/// h_e         |dx| / |dx0| of a run in which every branch of evaluation e does so and all later evaluations are computed
/// r(e, S)     sum over b of S of w_b |F_e - sum of terms|^2 / sum of w_b |F_e - F_(e-1)|^2,  w_b = |dx0(e, b)|^2 / |F_e - F_(e-1)|^2
/// x, F        final samples and outputs of b in uncached runs
/// </code>
/// Two assumptions make it cheap: an evaluation's error reaches the samples through what it predicts, enlarged alike whichever branches erred; and
/// the direction of an output's error matters less than its length. Errors of several decisions add up as squares, which is a third: that they do not
/// depend on each other. A planner therefore measures what it has found.
/// </remarks>
public sealed class DecisionErrors
{
    private readonly OutputGram _gram;
    private readonly double[,] _weights;
    private readonly Dictionary<(int First, int Last, int Count), double[]> _factors;

    /// <param name="gram">How far outputs are apart.</param>
    /// <param name="weights">By evaluation and branch, what a unit of |F_e - sum of terms|^2 weighs in a set.</param>
    /// <param name="factors">By set, see <see cref="Key"/>, and evaluation: the factor of the set's weighted sum.</param>
    internal DecisionErrors(OutputGram gram, double[,] weights, Dictionary<(int First, int Last, int Count), double[]> factors) =>
        (_gram, _weights, _factors) = (gram, weights, factors);

    /// <summary>Evaluations of the runs.</summary>
    public int Evaluations => _weights.GetLength(0);

    /// <summary>Branches of the network.</summary>
    public int Branches => _weights.GetLength(1);

    /// <summary>A learned forecast, fitted to the runs that errors were measured on: for each evaluation and branch the weights of the latest outputs
    /// that least squares give.</summary>
    /// <param name="terms">K, how many outputs it reads: 2 to <see cref="Kernels.ResidualTerm.MaxPerBranch"/>.</param>
    public Predictor Fitted(int terms)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(terms, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(terms, Kernels.ResidualTerm.MaxPerBranch);
        return new FittedPredictor(_gram, terms);
    }

    /// <summary>E of one decision: squared distance over the samples' squared norm.</summary>
    /// <param name="evaluation">Not the first.</param>
    /// <param name="set">Which branches are not computed there: a set that was measured.</param>
    /// <param name="predictor">What stands in for them.</param>
    /// <param name="computed">The latest evaluations before it that compute them, the latest first; as many as the predictor reads, or more.</param>
    public double Of(int evaluation, IReadOnlyList<int> set, Predictor predictor, ReadOnlySpan<int> computed)
    {
        Span<CacheTerm> terms = stackalloc CacheTerm[predictor.Depth];
        double sum = 0;
        foreach (int branch in set)
        {
            predictor.Write(evaluation, branch, computed[..predictor.Depth], terms);
            sum += _weights[evaluation, branch] * _gram.SquaredError(evaluation, branch, terms);
        }

        return _factors[Key(set)][evaluation] * sum;
    }

    /// <summary>The sum of E over all that a schedule does not compute.</summary>
    /// <param name="schedule">One that a search made.</param>
    /// <param name="grouping">How the search divided its decisions.</param>
    public double Of(CacheSchedule schedule, BranchGrouping grouping)
    {
        double all = 0;
        foreach (BranchGroup group in grouping.Groups)
        {
            for (int e = 1; e < schedule.Evaluations; e++)
            {
                int[] skipped = [.. group.Branches.Where(branch => !schedule.Computes(e, branch))];
                all += skipped.Length == 0 ? 0 : _factors[Key(skipped)][e] * skipped.Sum(
                    branch => _weights[e, branch] * _gram.SquaredError(e, branch, schedule.Terms(e, branch).AsSpan()));
            }
        }

        return all;
    }

    /// <summary>What tells the sets that are measured apart.</summary>
    internal static (int First, int Last, int Count) Key(IReadOnlyList<int> set) => (set[0], set[^1], set.Count);
}
