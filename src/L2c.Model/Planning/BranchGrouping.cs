namespace L2c.Model.Planning;

/// <summary>Branches that a search decides together: all are computed in the same evaluations, which later ones may read.</summary>
/// <param name="Branches">Ascending.</param>
/// <param name="SkipSets">Which of them may be left out in an evaluation in between: what it computes then is used there alone.</param>
public sealed record BranchGroup(IReadOnlyList<int> Branches, IReadOnlyList<IReadOnlyList<int>> SkipSets);

/// <summary>How a search divides the decisions of a run.</summary>
/// <param name="Name">As results call it.</param>
/// <param name="Groups">Every branch of the network in one of them.</param>
/// <remarks>
/// Branch by branch there is most to choose, and errors count as if each came alone. But a branch that is computed takes in what went wrong before
/// it, one that is not does not; and errors of branches that are forecast from the same evaluations partly cancel. So the other ways decide for the
/// whole network, with errors that were measured of sets of its branches: evaluations that compute everything, and in between a set that is left out,
/// any of a few or always everything.
/// </remarks>
public sealed record BranchGrouping(string Name, IReadOnlyList<BranchGroup> Groups)
{
    private const int Parts = 4;

    /// <summary>The ways that a planner tries.</summary>
    /// <param name="branches">Branches of the network: two per block.</param>
    public static IReadOnlyList<BranchGrouping> All(int branches)
    {
        int[] all = [.. Enumerable.Range(0, branches)];
        return
        [
            new BranchGrouping("branch by branch", [.. all.Select(branch => new BranchGroup([branch], [[branch]]))]),
            new BranchGrouping("set by set", [new BranchGroup(all, SkipSets(branches))]),
            new BranchGrouping("whole evaluations", [new BranchGroup(all, [all])]),
        ];
    }

    /// <summary>Whole parts of the depth from any to any, four parts in all; all attentions, all MLPs. The whole network is the last.</summary>
    private static List<int[]> SkipSets(int branches)
    {
        int blocks = branches / 2, parts = Math.Min(Parts, blocks);
        List<int[]> sets = [.. Enumerable.Range(0, 2).Select(kind => Enumerable.Range(0, blocks).Select(block => (2 * block) + kind).ToArray())];
        for (int length = 1; length <= parts; length++)
        {
            for (int first = 0; first + length <= parts; first++)
            {
                int from = 2 * (first * blocks / parts), to = 2 * ((first + length) * blocks / parts);
                sets.Add([.. Enumerable.Range(from, to - from)]);
            }
        }

        return sets;
    }
}
