namespace L2c.Testing.Tests;

/// <summary>Gradients by central differences of a forward reference in double precision: what every backward reference is tested against.</summary>
internal static class FiniteDifferences
{
    private const float Step = 1f / 1024;

    /// <summary>d(sum_i weights[i] forward(x)[i]) / dx, element by element.</summary>
    /// <param name="forward">The function of fp32 inputs, computed in double precision.</param>
    /// <param name="x">Where; restored afterwards.</param>
    /// <param name="weights">The gradient that comes from above, as many values as the function gives.</param>
    /// <remarks>The error is of the second order in the step: about 1e-6 of the third derivative. It divides by
    /// the step that fp32 really took.</remarks>
    public static double[] Of(Func<float[], double[]> forward, float[] x, float[] weights)
    {
        var gradient = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            float at = x[i], above = at + Step, below = at - Step;
            gradient[i] = (Value(i, above) - Value(i, below)) / ((double)above - below);
            x[i] = at;
        }

        return gradient;

        double Value(int i, float value)
        {
            x[i] = value;
            return forward(x).Zip(weights, (y, weight) => y * weight).Sum();
        }
    }

    /// <summary>Fails unless all elements agree within <paramref name="tolerance"/>, absolutely.</summary>
    public static void Check(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], tolerance);
        }
    }
}
