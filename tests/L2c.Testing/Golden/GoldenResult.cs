namespace L2c.Testing.Golden;

/// <summary>One tensor (or one step of it) compared with its recording.</summary>
/// <param name="Tensor">Name, with the step where there are steps.</param>
/// <param name="Error">Largest absolute difference; the number of differing elements where equality is asked for.</param>
/// <param name="Bound">What the error may be.</param>
/// <param name="RootMeanSquare">Of the differences; 0 where equality is asked for.</param>
public readonly record struct GoldenComparison(string Tensor, double Error, double Bound, double RootMeanSquare)
{
    /// <summary>Within the bound. NaN is not.</summary>
    public bool Passed => Error <= Bound;

    /// <summary>Error over bound; infinite where equality was asked for and is not there.</summary>
    public double Ratio => double.IsNaN(Error) ? double.PositiveInfinity : Error == 0 ? 0 : Error / Bound;
}

/// <summary>Comparisons of one file.</summary>
public sealed class GoldenResult(GoldenCase golden)
{
    private readonly List<GoldenComparison> _comparisons = [];

    /// <summary>The file.</summary>
    public GoldenCase Golden { get; } = golden;

    /// <summary>Everything compared so far.</summary>
    public IReadOnlyList<GoldenComparison> Comparisons => _comparisons;

    /// <summary>The comparison nearest to or farthest beyond its bound.</summary>
    public GoldenComparison Worst => _comparisons.MaxBy(c => c.Ratio);

    /// <summary>Whether something was compared and all of it is within bounds.</summary>
    public bool Passed => _comparisons.Count > 0 && _comparisons.TrueForAll(c => c.Passed);

    /// <summary>
    /// The same comparisons by root mean square, under a bound that another engine measured: some times its largest in that tensor over all steps, and at
    /// least the recorded bound. What is compared for equality stays so.
    /// </summary>
    /// <remarks>
    /// Not by the worst element: guidance and steps amplify whichever element halves hit first, so that two equally good engines differ by more than a
    /// factor of two there now and then. Over all elements they do not.
    /// </remarks>
    /// <param name="measure">The same case by a naive engine of the same precision.</param>
    /// <param name="factor">How many times its error is allowed.</param>
    public GoldenResult BoundedBy(GoldenResult measure, double factor)
    {
        Dictionary<string, double> worst = measure.Comparisons.GroupBy(Tensor).ToDictionary(g => g.Key, g => g.Max(c => c.RootMeanSquare));
        var result = new GoldenResult(Golden);
        result._comparisons.AddRange(_comparisons.Select(c => c.Bound == 0
            ? c
            : c with { Error = c.RootMeanSquare, Bound = Math.Max(c.Bound, factor * worst[Tensor(c)]) }));
        return result;

        static string Tensor(GoldenComparison comparison) => comparison.Tensor.Split('[')[0];
    }

    /// <summary>One line: what failed, the first few.</summary>
    public string Describe()
    {
        IEnumerable<string> failures = _comparisons.Where(c => !c.Passed).Take(8).Select(c => $"{c.Tensor}: error {c.Error:0.00e+00}, bound {c.Bound:0.00e+00}");
        return $"{Golden.File}: {_comparisons.Count} comparisons; {string.Join("; ", failures)}";
    }

    /// <summary>Compares with the manifest's rule: the larger of bound * max|expected| and 3 * the recorded rounding noise.</summary>
    /// <param name="tensor">Name in the manifest's bounds.</param>
    /// <param name="actual">What the engine computed.</param>
    /// <param name="expected">The recording, same length.</param>
    /// <param name="step">Step whose noise counts; -1 where the tensor has no steps.</param>
    public void Compare(string tensor, ReadOnlySpan<float> actual, ReadOnlySpan<double> expected, int step = -1)
    {
        double[] widened = new double[actual.Length];
        for (int i = 0; i < actual.Length; i++)
        {
            widened[i] = actual[i];
        }

        Compare(tensor, widened, expected, step);
    }

    /// <inheritdoc cref="Compare(string, ReadOnlySpan{float}, ReadOnlySpan{double}, int)"/>
    public void Compare(string tensor, ReadOnlySpan<double> actual, ReadOnlySpan<double> expected, int step = -1)
    {
        if (actual.Length != expected.Length)
        {
            throw new ArgumentException($"{Golden.File}: {tensor} has {actual.Length} values, {expected.Length} are recorded");
        }

        double error = 0, largest = 0, squares = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(expected[i]));
            double difference = actual[i] - expected[i];
            error = Math.Max(error, Math.Abs(difference)); // Math.Max hands NaN on
            squares += difference * difference;
        }

        double bound = Math.Max(Golden.RelativeBound(tensor) * largest, 3 * Golden.Noise(tensor, Math.Max(step, 0)));
        _comparisons.Add(new GoldenComparison(step < 0 ? tensor : $"{tensor}[{step}]", error, bound, Math.Sqrt(squares / expected.Length)));
    }

    /// <summary>Compares for equality; the error is the number of elements that differ.</summary>
    public void CompareExactly<T>(string tensor, ReadOnlySpan<T> actual, ReadOnlySpan<T> expected)
        where T : IEquatable<T>
    {
        int differing = Math.Abs(actual.Length - expected.Length);
        for (int i = 0; i < Math.Min(actual.Length, expected.Length); i++)
        {
            differing += actual[i].Equals(expected[i]) ? 0 : 1;
        }

        _comparisons.Add(new GoldenComparison(tensor, differing, 0, 0));
    }
}
