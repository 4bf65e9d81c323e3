namespace L2c.Testing;

/// <summary>Gradients by differences of a function in double precision whose inputs are fp32.</summary>
/// <remarks>Inputs lie on a grid of 2^-10 and steps are 2^-8, so every point is an fp32 value exactly; four points leave an error of the order
/// h^4.</remarks>
public static class FiniteDifferences
{
    private const float Step = 1 / 256f;

    /// <summary>The nearest multiples of 2^-10: inputs that can be stepped from exactly, up to some thousands.</summary>
    public static float[] OnGrid(float[] values) => Array.ConvertAll(values, v => MathF.Round(v * 1024) / 1024);

    /// <summary>df/dx[i] = (8 (f(x + h) - f(x - h)) - (f(x + 2h) - f(x - 2h))) / 12h</summary>
    /// <param name="f">The function; it must not keep or change its argument.</param>
    /// <param name="x">Where, on the grid.</param>
    public static double[] Gradient(Func<float[], double> f, float[] x)
    {
        Assert.Equal(OnGrid(x), x);
        return [.. Enumerable.Range(0, x.Length).Select(i => (8 * (At(i, 1) - At(i, -1)) - (At(i, 2) - At(i, -2))) / (12 * Step))];

        double At(int i, int steps)
        {
            float[] moved = [.. x];
            moved[i] += steps * Step;
            return f(moved);
        }
    }

    /// <summary>d(sum_i weights[i] forward(x)[i]) / dx</summary>
    /// <param name="forward">The function; it must not keep or change its argument.</param>
    /// <param name="x">Where, on the grid.</param>
    /// <param name="weights">The gradient that comes from above, as many values as the function gives.</param>
    public static double[] Gradient(Func<float[], double[]> forward, float[] x, float[] weights) =>
        Gradient(moved => forward(moved).Zip(weights, (y, weight) => y * weight).Sum(), x);

    /// <summary>Fails unless each element is within <paramref name="bound"/> of the largest.</summary>
    public static void AssertEqual(double[] expected, double[] actual, double bound = 1e-7)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Max(Math.Abs);
        Assert.True(largest > 0, "the gradient is zero everywhere");
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(expected[i] - actual[i]);
            Assert.True(error <= bound * largest, $"element {i}: {actual[i]:R} is not {expected[i]:R} (largest {largest:R})");
        }
    }
}
