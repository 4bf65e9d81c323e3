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
        double[] gram = new double[n * n], a = new double[n];
        for (int i = 0; i < n; i++)
        {
            a[i] = moments.Cross(i);
            for (int j = 0; j <= i; j++)
            {
                gram[(i * n) + j] = moments.Gram(i, j);
            }
        }

        Solve(gram, a, ridge);
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

    /// <summary>a = (G + ridge tr(G)/n I)⁻¹ D r.</summary>
    /// <param name="gram">G, [n,n], of which the lower triangle is read; destroyed.</param>
    /// <param name="a">D r, [n]; receives a, which is 0 where G is or a pivot is not above 0.</param>
    /// <param name="ridge">Above 0.</param>
    public static void Solve(Span<double> gram, Span<double> a, double ridge)
    {
        int n = a.Length;
        double trace = 0;
        for (int i = 0; i < n; i++)
        {
            trace += gram[i * (n + 1)];
        }

        if (!(trace > 0))
        {
            a.Clear(); // equal sources say nothing beyond the latest
            return;
        }

        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double sum = gram[(i * n) + j] + (i == j ? ridge * trace / n : 0);
                for (int k = 0; k < j; k++)
                {
                    sum -= gram[(i * n) + k] * gram[(j * n) + k];
                }

                // Where rounding has eaten what a source adds to those before it, an endless pivot makes its weight 0.
                gram[(i * n) + j] = i != j ? sum / gram[j * (n + 1)] : sum > 0 ? Math.Sqrt(sum) : double.PositiveInfinity;
                a[i] -= j < i ? gram[(i * n) + j] * a[j] : 0;
            }

            a[i] /= gram[i * (n + 1)];
        }

        for (int i = n - 1; i >= 0; i--)
        {
            for (int k = i + 1; k < n; k++)
            {
                a[i] -= gram[(k * n) + i] * a[k];
            }

            a[i] /= gram[i * (n + 1)];
        }
    }
}
