namespace L2c.Model.Caching.Forecasts;

/// <summary>The weights of a branch's earlier outputs that forecast what it computes best: regularised least squares with weights of sum 1.</summary>
/// <remarks>
/// With F_1 the latest of K outputs, D_k = F_k - F_1 and r = y - F_1:
/// <code>
/// a = argmin |r - sum_k a_k D_k|² + ridge tr(G)/(K-1) |a|²        G = D Dᵀ, k = 2 .. K
///   = (G + ridge tr(G)/(K-1) I)⁻¹ D r
/// w_k = a_k,  w_1 = 1 - sum_k a_k
/// </code>
/// A ridge decides where outputs depend on each other linearly, and a large one leads to plain reuse, w = (1, 0, ..). Cholesky in binary64; weights are
/// rounded to binary32, which a run reads.
/// </remarks>
internal static class LinearForecast
{
    /// <summary>Solves.</summary>
    /// <param name="moments">Of the branch's output and its sources.</param>
    /// <param name="ridge">Above 0.</param>
    /// <returns>One weight per source, the latest first.</returns>
    public static float[] Weights(ForecastMoments moments, double ridge)
    {
        int n = moments.Sources.Length - 1;
        double trace = Enumerable.Range(0, n).Sum(i => moments.Gram(i, i));
        double[] a = trace > 0 ? Solve(moments, ridge * trace / n) : new double[n]; // alike sources say nothing beyond the latest
        return [(float)(1 - a.Sum()), .. a.Select(weight => (float)weight)];
    }

    /// <summary>|y - sum_k w_k F_k|² for any weights of the sources whose sum is 1.</summary>
    public static double SquaredError(ForecastMoments moments, ReadOnlySpan<float> weights)
    {
        double error = moments.Left;
        for (int i = 0; i < weights.Length - 1; i++)
        {
            error -= 2.0 * weights[i + 1] * moments.Cross(i);
            for (int j = 0; j < weights.Length - 1; j++)
            {
                error += (double)weights[i + 1] * weights[j + 1] * moments.Gram(i, j);
            }
        }

        return Math.Max(error, 0); // below 0 by rounding alone
    }

    private static double[] Solve(ForecastMoments moments, double added)
    {
        int n = moments.Sources.Length - 1;
        double[,] factor = new double[n, n];
        double[] a = new double[n];
        for (int i = 0; i < n; i++)
        {
            a[i] = moments.Cross(i);
            for (int j = 0; j <= i; j++)
            {
                double sum = moments.Gram(i, j) + (i == j ? added : 0);
                for (int k = 0; k < j; k++)
                {
                    sum -= factor[i, k] * factor[j, k];
                }

                factor[i, j] = i == j ? Math.Sqrt(sum) : sum / factor[j, j];
                a[i] -= j < i ? factor[i, j] * a[j] : 0;
            }

            a[i] /= factor[i, i];
        }

        for (int i = n - 1; i >= 0; i--)
        {
            for (int k = i + 1; k < n; k++)
            {
                a[i] -= factor[k, i] * a[k];
            }

            a[i] /= factor[i, i];
        }

        return a;
    }
}
