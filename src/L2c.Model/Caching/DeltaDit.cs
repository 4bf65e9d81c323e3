namespace L2c.Model.Caching;

/// <summary>
/// Schedules that reuse the delta of some blocks, the back ones early in a sampling and the front ones late (Delta-DiT, Chen et al. 2024, arXiv
/// 2406.01125), since front blocks make outlines and back blocks details.
/// </summary>
/// <remarks>
/// With x the stream, F the K blocks and r the last evaluation that computed everything:
/// <code>
/// delta(r) = F(x(r)) - x(r)                      kept with the gates of r, unlike the output of a branch
/// x(e) + delta(r) in place of F(x(e))            e mod interval > 0: F the last K blocks where e &lt; bound, otherwise the first K
/// </code>
/// The paper names interval, number of cached blocks and bound; it published no code. Evaluations are counted from 0 in sampling order, and every
/// interval-th computes everything, the first of all.
/// </remarks>
internal static class DeltaDit
{
    /// <summary>What is replaced.</summary>
    /// <param name="evaluations">T.</param>
    /// <param name="blocks">Of the network.</param>
    /// <param name="interval">At least 1.</param>
    /// <param name="cached">K, 1 to <paramref name="blocks"/>.</param>
    /// <param name="bound">The first evaluation whose front blocks are replaced.</param>
    public static SegmentReplacement[] Replaced(int evaluations, int blocks, int interval, int cached, int bound)
    {
        CacheSegment front = CacheSegment.OfBlocks(0, cached - 1), back = CacheSegment.OfBlocks(blocks - cached, blocks - 1);
        return
        [
            .. Enumerable.Range(0, evaluations).Where(e => e % interval > 0)
                .Select(e => SegmentReplacement.Reuse(e, e < bound ? back : front, e - (e % interval))),
        ];
    }
}
