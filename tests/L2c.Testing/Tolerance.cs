namespace L2c.Testing;

/// <summary>A bound that is measured, not chosen: the worst error may be some times that of the naive computation in the same precision.</summary>
/// <remarks>
/// Errors are absolute, against double precision, worst element against worst element. The naive error can be zero by luck (one element, exact
/// sums), so two fp32 ulps of the largest exact value are always allowed: what the few roundings of any correct kernel cost.
/// The rule is that of flash-attention's tests.
/// </remarks>
public sealed class Tolerance
{
    private readonly double _factor;

    private Tolerance(double factor) => _factor = factor;

    /// <summary>At most <paramref name="factor"/> times the naive error.</summary>
    public static Tolerance TimesNaive(double factor) => new(factor);

    /// <summary>Fails, naming the worst element, both errors and their ratio, unless <paramref name="actual"/> is within the bound.</summary>
    /// <param name="actual">The kernel's result.</param>
    /// <param name="exact">The double-precision reference.</param>
    /// <param name="naive">The reference computed in the kernel's own precision.</param>
    public void Check(ReadOnlySpan<float> actual, ReadOnlySpan<double> exact, ReadOnlySpan<float> naive)
    {
        string? fault = Judge(actual, exact, naive);
        Assert.True(fault is null, fault);
    }

    /// <summary>Fails unless <paramref name="faulty"/>, a result with a planted fault, is outside the bound: a tolerance that cannot see the fault is no test.</summary>
    /// <param name="faulty">The kernel's result with the fault.</param>
    /// <param name="exact">The double-precision reference, without the fault.</param>
    /// <param name="naive">The reference computed in the kernel's own precision, without the fault.</param>
    public void MustReject(ReadOnlySpan<float> faulty, ReadOnlySpan<double> exact, ReadOnlySpan<float> naive) =>
        Assert.True(Judge(faulty, exact, naive) is not null, "the planted fault is within the tolerance: this test could not see it");

    /// <summary>What is wrong, or null.</summary>
    private string? Judge(ReadOnlySpan<float> actual, ReadOnlySpan<double> exact, ReadOnlySpan<float> naive)
    {
        if (actual.Length != exact.Length || naive.Length != exact.Length)
        {
            return $"{actual.Length} values, {exact.Length} exact, {naive.Length} naive";
        }

        double largest = 0;
        foreach (double value in exact)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        (int at, double error) = Worst(actual, exact);
        (_, double naiveError) = Worst(naive, exact);
        double floor = 2 * Math.ScaleB(1, -23) * largest, bound = _factor * naiveError + floor;
        return error <= bound
            ? null
            : $"element {at}: {actual[at]:R}, exact {exact[at]:R}, error {error:E2}; naive error {naiveError:E2}, ratio {error / naiveError:F2}, bound {bound:E2}";
    }

    private static (int At, double Error) Worst(ReadOnlySpan<float> values, ReadOnlySpan<double> exact)
    {
        int at = 0;
        double worst = 0;
        for (int i = 0; i < exact.Length; i++)
        {
            double error = Math.Abs(values[i] - exact[i]);
            if (!(error <= worst))
            {
                (at, worst) = (i, double.IsNaN(error) ? double.PositiveInfinity : error);
            }
        }

        return (at, worst);
    }
}
