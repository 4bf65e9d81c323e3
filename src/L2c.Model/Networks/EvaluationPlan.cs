using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Runs;

namespace L2c.Model.Networks;

/// <summary>One of the outputs that a branch's contribution to the stream is the weighted sum of.</summary>
/// <param name="Source">[B,T,C]: the output, before its gate, computed in this evaluation or kept from an earlier one.</param>
/// <param name="Weight">What it is multiplied by.</param>
/// <param name="Scalar">[1] F32: a further factor, read at replay; none for 1.</param>
/// <param name="Slope">How the factors change with a number that is learned: of {w fresh, (1 - w) kept} 1 and -1.</param>
public readonly record struct Term(Tensor Source, float Weight = 1, Tensor Scalar = default, float Slope = 0)
{
    /// <summary>The sum of some terms as the stream takes it.</summary>
    internal static ResidualTerm[] Gated(Term[] terms, Tensor gate)
    {
        var gated = new ResidualTerm[terms.Length];
        for (int i = 0; i < gated.Length; i++)
        {
            gated[i] = new ResidualTerm(terms[i].Source, gate, terms[i].Weight, terms[i].Scalar, Joins: i > 0);
        }

        return gated;
    }
}

/// <summary>What one branch does in one evaluation: x += gate * sum of its terms.</summary>
/// <param name="Output">[B,T,C]: where its fresh output goes; none where it is not computed.</param>
/// <param name="Terms">What it contributes; none where it is dropped.</param>
/// <param name="SlopeGradient">[B T] F32: where a backward pass puts each row's share of the gradient of the number that the slopes belong to, for the
/// host to add up; none where nobody asks.</param>
/// <param name="Kept">[B,T,C] <see cref="DType.BF16"/>: where a rounded copy of the fresh output goes for later evaluations; none where none reads
/// it, or <paramref name="Output"/> is kept itself.</param>
public readonly record struct BranchPlan(Tensor Output, Term[] Terms, Tensor SlopeGradient = default, Tensor Kept = default)
{
    /// <summary>Contributes nothing.</summary>
    public static BranchPlan Dropped { get; } = new(default, []);

    /// <summary>Whether it is computed.</summary>
    public bool IsComputed => !Output.IsNone;

    /// <summary>Computed and contributed as it is.</summary>
    public static BranchPlan Computed(Tensor output) => new(output, [new Term(output)]);

    /// <summary>Not computed: contributes what was kept.</summary>
    public static BranchPlan Reused(Tensor kept) => new(default, [new Term(kept)]);

    /// <summary>The contribution as the stream takes it.</summary>
    internal ResidualTerm[] Gated(Tensor gate) => Term.Gated(Terms, gate);
}

/// <summary>What an evaluation does with a segment: keeps the stream after it minus the stream before it, or adds a sum of kept ones in its
/// place.</summary>
/// <param name="Segment">Its branches.</param>
/// <param name="Kept">[B,T,C]: where the delta goes; none where it is not kept. Every branch is computed then.</param>
/// <param name="Terms">What is added in its place, without a gate; empty where it is not replaced. None of its branches is computed then, or
/// contributes anything.</param>
/// <param name="Work">[B,T,C] of the storage type: holds the stream before the segment, then the delta, where <paramref name="Kept"/> receives a
/// rounded copy of it in <see cref="DType.BF16"/>; none where <paramref name="Kept"/> holds them itself.</param>
public readonly record struct SegmentPlan(CacheSegment Segment, Tensor Kept, Term[] Terms, Tensor Work = default)
{
    /// <summary>Computed, and its delta kept.</summary>
    public static SegmentPlan Keeping(CacheSegment segment, Tensor kept) => new(segment, kept, []);

    /// <summary>Not computed: contributes a sum of deltas.</summary>
    public static SegmentPlan Replaced(CacheSegment segment, params Term[] terms) => new(segment, default, terms);

    /// <summary>Whether it is replaced.</summary>
    internal bool IsReplaced => Kept.IsNone;

    /// <summary>Where the delta is computed.</summary>
    internal Tensor Delta => Work.IsNone ? Kept : Work;
}

/// <summary>Everything that a forward pass is told about caching: resolved while a run is planned.</summary>
/// <param name="Evaluation">Which of the memory's evaluations: its times.</param>
/// <param name="Branches">Two per block.</param>
public sealed record EvaluationPlan(int Evaluation, BranchPlan[] Branches)
{
    /// <summary>Segments that are kept or replaced; those that are replaced do not overlap.</summary>
    public SegmentPlan[] Segments { get; init; } = [];

    /// <summary>What is left out and joined.</summary>
    public PlanSwitches Switches { get; init; } = PlanSwitches.All;

    /// <summary>Whether a backward pass follows, so that the forward pass keeps what it reads.</summary>
    public bool HasBackward { get; init; }

    /// <summary>Evaluation that the ops report; those of a backward pass report the next.</summary>
    public int Scope { get; init; } = Evaluation;

    /// <summary>An evaluation that computes everything.</summary>
    /// <param name="memory">Decides where outputs go.</param>
    /// <param name="branches">Branches of the network.</param>
    /// <param name="hasBackward">See <see cref="HasBackward"/>.</param>
    public static EvaluationPlan Full(NetworkMemory memory, int branches, bool hasBackward = false) =>
        new(0, [.. Enumerable.Range(0, branches).Select(branch => BranchPlan.Computed(memory.Output(branch, hasBackward)))])
        {
            HasBackward = hasBackward,
        };
}
