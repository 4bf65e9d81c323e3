using System.Globalization;
using L2c.Model.Calibration;
using L2c.Weights;

namespace L2c.Model.Caching;

/// <summary>Schedules from a few words, to compare a learned router with.</summary>
/// <remarks>
/// <list type="table">
/// <item><term>none</term><description>everything is computed</description></item>
/// <item><term>all</term><description>cache evaluations reuse every branch</description></item>
/// <item><term>interval:N</term><description>every N-th evaluation computes everything, the others reuse everything</description></item>
/// <item><term>fora:N</term><description>as interval, but counted back from the last evaluation, which computes everything (FORA, Selvaraju et al.
/// 2024)</description></item>
/// <item><term>taylor:N:O</term><description>the first evaluation and every N-th from the second on compute everything, the others forecast everything
/// by a polynomial of order O (<see cref="TaylorSeer"/>)</description></item>
/// <item><term>taylor-lite:N:O</term><description>the same evaluations, with all blocks as one segment (<see
/// cref="TaylorSeerLite"/>)</description></item>
/// <item><term>delta-dit:N:K:B</term><description>every N-th evaluation computes everything; the others replace K blocks by what these added then:
/// the first B evaluations the last K, later ones the first K (<see cref="DeltaDit"/>)</description></item>
/// <item><term>random:P:SEED</term><description>in cache evaluations each branch is reused with probability P</description></item>
/// <item><term>top:K, bottom:K</term><description>cache evaluations reuse the branches of the last or first K blocks</description></item>
/// <item><term>deepcache:A-B</term><description>cache evaluations reuse the branches of blocks A to B, both counted</description></item>
/// <item><term>drop:RULE</term><description>as RULE, but a skipped branch contributes nothing</description></item>
/// <item><term>both:RULE</term><description>as RULE, but where both branches of a block are reused from the same evaluations, one delta is kept
/// instead of two outputs (<see cref="JoinedBranches"/>)</description></item>
/// </list>
/// </remarks>
public static class ScheduleRule
{
    private static readonly string[] _forms =
    [
        "none", "all", "interval:N", "fora:N", "taylor:N:ORDER", "taylor-lite:N:ORDER", "delta-dit:N:BLOCKS:BOUND", "random:P:SEED", "top:K",
        "bottom:K", "deepcache:A-B", "drop:RULE", "both:RULE",
    ];

    /// <summary>For messages and help.</summary>
    public static string Forms { get; } = $"{string.Join(", ", _forms[..^1])} or {_forms[^1]}";

    /// <summary>What rules begin with: their names, with a colon where more follows.</summary>
    public static IReadOnlyList<string> Beginnings { get; } =
        [.. _forms.Select(form => form.Contains(':', StringComparison.Ordinal) ? $"{form.Split(':')[0]}:" : form)];

    private const string DropPrefix = "drop:", BothPrefix = "both:";

    /// <summary>A rule as it is spelt, whatever the case of its letters.</summary>
    public static string Canonical(string rule) => rule.ToLowerInvariant();

    /// <summary>Builds the schedule of a rule.</summary>
    /// <param name="rule">One of the forms above.</param>
    /// <param name="roles">Roles of the evaluations in the published method; rules with an interval set their own.</param>
    /// <param name="branches">Branches of the network.</param>
    /// <exception cref="ArgumentException">No such rule, or a number out of range.</exception>
    public static CacheSchedule Parse(string rule, IReadOnlyList<EvaluationRole> roles, int branches)
    {
        string spelt = Canonical(rule);
        if (spelt.StartsWith(BothPrefix, StringComparison.Ordinal))
        {
            string joined = rule[BothPrefix.Length..];
            return Canonical(joined).StartsWith(BothPrefix, StringComparison.Ordinal)
                ? throw new ArgumentException($"cache rule \"{rule}\": branches are joined once; write {joined}")
                : JoinedBranches.Of(Parse(joined, roles, branches));
        }

        bool drop = spelt.StartsWith(DropPrefix, StringComparison.Ordinal);
        string[] words = (drop ? spelt[DropPrefix.Length..] : spelt).Split(':');
        int blocks = branches / 2;
        return (words[0], words.Length) switch
        {
            ("none", 1) => Reuse((_, _) => false),
            ("all", 1) => Reuse((_, _) => true),
            ("interval", 2) => Every(Number(words[1], 1, int.MaxValue), (e, every) => e % every == 0),
            ("fora", 2) => Every(Number(words[1], 1, int.MaxValue), (e, every) => e == 0 || (roles.Count - 1 - e) % every == 0),
            ("taylor", 3) => Taylor(Number(words[1], 1, int.MaxValue), Number(words[2], 0, TaylorSeer.MaxOrder)),
            ("taylor-lite", 3) => Replace(
                TaylorSeerLite.Replaced(roles.Count, branches, Number(words[1], 1, int.MaxValue), Number(words[2], 0, TaylorSeer.MaxOrder))),
            ("delta-dit", 4) => Replace(DeltaDit.Replaced(
                roles.Count, blocks, Number(words[1], 1, int.MaxValue), Number(words[2], 1, blocks), Number(words[3], 0, int.MaxValue))),
            ("random", 3) => Random(words[1], words[2]),
            ("top", 2) => Blocks(blocks - Number(words[1], 0, blocks), blocks - 1),
            ("bottom", 2) => Blocks(0, Number(words[1], 0, blocks) - 1),
            ("deepcache", 2) => Range(words[1].Split('-')),
            var (name, _) when Array.Find(_forms, form => form.Split(':')[0] == name) is { } form => throw Fault($"write {form}"),
            var (name, _) when CalibrationMethod.All.Any(method => method.Name == name) =>
                throw Fault($"l2c calibrate --method {name} makes schedules of this method; give a file that it has written"),
            var (name, _) => throw Fault($"no such rule; write {Forms}{KnownWords.DidYouMean(name, _forms.Select(form => form.Split(':')[0]))}"),
        };

        CacheSchedule Reuse(Func<int, int, bool> reuses) => Build(roles, reuses);

        CacheSchedule Build(
            IReadOnlyList<EvaluationRole> rolesUsed, Func<int, int, bool> reuses, Func<int, int, IReadOnlyList<CacheTerm>?>? forecast = null) =>
            CacheSchedule.Reusing(rolesUsed, branches, reuses, drop, drop ? null : forecast);

        CacheSchedule Every(int every, Func<int, int, bool> refreshes, Func<int, int, IReadOnlyList<CacheTerm>?>? forecast = null) => Build(
            [.. roles.Select((_, e) => refreshes(e, every) ? EvaluationRole.Refresh : EvaluationRole.Cache)], (_, _) => true, forecast);

        CacheSchedule Taylor(int every, int order)
        {
            CacheTerm[]?[] terms = TaylorSeer.Terms(roles.Count, every, order);
            return Every(every, TaylorSeer.Refreshes, (e, _) => terms[e]);
        }

        CacheSchedule Replace(SegmentReplacement[] replaced)
        {
            var schedule = CacheSchedule.Replacing(roles.Count, branches, replaced);
            return drop
                ? Build([.. Enumerable.Range(0, roles.Count).Select(schedule.Role)], (e, b) => !schedule.Computes(e, b))
                : schedule;
        }

        CacheSchedule Blocks(int first, int last) => Reuse((_, b) => b / 2 >= first && b / 2 <= last);

        CacheSchedule Range(string[] ends)
        {
            if (ends.Length != 2)
            {
                throw Fault("write deepcache:A-B with the first and last block");
            }

            int first = Number(ends[0], 0, blocks - 1);
            return Blocks(first, Number(ends[1], first, blocks - 1));
        }

        CacheSchedule Random(string probability, string seed)
        {
            if (!double.TryParse(probability, NumberStyles.Float, CultureInfo.InvariantCulture, out double p) || !(p >= 0 && p <= 1))
            {
                throw Fault($"{probability} is not a probability between 0 and 1");
            }

            if (!ulong.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture, out ulong key))
            {
                throw Fault($"{seed} is not a seed; write a whole number");
            }

            return Reuse((e, b) => Uniform(key, (ulong)((e * branches) + b)) < p);
        }

        int Number(string text, int low, int high) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= low && value <= high
                ? value
                : throw Fault($"{text} is not a whole number {(high == int.MaxValue ? $"of at least {low}" : $"between {low} and {high}")}");

        ArgumentException Fault(string problem) => new($"cache rule \"{rule}\": {problem}");
    }

    /// <summary>A number in [0, 1) from a seed and a counter (SplitMix64's mixing): the same everywhere, unlike System.Random's contract.</summary>
    private static double Uniform(ulong seed, ulong counter)
    {
        ulong z = unchecked(seed + (0x9E3779B97F4A7C15UL * (counter + 1)));
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return (double)((z ^ (z >> 31)) >> 11) / (1UL << 53);
    }
}
