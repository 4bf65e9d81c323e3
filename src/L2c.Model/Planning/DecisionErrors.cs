using L2c.Model.Caching;

namespace L2c.Model.Planning;

/// <summary>What it does to the final samples that one branch is not computed in one evaluation, whatever stands in for it.</summary>
/// <remarks>
/// <code>
/// E(e, b, terms) = h_e^2 |dx0(e, b)|^2 |F_e - sum of terms|^2 / |F_e - F_(e-1)|^2 / |x|^2
/// dx0(e, b)      the change of the predicted x0 where branch b of evaluation e alone takes its output of e - 1
/// h_e            |dx| / |dx0| of a run in which every branch of evaluation e does so and all later ones are computed
/// x, F           final samples and outputs of uncached runs
/// </code>
/// Two assumptions make it cheap: an evaluation's error reaches the samples through what it predicts, enlarged alike whichever branch erred; and the
/// direction of a branch's error matters less than its length. Errors of several decisions add up as squares, which a third assumption: that they do
/// not depend on each other. A planner therefore measures what it has chosen.
/// </remarks>
public sealed class DecisionErrors
{
    private readonly OutputGram _gram;
    private readonly double[,] _sensitivity;

    internal DecisionErrors(OutputGram gram, double[,] sensitivity) => (_gram, _sensitivity) = (gram, sensitivity);

    /// <summary>Evaluations of the runs.</summary>
    public int Evaluations => _sensitivity.GetLength(0);

    /// <summary>Branches of the network.</summary>
    public int Branches => _sensitivity.GetLength(1);

    /// <summary>E of one decision: squared distance over the samples' squared norm.</summary>
    /// <param name="evaluation">Not the first.</param>
    /// <param name="branch">Which is not computed there.</param>
    /// <param name="terms">What it contributes instead.</param>
    public double Of(int evaluation, int branch, ReadOnlySpan<CacheTerm> terms) =>
        _sensitivity[evaluation, branch] * _gram.SquaredError(evaluation, branch, terms);

    /// <summary>The sum of E over all branches that a schedule does not compute.</summary>
    public double Of(CacheSchedule schedule)
    {
        double sum = 0;
        for (int e = 0; e < schedule.Evaluations; e++)
        {
            for (int b = 0; b < schedule.Branches; b++)
            {
                sum += schedule.Computes(e, b) ? 0 : Of(e, b, schedule.Terms(e, b).AsSpan());
            }
        }

        return sum;
    }
}
