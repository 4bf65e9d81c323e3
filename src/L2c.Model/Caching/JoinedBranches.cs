namespace L2c.Model.Caching;

/// <summary>
/// Where both branches of a block are the same weighted sum over the same evaluations, one kept delta instead of two kept outputs.
/// </summary>
/// <remarks>
/// In a U-ViT, whose branches have no gates, the delta is the sum of both outputs, so that only rounding changes; in a DiT it holds the gates of the
/// evaluation that kept it, which is another method. Kept memory and reads are halved; the evaluation that keeps takes one more pass over the stream
/// for each such block. An output that some evaluation reads without the other branch's stays as it is, so that nothing is kept twice.
/// </remarks>
public static class JoinedBranches
{
    /// <summary>A schedule with such blocks joined.</summary>
    public static CacheSchedule Of(CacheSchedule schedule)
    {
        SegmentReplacement[] joined =
        [
            .. from block in Enumerable.Range(0, schedule.Branches / 2)
               from evaluation in Joinable(schedule, block)
               select new SegmentReplacement(evaluation, CacheSegment.OfBlocks(block, block), schedule.Terms(evaluation, 2 * block)),
        ];
        int[] evaluations = [.. Enumerable.Range(0, schedule.Evaluations)], branches = [.. Enumerable.Range(0, schedule.Branches)];
        return new CacheSchedule(
            [.. evaluations.Select(schedule.Role)],
            [.. evaluations.Select(e => branches.Select(b => schedule.Computes(e, b)).ToArray())],
            schedule.DropsSkipped,
            (e, b) => schedule.Terms(e, b),
            [.. schedule.Replaced, .. joined]);
    }

    /// <summary>Evaluations that read the outputs of a block in pairs only, from others whose outputs are read in pairs only.</summary>
    private static HashSet<int> Joinable(CacheSchedule schedule, int block)
    {
        (int attention, int mlp) = (2 * block, (2 * block) + 1);
        int[] readers = [.. Enumerable.Range(0, schedule.Evaluations).Where(e => Sources(e).Any())];
        HashSet<int> pairs =
        [
            .. readers.Where(e => !schedule.Computes(e, attention) && !schedule.Computes(e, mlp)
                && schedule.Terms(e, attention).SequenceEqual(schedule.Terms(e, mlp))),
        ];
        int before;
        do
        {
            before = pairs.Count;
            HashSet<int> single = [.. readers.Where(e => !pairs.Contains(e)).SelectMany(Sources)];
            pairs.RemoveWhere(e => Sources(e).Any(single.Contains));
        }
        while (pairs.Count < before);
        return pairs;

        IEnumerable<int> Sources(int e) =>
            schedule.Terms(e, attention).Concat(schedule.Terms(e, mlp)).Select(term => term.Evaluation).Where(source => source < e);
    }
}
