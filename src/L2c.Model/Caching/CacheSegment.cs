using System.Collections.Immutable;

namespace L2c.Model.Caching;

/// <summary>Consecutive branches that an evaluation may replace together.</summary>
/// <param name="First">Their first branch.</param>
/// <param name="Last">Their last one, at least <paramref name="First"/>.</param>
public readonly record struct CacheSegment(int First, int Last)
{
    /// <summary>How many branches it has.</summary>
    public int Length => Last - First + 1;

    /// <summary>All branches of some blocks.</summary>
    /// <param name="first">The first block.</param>
    /// <param name="last">The last one.</param>
    public static CacheSegment OfBlocks(int first, int last) => new(2 * first, (2 * last) + 1);

    /// <summary>Whether a branch belongs to it.</summary>
    public bool Contains(int branch) => branch >= First && branch <= Last;

    /// <summary>Whether the place before a block lies inside, so that the stream there is not computed where the segment is replaced.</summary>
    public bool ContainsStart(int block) => First < 2 * block && 2 * block <= Last;

    /// <summary><c>block 2 attention to block 3 mlp</c>.</summary>
    public override string ToString() => $"{CacheSchedule.BranchName(First)} to {CacheSchedule.BranchName(Last)}";
}

/// <summary>
/// A segment that an evaluation does not compute. In its place the stream gets a weighted sum of what the segment added to it in earlier evaluations:
/// the stream after the segment minus the stream before it, with the gates of then.
/// </summary>
/// <param name="Evaluation">Which evaluation.</param>
/// <param name="Segment">Which branches.</param>
/// <param name="Terms">One or more: of earlier evaluations that compute every branch of the segment.</param>
public sealed record SegmentReplacement(int Evaluation, CacheSegment Segment, ImmutableArray<CacheTerm> Terms)
{
    /// <summary>A segment that is replaced by what an earlier evaluation kept of it, as it is.</summary>
    public static SegmentReplacement Reuse(int evaluation, CacheSegment segment, int source) => new(evaluation, segment, [new CacheTerm(source)]);

    /// <inheritdoc/>
    public bool Equals(SegmentReplacement? other) =>
        other is not null && Evaluation == other.Evaluation && Segment == other.Segment && Terms.SequenceEqual(other.Terms);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Evaluation, Segment, Terms.Length);
}
