using L2c.Model.Caching;

namespace L2c.Model.Tests.Sampling;

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
            int[] computed = [.. Enumerable.Range(0, schedule.Evaluations).Where(e => schedule.Computes(e, branch))];
            for (int i = 0; i < computed.Length; i++)
            {
                int next = i + 1 < computed.Length ? computed[i + 1] : schedule.Evaluations;
                if (!schedule.DropsSkipped && next - 1 > computed[i])
                {
                    intervals.Add(
                        new Interval(computed[i], branch, (computed[i] * schedule.Branches) + branch, ((next - 1) * schedule.Branches) + branch));
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
