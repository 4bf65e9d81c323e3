namespace L2c.Model.Calibration;

/// <summary>Polynomials through points in double precision.</summary>
internal static class PolynomialFit
{
    /// <summary>The polynomial with the least sum of squared distances from points.</summary>
    /// <param name="x">Where.</param>
    /// <param name="y">What.</param>
    /// <param name="terms">Degree plus one, at most the number of points; 0 for the polynomial 0.</param>
    /// <returns>Coefficients, the highest power first.</returns>
    /// <remarks>
    /// Householder's triangularisation of the powers of x over its largest magnitude, so that columns are of one size. Where the points do not
    /// determine all terms (places that coincide), those that they leave open are 0.
    /// </remarks>
    public static double[] LeastSquares(double[] x, double[] y, int terms)
    {
        double scale = x.Length == 0 ? 0 : x.Max(Math.Abs);
        scale = scale == 0 ? 1 : scale;
        double[,] a = new double[x.Length, terms]; // the lowest power first
        double[] b = [.. y];
        for (int i = 0; i < x.Length; i++)
        {
            for (int j = 0; j < terms; j++)
            {
                a[i, j] = Math.Pow(x[i] / scale, j);
            }
        }

        for (int j = 0; j < terms; j++)
        {
            Reflect(a, b, j);
        }

        double[] solution = new double[terms];
        for (int j = terms - 1; j >= 0; j--)
        {
            double rest = b[j];
            for (int k = j + 1; k < terms; k++)
            {
                rest -= a[j, k] * solution[k];
            }

            // Columns are of norm sqrt(points) at most.
            solution[j] = Math.Abs(a[j, j]) > 1e-12 * Math.Sqrt(x.Length) ? rest / a[j, j] : 0;
        }

        return [.. solution.Select((value, j) => value / Math.Pow(scale, j)).Reverse()];
    }

    /// <summary>Turns what lies under the diagonal of a column to zero.</summary>
    private static void Reflect(double[,] a, double[] b, int column)
    {
        int rows = a.GetLength(0);
        double norm = 0;
        for (int i = column; i < rows; i++)
        {
            norm += a[i, column] * a[i, column];
        }

        norm = Math.Sqrt(norm);
        if (norm == 0)
        {
            return;
        }

        double head = a[column, column] + Math.CopySign(norm, a[column, column]);
        double[] v = new double[rows - column];
        v[0] = 1;
        for (int i = 1; i < v.Length; i++)
        {
            v[i] = a[column + i, column] / head;
        }

        double factor = 2 / v.Sum(value => value * value);
        for (int j = column; j < a.GetLength(1); j++)
        {
            double dot = 0;
            for (int i = 0; i < v.Length; i++)
            {
                dot += v[i] * a[column + i, j];
            }

            for (int i = 0; i < v.Length; i++)
            {
                a[column + i, j] -= factor * dot * v[i];
            }
        }

        double dotB = v.Select((value, i) => value * b[column + i]).Sum();
        for (int i = 0; i < v.Length; i++)
        {
            b[column + i] -= factor * dotB * v[i];
        }
    }
}
