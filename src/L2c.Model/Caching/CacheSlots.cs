using System.Collections.Immutable;

namespace L2c.Model.Caching;

/// <summary>
/// Which outputs of branches and deltas of segments are kept, and where: a slot lives from the evaluation that produces it to its last reader.
/// </summary>
public sealed class CacheSlots
{
    private readonly int _branches;
    private readonly int[][] _slots;

    private CacheSlots(int branches, int[][] slots, int count) => (_branches, _slots, Count) = (branches, slots, count);

    /// <summary>Slots needed: the largest number of outputs and deltas alive at one time.</summary>
    public int Count { get; }

    /// <summary>Outputs of branches that are kept in the whole run.</summary>
    public int KeptOutputs => _slots.Sum(row => row[.._branches].Count(slot => slot >= 0));

    /// <summary>Deltas of segments that are kept in the whole run.</summary>
    public int KeptDeltas => _slots.Sum(row => row[_branches..].Count(slot => slot >= 0));

    /// <summary>Keeps only what a later evaluation reads.</summary>
    /// <remarks>
    /// In execution order, a slot is free again once its last reader has taken it. A branch computed later in the same evaluation may take it over:
    /// its norm comes first and adds everything that was pending, so the reader is done before the writer writes. The slot of a delta first holds the
    /// stream before the segment, which a norm writes while it adds what is pending: so it is taken before anything in its evaluation frees one.
    /// </remarks>
    public static CacheSlots Plan(CacheSchedule schedule)
    {
        var units = new Units(schedule);
        int[][] slots = units.Table(), lastReaders = units.LastReaders();
        var free = new PriorityQueue<int, int>();
        int count = 0;
        for (int e = 0; e < schedule.Evaluations; e++)
        {
            for (int unit = schedule.Branches; unit < units.Count; unit++)
            {
                Keep(e, unit);
            }

            ImmutableArray<SegmentReplacement> replaced = schedule.ReplacedIn(e);
            int next = 0;
            for (int b = 0; b < schedule.Branches; b++)
            {
                Keep(e, b);
                Release(e, b, schedule.Terms(e, b));
                if (next < replaced.Length && replaced[next].Segment.First == b)
                {
                    Release(e, units.Of(replaced[next].Segment), replaced[next].Terms);
                    next++;
                }
            }
        }

        return new CacheSlots(schedule.Branches, slots, count);

        void Keep(int e, int unit)
        {
            if (lastReaders[e][unit] > e)
            {
                slots[e][unit] = free.TryDequeue(out int slot, out _) ? slot : count++;
            }
        }

        void Release(int e, int unit, ImmutableArray<CacheTerm> terms)
        {
            foreach (CacheTerm term in terms)
            {
                if (term.Evaluation < e && lastReaders[term.Evaluation][unit] == e)
                {
                    free.Enqueue(slots[term.Evaluation][unit], slots[term.Evaluation][unit]);
                }
            }
        }
    }

    /// <summary>Keeps every output of every branch, and every delta of the segments that are replaced anywhere, in slots of its own, as code without
    /// a plan must: in turn as many as it ever reads back.</summary>
    public static CacheSlots KeepEverything(CacheSchedule schedule)
    {
        var units = new Units(schedule);
        int[][] slots = units.Table();
        int count = 0;
        for (int unit = 0; unit < units.Count; unit++)
        {
            // Number of each evaluation's output among those of the unit, the latest one's where it has none.
            int[] numbers = new int[schedule.Evaluations];
            int computed = -1, depth = 1;
            for (int e = 0; e < schedule.Evaluations; e++)
            {
                numbers[e] = computed += units.Computes(e, unit) ? 1 : 0;
                foreach (CacheTerm term in units.Terms(e, unit))
                {
                    depth = Math.Max(depth, computed - numbers[term.Evaluation] + 1);
                }
            }

            for (int e = 0; e < schedule.Evaluations; e++)
            {
                slots[e][unit] = units.Computes(e, unit) ? count + (numbers[e] % depth) : -1;
            }

            count += depth;
        }

        return new CacheSlots(schedule.Branches, slots, count);
    }

    /// <summary>Slot that a computed output goes to, -1 if nothing reads it later.</summary>
    public int SlotOf(int evaluation, int branch) => _slots[evaluation][branch];

    /// <summary>Slot that the delta of a segment goes to, -1 if nothing reads it later.</summary>
    /// <param name="evaluation">The evaluation that computes the segment.</param>
    /// <param name="segment">Number of the segment among <see cref="CacheSchedule.Segments"/>.</param>
    public int SlotOfSegment(int evaluation, int segment) => _slots[evaluation][_branches + segment];

    /// <summary>What may be kept: the branches of a schedule, then its segments.</summary>
    private sealed class Units(CacheSchedule schedule)
    {
        private readonly Dictionary<CacheSegment, int> _numbers =
            schedule.Segments.Select((segment, i) => KeyValuePair.Create(segment, schedule.Branches + i)).ToDictionary();

        private readonly Dictionary<(int, CacheSegment), ImmutableArray<CacheTerm>> _terms =
            schedule.Replaced.ToDictionary(r => (r.Evaluation, r.Segment), r => r.Terms);

        public int Count => schedule.Branches + schedule.Segments.Length;

        public int Of(CacheSegment segment) => _numbers[segment];

        public bool Computes(int evaluation, int unit) => unit < schedule.Branches
            ? schedule.Computes(evaluation, unit)
            : schedule.Computes(evaluation, schedule.Segments[unit - schedule.Branches]);

        public ImmutableArray<CacheTerm> Terms(int evaluation, int unit) => unit < schedule.Branches
            ? schedule.Terms(evaluation, unit)
            : _terms.GetValueOrDefault((evaluation, schedule.Segments[unit - schedule.Branches]), []);

        public int[][] Table() => [.. Enumerable.Range(0, schedule.Evaluations).Select(_ => Enumerable.Repeat(-1, Count).ToArray())];

        /// <summary>By evaluation and unit, the last evaluation that reads what it keeps.</summary>
        public int[][] LastReaders()
        {
            int[][] last = Table();
            for (int e = 0; e < schedule.Evaluations; e++)
            {
                for (int unit = 0; unit < Count; unit++)
                {
                    foreach (CacheTerm term in Terms(e, unit))
                    {
                        last[term.Evaluation][unit] = e;
                    }
                }
            }

            return last;
        }
    }
}
