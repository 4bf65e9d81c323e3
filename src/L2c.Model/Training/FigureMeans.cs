namespace L2c.Model.Training;

/// <summary>Means of a trainer's figures over the steps since they were last taken. Part of the state, so that a log's row does not depend on
/// interruptions.</summary>
/// <param name="names">What is averaged.</param>
public sealed class FigureMeans(IReadOnlyList<string> names)
{
    // The sums, then the number of steps.
    private readonly double[] _sums = new double[names.Count + 1];

    /// <summary>What is averaged.</summary>
    public IReadOnlyList<string> Names { get; } = names;

    /// <summary>Steps since the means were taken.</summary>
    public int Count => (int)_sums[^1];

    /// <summary>Adds the figures of one step.</summary>
    public void Add(ReadOnlySpan<double> figures)
    {
        for (int i = 0; i < figures.Length; i++)
        {
            _sums[i] += figures[i];
        }

        _sums[^1]++;
    }

    /// <summary>Writes the means and starts over.</summary>
    /// <exception cref="InvalidOperationException">Nothing was added.</exception>
    public void Take(Span<float> means)
    {
        Read(means);
        Array.Clear(_sums);
    }

    /// <summary>Writes the means and goes on.</summary>
    /// <exception cref="InvalidOperationException">Nothing was added.</exception>
    public void Read(Span<float> means)
    {
        if (_sums[^1] == 0)
        {
            throw new InvalidOperationException("no step since the means were taken");
        }

        for (int i = 0; i < means.Length; i++)
        {
            means[i] = (float)(_sums[i] / _sums[^1]);
        }
    }

    /// <summary>What a state file holds of this: the sums, then the number of steps. Restored by copying into it.</summary>
    internal double[] State => _sums;
}
