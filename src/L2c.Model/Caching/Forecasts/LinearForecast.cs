namespace L2c.Model.Caching.Forecasts;

/// <summary>The weights of a branch's earlier outputs that forecast what it computes best: regularised least squares.</summary>
/// <remarks>
/// <code>
/// w = argmin |y - sum_k w_k F_k|² + ridge tr(G)/K |w - e_1|²        G = F Fᵀ, e_1: weight 1 of the latest output, 0 of the others
///   = e_1 + (G + ridge tr(G)/K I)⁻¹ F (y - F_1)
/// </code>
/// A small ridge decides where the outputs depend on each other linearly, a large one leads to plain reuse. Cholesky in binary64; weights are rounded
/// to binary32, which a run reads.
/// </remarks>
internal static class LinearForecast
{
    /// <summary>Solves.</summary>
    /// <param name="moments">Of the branch's output and its sources.</param>
    /// <param name="ridge">Above 0, relative to the mean square norm of the sources.</param>
    /// <returns>One weight per source, the latest first.</returns>
    public static float[] Weights(ForecastMoments moments, double ridge)
    {
        int k = moments.Sources.Length;
        double added = ridge * Enumerable.Range(0, k).Sum(i => moments.Gram(i, i)) / k;
        float[] weights = new float[k];
        weights[0] = 1;
        if (added == 0)
        {
            return weights; // the sources are 0, and so is any sum of them
        }

        double[,] factor = new double[k, k];
        double[] change = new double[k];
        for (int i = 0; i < k; i++)
        {
            double value = moments.Cross(i);
            for (int j = 0; j <= i; j++)
            {
                double sum = moments.Gram(i, j) + (i == j ? added : 0);
                for (int inner = 0; inner < j; inner++)
                {
                    sum -= factor[i, inner] * factor[j, inner];
                }

                factor[i, j] = i == j ? Math.Sqrt(sum) : sum / factor[j, j];
                value -= j < i ? factor[i, j] * change[j] : 0;
            }

            change[i] = value / factor[i, i];
        }

        for (int i = k - 1; i >= 0; i--)
        {
            for (int below = i + 1; below < k; below++)
            {
                change[i] -= factor[below, i] * change[below];
            }

            change[i] /= factor[i, i];
            weights[i] = (float)(weights[i] + change[i]);
        }

        return weights;
    }

    /// <summary>|y - sum_k w_k F_k|² for any weights of the sources.</summary>
    public static double SquaredError(ForecastMoments moments, ReadOnlySpan<float> weights)
    {
        double error = moments.Left;
        for (int i = 0; i < weights.Length; i++)
        {
            double change = weights[i] - (i == 0 ? 1.0 : 0);
            error -= 2 * change * moments.Cross(i);
            for (int j = 0; j < weights.Length; j++)
            {
                error += change * (weights[j] - (j == 0 ? 1.0 : 0)) * moments.Gram(i, j);
            }
        }

        return Math.Max(error, 0); // below 0 by rounding alone
    }
}
