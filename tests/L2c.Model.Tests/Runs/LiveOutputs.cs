using L2c.Model.Caching;

namespace L2c.Model.Tests.Runs;

/// <summary>The kept outputs and deltas of a schedule by brute force: every pair of a producing evaluation and a later reader is looked at.</summary>
internal static class LiveOutputs
{
    /// <summary>What is kept and the times, evaluation x branches + branch, from its production to its last reader.</summary>
    /// <param name="Evaluation">The producing one.</param>
    /// <param name="Unit">A branch or, counted on from the branches, a segment. A segment's memory holds the stream before it first, and is taken
    /// from the start of its evaluation on.</param>
    /// <param name="From">Production.</param>
    /// <param name="To">Last reader; of a segment it reads at its first branch.</param>
    public readonly record struct Interval(int Evaluation, int Unit, int From, int To);

    /// <summary>All outputs and deltas that a later evaluation reads.</summary>
    public static List<Interval> Of(CacheSchedule schedule)
    {
        List<Interval> intervals = [];
        for (int branch = 0; branch < schedule.Branches; branch++)
        {
            int b = branch;
            Add(b, b, b, e => schedule.Computes(e, b), e => schedule.Terms(e, b));
        }

        for (int i = 0; i < schedule.Segments.Length; i++)
        {
            CacheSegment segment = schedule.Segments[i];
            Add(
                schedule.Branches + i,
                0,
                segment.First,
                e => Enumerable.Range(segment.First, segment.Last - segment.First + 1).All(b => schedule.Computes(e, b)),
                e => schedule.Replaced.Where(r => r.Evaluation == e && r.Segment == segment).SelectMany(r => r.Terms));
        }

        return intervals;

        void Add(int unit, int from, int to, Func<int, bool> produces, Func<int, IEnumerable<CacheTerm>> terms)
        {
            foreach (int producer in Enumerable.Range(0, schedule.Evaluations).Where(produces))
            {
                int reader = Enumerable.Range(producer, schedule.Evaluations - producer).Last(
                    e => e == producer || terms(e).Any(term => term.Evaluation == producer));
                if (reader > producer)
                {
                    intervals.Add(new Interval(producer, unit, (producer * schedule.Branches) + from, (reader * schedule.Branches) + to));
                }
            }
        }
    }

    /// <summary>The most outputs and deltas alive at one time.</summary>
    public static int Peak(CacheSchedule schedule)
    {
        List<Interval> intervals = Of(schedule);
        return Enumerable.Range(0, schedule.Evaluations * schedule.Branches).Max(time => intervals.Count(i => i.From <= time && time <= i.To));
    }
}
