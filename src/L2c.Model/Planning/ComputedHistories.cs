namespace L2c.Model.Planning;

/// <summary>
/// The states of a search along a run: which evaluations computed a branch last, the latest first, as many as predictors read. The first evaluation
/// computes everything, so there is always one.
/// </summary>
internal sealed class ComputedHistories
{
    // Above this the tables of a search take too long and too much memory; histories are then shorter.
    private const int MaxTransitions = 250_000;

    private readonly List<int[]> _all = [];
    private readonly List<int[]> _next = [];

    /// <summary>Lists them.</summary>
    /// <param name="evaluations">T.</param>
    /// <param name="depth">How many evaluations a history has at most: 1 to 3.</param>
    public ComputedHistories(int evaluations, int depth)
    {
        (Evaluations, Depth) = (evaluations, depth);
        HashSet<(int Latest, int Second, int Third)> known = [];
        Dictionary<(int Latest, int Second, int Third), int> numbers = [];

        // By the latest evaluation, so that a history comes after all that lead to it.
        List<int[]>[] byLatest = [.. Enumerable.Range(0, evaluations).Select(_ => new List<int[]>())];
        byLatest[0].Add([0]);
        for (int latest = 0; latest < evaluations; latest++)
        {
            foreach (int[] history in byLatest[latest])
            {
                numbers.Add(Key(history), _all.Count);
                _all.Add(history);
                for (int e = latest + 1; e < evaluations; e++)
                {
                    int[] next = After(history, e);
                    if (known.Add(Key(next)))
                    {
                        byLatest[e].Add(next);
                    }
                }
            }
        }

        _next.AddRange(_all.Select(history =>
            Enumerable.Range(history[0] + 1, evaluations - 1 - history[0]).Select(e => numbers[Key(After(history, e))]).ToArray()));
    }

    /// <summary>T.</summary>
    public int Evaluations { get; }

    /// <summary>Evaluations of a history at most.</summary>
    public int Depth { get; }

    /// <summary>How many histories there are; number 0 is that of the first evaluation alone.</summary>
    public int Count => _all.Count;

    /// <summary>The evaluations of a history, the latest first.</summary>
    public ReadOnlySpan<int> this[int history] => _all[history];

    /// <summary>The history after one more evaluation computed the branch.</summary>
    /// <param name="history">Before it.</param>
    /// <param name="evaluation">After its latest.</param>
    public int Next(int history, int evaluation) => _next[history][evaluation - _all[history][0] - 1];

    /// <summary>The greatest depth that a search of so many evaluations can afford, of those up to <paramref name="wanted"/>; at least 1.</summary>
    public static int AffordableDepth(int evaluations, int wanted)
    {
        int depth = wanted;
        while (depth > 1 && Choose(evaluations, depth + 1) > MaxTransitions)
        {
            depth--;
        }

        return depth;
    }

    private static double Choose(int n, int k) => Enumerable.Range(0, k).Aggregate(1.0, (product, i) => product * (n - i) / (i + 1));

    private int[] After(int[] history, int evaluation) => [.. history.Prepend(evaluation).Take(Depth)];

    private static (int Latest, int Second, int Third) Key(ReadOnlySpan<int> history) =>
        (history[0], history.Length > 1 ? history[1] : -1, history.Length > 2 ? history[2] : -1);
}
