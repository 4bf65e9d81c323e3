namespace L2c.Model.Tests.Caching.Forecasts;

/// <summary>The reference of fitted weights: all values in one tall matrix, and Householder's QR in place of normal equations.</summary>
internal static class LeastSquares
{
    /// <summary>w = argmin |y - sum_k w_k F_k|² + ridge tr(FᵀF)/K |w - prior|².</summary>
    /// <param name="sources">F, by source; none gives no weight.</param>
    /// <param name="output">y.</param>
    /// <param name="ridge">See above.</param>
    /// <param name="prior">What the weights are pulled towards.</param>
    public static double[] Weights(double[][] sources, double[] output, double ridge, double[] prior)
    {
        int columns = sources.Length, rows = output.Length + columns;
        double pull = Math.Sqrt(ridge * sources.Sum(source => source.Sum(value => value * value)) / columns);

        // The pull is one more row per weight: its root times (w_k - prior_k).
        double[][] a = [.. sources.Select((source, k) => (double[])[.. source, .. Enumerable.Range(0, columns).Select(row => row == k ? pull : 0)])];
        double[] b = [.. output, .. prior.Select(value => pull * value)];
        for (int k = 0; k < columns; k++)
        {
            double norm = Math.Sqrt(Dot(a[k], a[k], k));
            double[] v = [.. Enumerable.Repeat(0.0, k), .. a[k][k..]];
            v[k] += a[k][k] < 0 ? -norm : norm;
            double square = Dot(v, v, k);
            foreach (double[] column in (double[][])[.. a[k..], b])
            {
                double times = 2 * Dot(v, column, k) / square;
                for (int row = k; row < rows; row++)
                {
                    column[row] -= times * v[row];
                }
            }
        }

        double[] weights = new double[columns];
        for (int k = columns - 1; k >= 0; k--)
        {
            weights[k] = (b[k] - Enumerable.Range(k + 1, columns - k - 1).Sum(later => a[later][k] * weights[later])) / a[k][k];
        }

        return weights;
    }

    private static double Dot(double[] x, double[] y, int from)
    {
        double sum = 0;
        for (int i = from; i < x.Length; i++)
        {
            sum += x[i] * y[i];
        }

        return sum;
    }
}
