using System.Globalization;
using System.Text.Json;
using L2c.Weights;

namespace L2c.Model.Caching;

/// <summary>
/// SmoothCache's schedule files: per branch type a list with 1 (compute) or 0 (reuse) per step, <c>{"attn": [1, 0, ...], "mlp": [...]}</c>.
/// </summary>
/// <remarks>
/// A list may be for one block, <c>"attn-3"</c>, and then counts before the general one; diffusers' names <c>attn1</c> and <c>ff</c> mean the same;
/// a branch without a list is always computed. Source: Liu et al. 2024, arXiv 2411.10510, and the schedules published with it.
/// </remarks>
public static class SmoothCacheJson
{
    private const int MaxBlocks = 4096;

    private static readonly string[] _names = ["attn", "mlp"];
    private static readonly Dictionary<string, string> _diffusersNames = new() { ["attn1"] = "attn", ["ff"] = "mlp" };

    /// <summary>Reads a schedule.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="text">UTF-8 JSON.</param>
    /// <param name="branches">Branches of the network, which the file does not say.</param>
    /// <exception cref="MalformedFileException">Not such a file.</exception>
    /// <exception cref="ArgumentException">A list for a block that the network does not have, or a reuse before anything was computed.</exception>
    public static CacheSchedule Parse(string path, ReadOnlyMemory<byte> text, int branches)
    {
        Dictionary<string, bool[]> lists = ReadLists(path, text);
        int steps = lists.Values.First().Length;
        Words(path).RequireSize(steps, branches);
        var chosen = new bool[branches][];
        for (int b = 0; b < branches; b++)
        {
            chosen[b] = Candidates(b).Select(lists.GetValueOrDefault).FirstOrDefault(list => list is not null) ?? [.. Enumerable.Repeat(true, steps)];
        }

        HashSet<string> known = [.. Enumerable.Range(0, branches).SelectMany(Candidates)];
        if (lists.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            throw new ArgumentException(
                $"schedule: list \"{FileText.Printable(unknown)}\" belongs to no branch of a network with {branches / 2} blocks; omit it");
        }

        bool[][] computes = [.. Enumerable.Range(0, steps).Select(e => chosen.Select(list => list[e]).ToArray())];
        return new CacheSchedule([.. computes.Select(row => row.All(c => c) ? EvaluationRole.Refresh : EvaluationRole.Cache)], computes);
    }

    /// <summary>Blocks up to the last one that has a list of its own; 0 when every list is for all blocks.</summary>
    /// <param name="path">For messages.</param>
    /// <param name="text">UTF-8 JSON.</param>
    /// <exception cref="MalformedFileException">Not such a file, or a block beyond any network's.</exception>
    public static int NamedBlocks(string path, ReadOnlyMemory<byte> text)
    {
        int last = ReadLists(path, text).Keys.Max(Block);
        return last < MaxBlocks
            ? last + 1
            : throw new MalformedFileException(path, $"has a list for block {last}, which no network has; expected blocks below {MaxBlocks}");

        int Block(string name) =>
            int.TryParse(name.AsSpan(name.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int block) ? block : -1;
    }

    /// <summary>Writes a schedule: two lists where all blocks agree, else one per branch.</summary>
    /// <exception cref="ArgumentException">The schedule drops or forecasts branches or replaces segments, which these files cannot say.</exception>
    public static byte[] ToUtf8(CacheSchedule schedule)
    {
        (BranchAction Action, string Word)[] others =
            [(BranchAction.Forecast, "forecast"), (BranchAction.Segment, "part of a replaced segment"), (BranchAction.Drop, "dropped")];
        if (Array.Find(others, other => schedule.Count(other.Action) > 0).Word is { } what)
        {
            throw new ArgumentException($"the lists cannot say that a branch is {what}; save the schedule in l2c's own format");
        }

        var lists = new Dictionary<string, int[]>();
        for (int type = 0; type < 2; type++)
        {
            int[][] blocks = [.. Enumerable.Range(0, schedule.Branches / 2).Select(block => List((2 * block) + type))];
            if (blocks.All(list => list.SequenceEqual(blocks[0])))
            {
                lists[_names[type]] = blocks[0];
                continue;
            }

            for (int block = 0; block < blocks.Length; block++)
            {
                lists[$"{_names[type]}-{block}"] = blocks[block];
            }
        }

        return JsonSerializer.SerializeToUtf8Bytes(lists);

        int[] List(int branch) => [.. Enumerable.Range(0, schedule.Evaluations).Select(e => schedule.Computes(e, branch) ? 1 : 0)];
    }

    /// <summary>Names under which a branch's list may stand, the most specific first.</summary>
    private static IEnumerable<string> Candidates(int branch) => [$"{_names[branch % 2]}-{branch / 2}", _names[branch % 2]];

    /// <summary>The lists, all of one length, by SmoothCache's own names.</summary>
    private static Dictionary<string, bool[]> ReadLists(string path, ReadOnlyMemory<byte> text)
    {
        JsonWords words = Words(path);
        Dictionary<string, bool[]> lists = [];
        foreach ((string given, JsonElement value) in words.Members(words.Root(text), "the file"))
        {
            string what = $"list \"{FileText.Printable(given)}\"";
            bool[] bits = [.. words.EvaluationList(value, what).Select((bit, e) => words.Whole(bit, $"step {e} of {what}") switch
            {
                0 => false,
                1 => true,
                int other => throw words.Fault($"step {e} of {what} is {other}; write 1 (compute) or 0"),
            })];
            if (!lists.TryAdd(OwnName(given), bits))
            {
                throw words.Fault($"{what} and another of its lists are for the same branches; omit one of them");
            }
        }

        int[] lengths = [.. lists.Values.Select(list => list.Length).Distinct()];
        return lengths switch
        {
            [> 0] => lists,
            [_, _, ..] => throw words.Fault($"it has lists of {string.Join(" and ", lengths)} steps; give all the same number"),
            _ => throw words.Fault("it has no list with steps; expected lists of 0 and 1, one per branch type"),
        };
    }

    private static JsonWords Words(string path) => new(path, "not a SmoothCache schedule: ");

    private static string OwnName(string given)
    {
        string[] words = given.Split('-', 2);
        words[0] = _diffusersNames.GetValueOrDefault(words[0], words[0]);
        return string.Join('-', words);
    }
}
