using System.Globalization;

namespace L2c;

/// <summary>The rules that a sweep matches to a learned schedule's compute: for each the parameters that there are to choose from.</summary>
/// <remarks>
/// <c>steps</c>: every smaller number of steps. <c>interval</c>: N from 2 on. <c>random</c> and <c>drop</c> (what random would reuse contributes
/// nothing): probabilities in thousandths, seed 0, whose schedules are nested. <c>top</c>, <c>bottom</c>: any number of blocks. <c>deepcache</c>: any
/// number of blocks around the middle, the shallow and the last ones computed.
/// </remarks>
public static class RuleFamily
{
    /// <summary>Fewer steps instead of caching.</summary>
    public const string Steps = "steps";

    /// <summary>All names, in the order of a sweep's rows.</summary>
    public static IReadOnlyList<string> Names { get; } = [Steps, "interval", "random", "top", "bottom", "deepcache", "drop"];

    /// <summary>Whole rules of a family other than <see cref="Steps"/>, from little reuse to much.</summary>
    /// <param name="family">One of <see cref="Names"/>.</param>
    /// <param name="steps">Evaluations of the run.</param>
    /// <param name="blocks">Blocks of the network.</param>
    public static IEnumerable<string> Candidates(string family, int steps, int blocks) => family switch
    {
        "interval" => Range(2, steps).Select(every => $"interval:{every}"),
        "random" => Range(1, 1000).Select(thousandths => $"random:{Decimal(thousandths)}:0"),
        "drop" => Range(1, 1000).Select(thousandths => $"drop:random:{Decimal(thousandths)}:0"),
        "top" or "bottom" => Range(1, blocks).Select(count => $"{family}:{count}"),
        "deepcache" => Range(1, blocks).Select(count => $"deepcache:{(blocks - count) / 2}-{((blocks - count) / 2) + count - 1}"),
        _ => throw new ArgumentException($"no such family of rules: {family}"),
    };

    private static IEnumerable<int> Range(int first, int last) => Enumerable.Range(first, Math.Max(last - first + 1, 0));

    private static string Decimal(int thousandths) => (thousandths / 1000.0).ToString("0.###", CultureInfo.InvariantCulture);
}
