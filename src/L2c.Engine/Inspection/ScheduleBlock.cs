using L2c.Model.Accounting;
using L2c.Model.Caching;

namespace L2c;

/// <summary>What a schedule does with one block over a whole run.</summary>
/// <param name="Block">Its number.</param>
/// <param name="AttentionReused">Cache evaluations that do not compute its attention.</param>
/// <param name="MlpReused">Cache evaluations that do not compute its MLP.</param>
/// <param name="MacsSaved">MACs that this saves, for one image and one half of guidance, attention products and, inside replaced segments, the join
/// with a long skip before the block included; null without a network.</param>
public sealed record ScheduleBlock(int Block, int AttentionReused, int MlpReused, long? MacsSaved)
{
    /// <summary>Counts every block of a schedule.</summary>
    public static IReadOnlyList<ScheduleBlock> Of(InspectedSchedule inspected)
    {
        CacheSchedule schedule = inspected.Schedule;
        NetworkCost? cost = inspected.Network is { } network ? NetworkCost.Of(network) : null;
        return [.. Enumerable.Range(0, schedule.Branches / 2).Select(Count)];

        ScheduleBlock Count(int block)
        {
            int attention = Skipped(2 * block), mlp = Skipped((2 * block) + 1);
            long? saved = cost is null ? null : (attention * cost.Attention) + (mlp * cost.Mlp) + (Joins(block) * cost.JoinBefore(block));
            return new ScheduleBlock(block, attention, mlp, saved);
        }

        int Joins(int block) => schedule.Replaced.Count(r => r.Segment.ContainsStart(block));

        int Skipped(int branch) => Enumerable.Range(0, schedule.Evaluations).Count(e => !schedule.Computes(e, branch));
    }
}
