namespace L2c.Model.Caching;

/// <summary>
/// TaylorSeer's forecasts with all blocks as one segment: O + 1 kept tensors in all instead of O + 1 for every branch, and an evaluation that does
/// not refresh costs one addition beside the layers around the blocks.
/// </summary>
/// <remarks>
/// Refreshes and weights are those of <see cref="TaylorSeer"/>; the weights multiply what the blocks together added to the stream. They add up to 1,
/// so that is
/// a forecast of the last block's output, plus the change of the embedded image since then. The output layer is always that of the evaluation.
/// Source: Liu et al. 2025, arXiv 2503.06923, whose Lite form keeps the last block's features alone.
/// </remarks>
internal static class TaylorSeerLite
{
    /// <summary>What is replaced.</summary>
    /// <param name="evaluations">T.</param>
    /// <param name="branches">Of the network.</param>
    /// <param name="interval">N, at least 1.</param>
    /// <param name="order">O, 0 to <see cref="TaylorSeer.MaxOrder"/>.</param>
    public static SegmentReplacement[] Replaced(int evaluations, int branches, int interval, int order) =>
    [
        .. TaylorSeer.Terms(evaluations, interval, order)
            .Select((terms, e) => terms is null ? null : new SegmentReplacement(e, new CacheSegment(0, branches - 1), [.. terms]))
            .OfType<SegmentReplacement>(),
    ];
}
