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
        int[][] slots = Table(schedule), lastReaders = LastReaders(schedule);
        var free = new PriorityQueue<int, int>();
        int count = 0;
        for (int e = 0; e < schedule.Evaluations; e++)
        {
            for (int b = 0; b < schedule.Branches; b++)
            {
                if (lastReaders[e][b] > e)
                {
                    slots[e][b] = free.TryDequeue(out int slot, out _) ? slot : count++;
                }

                foreach (CacheTerm term in schedule.Terms(e, b))
                {
                    if (term.Evaluation < e && lastReaders[term.Evaluation][b] == e)
                    {
                        free.Enqueue(slots[term.Evaluation][b], slots[term.Evaluation][b]);
                    }
                }
            }
        }

        return new CacheSlots(slots, count);
    }

    /// <summary>Keeps every output of every branch in slots of its own, as code without a plan must: in turn as many as it ever reads back.</summary>
    public static CacheSlots KeepEverything(CacheSchedule schedule)
    {
        int[][] slots = Table(schedule);
        int count = 0;
        for (int b = 0; b < schedule.Branches; b++)
        {
            // Number of each evaluation's output among those of the branch, the latest one's where it has none.
            int[] numbers = new int[schedule.Evaluations];
            int computed = -1, depth = 1;
            for (int e = 0; e < schedule.Evaluations; e++)
            {
                numbers[e] = computed += schedule.Computes(e, b) ? 1 : 0;
                foreach (CacheTerm term in schedule.Terms(e, b))
                {
                    depth = Math.Max(depth, computed - numbers[term.Evaluation] + 1);
                }
            }

            for (int e = 0; e < schedule.Evaluations; e++)
            {
                slots[e][b] = schedule.Computes(e, b) ? count + (numbers[e] % depth) : -1;
            }

            count += depth;
        }

        return new CacheSlots(slots, count);
    }

    /// <summary>Slot that a computed output goes to, -1 if nothing reads it later.</summary>
    public int SlotOf(int evaluation, int branch) => _slots[evaluation][branch];

    private static int[][] Table(CacheSchedule schedule) =>
        [.. Enumerable.Range(0, schedule.Evaluations).Select(_ => Enumerable.Repeat(-1, schedule.Branches).ToArray())];

    /// <summary>By evaluation and branch, the last evaluation that reads the output.</summary>
    private static int[][] LastReaders(CacheSchedule schedule)
    {
        int[][] last = Table(schedule);
        for (int e = 0; e < schedule.Evaluations; e++)
        {
            for (int b = 0; b < schedule.Branches; b++)
            {
                foreach (CacheTerm term in schedule.Terms(e, b))
                {
                    last[term.Evaluation][b] = e;
                }
            }
        }

        return last;
    }
}
