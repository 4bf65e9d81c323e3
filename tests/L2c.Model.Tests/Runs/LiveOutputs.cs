using L2c.Model.Caching;

namespace L2c.Model.Tests.Runs;

/// <summary>The kept outputs of a schedule by brute force: every pair of a producing evaluation and a later reader is looked at.</summary>
internal static class LiveOutputs
{
    /// <summary>An output and the times, evaluation x branches + branch, from its production to its last reader.</summary>
    public readonly record struct Interval(int Evaluation, int Branch, int From, int To);

    /// <summary>All outputs that a later evaluation reads.</summary>
    public static List<Interval> Of(CacheSchedule schedule)
    {
        List<Interval> intervals = [];
        for (int branch = 0; branch < schedule.Branches; branch++)
        {
            foreach (int producer in Enumerable.Range(0, schedule.Evaluations).Where(e => schedule.Computes(e, branch)))
            {
                int reader = Enumerable.Range(producer, schedule.Evaluations - producer).Last(
                    e => e == producer || schedule.Terms(e, branch).Any(term => term.Evaluation == producer));
                if (reader > producer)
                {
                    intervals.Add(new Interval(producer, branch, (producer * schedule.Branches) + branch, (reader * schedule.Branches) + branch));
                }
            }
        }

        return intervals;
    }

    /// <summary>The most outputs alive at one time.</summary>
    public static int Peak(CacheSchedule schedule)
    {
        List<Interval> intervals = Of(schedule);
        return Enumerable.Range(0, schedule.Evaluations * schedule.Branches).Max(time => intervals.Count(i => i.From <= time && time <= i.To));
    }
}
