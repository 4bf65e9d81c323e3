using L2c.Emulation.Instructions;

namespace L2c.Emulation.Decoding;

/// <summary>Finds where the sides of each branch meet again: its immediate post-dominator.</summary>
internal static class ControlFlow
{
    /// <summary>Sets <see cref="Jump.Join"/>; the end of the code stands for the end of all threads.</summary>
    public static void SetJoins(Op[] ops)
    {
        int[] starts = Starts(ops);
        int exit = starts.Length;
        List<int>[] successors = new List<int>[exit];
        List<int>[] predecessors = [.. Enumerable.Range(0, exit + 1).Select(_ => new List<int>())];
        for (int block = 0; block < exit; block++)
        {
            successors[block] = [.. Successors(ops, starts, block)];
            successors[block].ForEach(next => predecessors[next].Add(block));
        }

        int[] joins = ImmediatePostDominators(successors, predecessors, exit);
        for (int block = 0; block < exit; block++)
        {
            int last = (block + 1 < exit ? starts[block + 1] : ops.Length) - 1;
            if (ops[last] is Jump jump)
            {
                jump.Join = joins[block] >= 0 && joins[block] < exit ? starts[joins[block]] : ops.Length;
            }
        }
    }

    private static int[] Starts(Op[] ops)
    {
        SortedSet<int> starts = [0];
        for (int i = 0; i < ops.Length; i++)
        {
            if (ops[i] is Jump jump)
            {
                starts.UnionWith(jump.Targets);
                if (i + 1 < ops.Length)
                {
                    starts.Add(i + 1);
                }
            }
        }

        return [.. starts];
    }

    private static IEnumerable<int> Successors(Op[] ops, int[] starts, int block)
    {
        int next = block + 1;
        int end = next < starts.Length ? starts[next] : ops.Length;
        if (ops[end - 1] is not Jump jump)
        {
            return [next];
        }

        IEnumerable<int> targets = jump.Targets.Select(target => Array.BinarySearch(starts, target));
        return [.. targets, .. jump.FallsThrough ? [next] : Array.Empty<int>(), .. jump is Exit ? [starts.Length] : Array.Empty<int>()];
    }

    // Cooper, Harvey and Kennedy 2001, on the reversed graph: walk up from both sides until they meet.
    private static int[] ImmediatePostDominators(List<int>[] successors, List<int>[] predecessors, int exit)
    {
        int[] order = ReversePostOrder(predecessors, exit);
        int[] position = new int[exit + 1];
        Array.Fill(position, -1);
        for (int i = 0; i < order.Length; i++)
        {
            position[order[i]] = i;
        }

        int[] dominator = new int[exit + 1];
        Array.Fill(dominator, -1);
        dominator[exit] = exit;
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (int block in order.Skip(1))
            {
                int meeting = -1;
                foreach (int next in successors[block].Where(next => dominator[next] >= 0))
                {
                    meeting = meeting < 0 ? next : Meet(meeting, next);
                }

                changed |= dominator[block] != meeting;
                dominator[block] = meeting;
            }
        }

        return dominator;

        int Meet(int a, int b)
        {
            while (a != b)
            {
                if (position[a] > position[b])
                {
                    a = dominator[a];
                }
                else
                {
                    b = dominator[b];
                }
            }

            return a;
        }
    }

    // From the exit, along edges backwards. What cannot reach the exit is not in it.
    private static int[] ReversePostOrder(List<int>[] predecessors, int exit)
    {
        List<int> order = [];
        bool[] seen = new bool[predecessors.Length];
        Stack<(int Block, int Next)> open = new([(exit, 0)]);
        seen[exit] = true;
        while (open.TryPop(out (int Block, int Next) top))
        {
            if (top.Next == predecessors[top.Block].Count)
            {
                order.Add(top.Block);
                continue;
            }

            open.Push((top.Block, top.Next + 1));
            int before = predecessors[top.Block][top.Next];
            if (!seen[before])
            {
                seen[before] = true;
                open.Push((before, 0));
            }
        }

        order.Reverse();
        return [.. order];
    }
}
