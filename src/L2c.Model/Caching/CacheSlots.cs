namespace L2c.Model.Caching;

/// <summary>Which branch outputs are kept, and where: a slot lives from the evaluation that produces it to its last reader.</summary>
public sealed class CacheSlots
{
    private readonly int[][] _slots;

    private CacheSlots(int[][] slots, int count) => (_slots, Count) = (slots, count);

    /// <summary>Slots needed: the largest number of outputs alive at one time.</summary>
    public int Count { get; }

    /// <summary>Outputs that are kept in the whole run.</summary>
    public int KeptOutputs => _slots.Sum(row => row.Count(slot => slot >= 0));

    /// <summary>Keeps only what a later evaluation reads.</summary>
    /// <remarks>
    /// In execution order, a slot is free again once its last reader has taken it. A branch computed later in the same evaluation may take it over:
    /// its norm comes first and adds everything that was pending, so the reader is done before the writer writes.
    /// </remarks>
    public static CacheSlots Plan(CacheSchedule schedule)
    {
        int[][] slots = Empty(schedule);
        int[] holder = [.. Enumerable.Repeat(-1, schedule.Branches)];
        var free = new PriorityQueue<int, int>();
        int count = 0;
        for (int e = 0; e < schedule.Evaluations; e++)
        {
            for (int b = 0; b < schedule.Branches; b++)
            {
                switch (schedule.Action(e, b))
                {
                    case BranchAction.Compute when IsReadLater(schedule, e, b):
                        holder[b] = slots[e][b] = free.TryDequeue(out int slot, out _) ? slot : count++;
                        break;
                    case BranchAction.Reuse when !IsReadLater(schedule, e, b):
                        free.Enqueue(holder[b], holder[b]);
                        break;
                }
            }
        }

        return new CacheSlots(slots, count);
    }

    /// <summary>Keeps every output of every branch in a slot of its own, as code without a plan must.</summary>
    public static CacheSlots KeepEverything(CacheSchedule schedule)
    {
        int[][] slots = Empty(schedule);
        foreach (int[] row in slots)
        {
            for (int b = 0; b < row.Length; b++)
            {
                row[b] = b;
            }
        }

        return new CacheSlots(slots, schedule.Branches);
    }

    /// <summary>Slot that a computed output goes to, -1 if nothing reads it later.</summary>
    public int SlotOf(int evaluation, int branch) => _slots[evaluation][branch];

    private static int[][] Empty(CacheSchedule schedule) =>
        [.. Enumerable.Range(0, schedule.Evaluations).Select(_ => Enumerable.Repeat(-1, schedule.Branches).ToArray())];

    /// <summary>Whether the output current in an evaluation is reused by a later one before the branch is computed again.</summary>
    private static bool IsReadLater(CacheSchedule schedule, int evaluation, int branch)
    {
        for (int e = evaluation + 1; e < schedule.Evaluations && !schedule.Computes(e, branch); e++)
        {
            if (schedule.Action(e, branch) == BranchAction.Reuse)
            {
                return true;
            }
        }

        return false;
    }
}
