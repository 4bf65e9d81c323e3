namespace L2c.Model.Metrics;

/// <summary>Eigenvalues of a symmetric tridiagonal matrix by the QL method without roots: O(n²), no eigenvectors.</summary>
/// <remarks>
/// Numerics it begins at the end where the elements are smaller: of a graded matrix the small eigenvalues then keep their digits.
/// Source   Parlett 1998, "The Symmetric Eigenvalue Problem", section 8.14: the variant of Pal, Walker and Kahan.
/// </remarks>
internal static class TridiagonalEigenvalues
{
    private const double Unit = 1.0 / (1L << 52);
    private const double SquaredUnit = Unit * Unit;

    // Three are usual.
    private const int StepsPerEigenvalue = 60;

    /// <summary>Finds all.</summary>
    /// <param name="d">The diagonal, [n]; becomes the eigenvalues, in no order.</param>
    /// <param name="z">Squares of the elements beside it: [i] between i and i + 1, the last any; destroyed.</param>
    public static void Find(double[] d, double[] z)
    {
        z[^1] = 0;
        if (Math.Abs(d[0]) > Math.Abs(d[^1]))
        {
            Array.Reverse(d);
            Array.Reverse(z, 0, z.Length - 1);
        }

        for (int first = 0; first < d.Length; first++)
        {
            int steps = 0;
            while (End(d, z, first) is var end && end > first)
            {
                if (steps++ == StepsPerEigenvalue)
                {
                    throw new ArithmeticException("the eigenvalues of a covariance do not converge; report the features");
                }

                Step(d, z, first, end);
            }
        }
    }

    /// <summary>Where the block of a row ends: the elements beside the diagonal after it are negligible.</summary>
    private static int End(double[] d, double[] z, int first)
    {
        int end = first;
        while (end < d.Length - 1 && z[end] > SquaredUnit * Math.Abs(d[end] * d[end + 1]))
        {
            end++;
        }

        return end;
    }

    private static void Step(double[] d, double[] z, int first, int end)
    {
        double root = Math.Sqrt(z[first]), half = (d[first + 1] - d[first]) / (2 * root);
        double shift = d[first] - (root / (half + Math.CopySign(Math.Sqrt((half * half) + 1), half)));
        double c = 1, s = 0, g = d[end] - shift, q = g * g;
        for (int i = end - 1; i >= first; i--)
        {
            double t = q + z[i];
            if (i < end - 1)
            {
                z[i + 1] = s * t;
            }

            double cBefore = c, gBefore = g;
            c = q / t;
            s = z[i] / t;
            g = (c * (d[i] - shift)) - (s * gBefore);
            d[i + 1] = gBefore + (d[i] - g);
            q = c != 0 ? g * g / c : cBefore * z[i];
        }

        z[first] = s * q;
        d[first] = shift + g;
    }
}
