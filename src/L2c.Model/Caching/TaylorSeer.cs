namespace L2c.Model.Caching;

/// <summary>
/// Schedules that forecast what they do not compute by a Taylor polynomial in the respaced index, its derivatives taken as finite differences of
/// refreshes (Liu et al. 2025, arXiv 2503.06923), written out as weights of the kept outputs.
/// </summary>
/// <remarks>
/// Respaced indices i = T-1 .. 0. The two first evaluations refresh, then every N-th. At a refresh at i, the one before it at j:
/// <code>
/// F0 = f,  F(q+1) = (Fq - Pq) / (i - j)         Pq: the factors after the refresh at j; as many as there are, up to order O
/// forecast at i, the last refresh at j: sum_q Fq (i - j)^q / q!
/// </code>
/// The gap is the latest one for every order, also where Pq was made with another. Source: the published TaylorSeer-DiT.
/// </remarks>
internal static class TaylorSeer
{
    /// <summary>The highest order whose terms fit one branch.</summary>
    public const int MaxOrder = Kernels.ResidualTerm.MaxPerBranch - 1;

    /// <summary>Whether an evaluation computes everything.</summary>
    /// <param name="evaluation">Which one.</param>
    /// <param name="interval">N.</param>
    public static bool Refreshes(int evaluation, int interval) => evaluation == 0 || (evaluation - 1) % interval == 0;

    /// <summary>What the evaluations that do not refresh contribute, alike for all branches; null for those that do.</summary>
    /// <param name="evaluations">T.</param>
    /// <param name="interval">N, at least 1.</param>
    /// <param name="order">O, 0 to <see cref="MaxOrder"/>.</param>
    public static CacheTerm[]?[] Terms(int evaluations, int interval, int order)
    {
        var terms = new CacheTerm[]?[evaluations];
        double[][] factors = []; // each as weights of the outputs of all evaluations
        int last = 0;
        for (int e = 0; e < evaluations; e++)
        {
            double distance = last - e; // of the indices, which fall
            if (!Refreshes(e, interval))
            {
                terms[e] = Weigh(factors, distance);
                continue;
            }

            double[][] before = factors;
            factors = new double[Math.Min(order, before.Length) + 1][];
            factors[0] = new double[evaluations];
            factors[0][e] = 1;
            for (int q = 1; q < factors.Length; q++)
            {
                factors[q] = [.. factors[q - 1].Zip(before[q - 1], (now, then) => (now - then) / distance)];
            }

            last = e;
        }

        return terms;
    }

    private static CacheTerm[] Weigh(double[][] factors, double distance)
    {
        double[] weights = new double[factors[0].Length];
        double power = 1;
        for (int q = 0; q < factors.Length; power *= distance / ++q)
        {
            for (int source = 0; source < weights.Length; source++)
            {
                weights[source] += power * factors[q][source];
            }
        }

        // The latest first: it has the largest part.
        return [.. Enumerable.Range(0, weights.Length).Reverse().Where(e => weights[e] != 0).Select(e => new CacheTerm(e, (float)weights[e]))];
    }
}
