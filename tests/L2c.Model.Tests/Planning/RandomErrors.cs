using L2c.Model.Caching;
using L2c.Model.Planning;

namespace L2c.Model.Tests.Planning;

/// <summary>A tiny network that is nothing but outputs and weights, with its errors worked out from the outputs themselves.</summary>
internal sealed class RandomErrors
{
    private const int Length = 5;

    private readonly float[,][] _outputs;
    private readonly double[,] _weights;
    private readonly Dictionary<(int First, int Last, int Count), double[]> _factors = [];

    public RandomErrors(int seed, int evaluations, int branches)
    {
        Random random = new(seed);
        (_outputs, _weights) = (new float[evaluations, branches][], new double[evaluations, branches]);
        OutputGram gram = new(evaluations, branches);
        for (int e = 0; e < evaluations; e++)
        {
            for (int b = 0; b < branches; b++)
            {
                // A drift with noise, so that forecasts are sometimes better and sometimes worse than reuse.
                _outputs[e, b] = [.. Enumerable.Range(0, Length).Select(i => (float)((0.3 * e * (i + b - 2)) + random.NextDouble()))];
                _weights[e, b] = random.NextDouble();
                gram.Add(e, b, _outputs[e, b]);
            }
        }

        foreach (IReadOnlyList<int> set in BranchGrouping.All(branches).SelectMany(g => g.Groups).SelectMany(g => g.SkipSets))
        {
            _factors[DecisionErrors.Key(set)] = [.. Enumerable.Range(0, evaluations).Select(_ => 0.5 + random.NextDouble())];
        }

        Errors = new DecisionErrors(gram, _weights, _factors);
    }

    public DecisionErrors Errors { get; }

    /// <summary>Error of a set, from the outputs.</summary>
    public double Of(int evaluation, IReadOnlyList<int> set, Func<int, IReadOnlyList<CacheTerm>> terms) =>
        _factors[DecisionErrors.Key(set)][evaluation] * set.Sum(b => _weights[evaluation, b] * Enumerable.Range(0, Length).Sum(i =>
        {
            double difference = _outputs[evaluation, b][i] - terms(b).Sum(term => (double)term.Weight * _outputs[term.Evaluation, b][i]);
            return difference * difference;
        }));
}
