using System.Collections.Immutable;
using L2c.Model.Networks;

namespace L2c.Model.Caching;

/// <summary>A term of what a branch contributes: weight times its output of an evaluation that computed it.</summary>
/// <param name="Evaluation">Which one: an earlier one, or the evaluation itself.</param>
/// <param name="Weight">Finite.</param>
public readonly record struct CacheTerm(int Evaluation, float Weight = 1);

/// <summary>
/// Which branches each evaluation of a sampling run computes and what every branch contributes, a weighted sum of its own outputs: known before the
/// run starts, the same for every input.
/// </summary>
/// <remarks>
/// A branch is the attention (index 2 block) or the MLP (2 block + 1) of a block. A computed branch contributes its output, a reused one that of the
/// latest earlier evaluation that computed it, a dropped one nothing, a forecast one any other sum. Branches of a segment that is replaced have no
/// terms of their own: the segment has. Immutable; two schedules are equal when they mean the same.
/// Source: Learning-to-Cache (arXiv 2406.01733), section 3; segments: Chen et al. 2024, arXiv 2406.01125.
/// </remarks>
public sealed partial class CacheSchedule : IEquatable<CacheSchedule>
{
    private readonly ImmutableArray<EvaluationRole> _roles;
    private readonly ImmutableArray<ImmutableArray<bool>> _computes;
    private readonly ImmutableArray<CacheTerm>[,] _terms;
    private readonly BranchAction[,] _actions;
    private readonly ImmutableArray<SegmentReplacement>[] _replacedIn;

    /// <summary>Creates a schedule and checks it.</summary>
    /// <param name="roles">One per evaluation, in sampling order.</param>
    /// <param name="computes">Per evaluation one bit per branch: true where the branch is computed.</param>
    /// <param name="dropsSkipped">Whether a branch that is not computed contributes nothing instead of being reused.</param>
    /// <param name="forecast">By evaluation and branch, what a branch contributes that is not computed; null where it is reused or dropped. Not asked
    /// for branches of a replaced segment.</param>
    /// <param name="replaced">Segments that are replaced as a whole, in any order; none of their branches is computed.</param>
    /// <exception cref="ArgumentException">
    /// Nothing to schedule, rows of different width, a refresh evaluation that skips a branch, a reuse before anything was computed, a forecast of
    /// something that was not computed, of one evaluation twice or of too many terms, or segments that are computed in part or overlap.
    /// </exception>
    public CacheSchedule(
        IReadOnlyList<EvaluationRole> roles,
        IReadOnlyList<IReadOnlyList<bool>> computes,
        bool dropsSkipped = false,
        Func<int, int, IReadOnlyList<CacheTerm>?>? forecast = null,
        IReadOnlyList<SegmentReplacement>? replaced = null)
    {
        if (roles.Count == 0 || roles.Count != computes.Count)
        {
            throw new ArgumentException($"schedule: {roles.Count} roles and {computes.Count} rows of branches; give one of each per evaluation");
        }

        _roles = [.. roles];
        _computes = [.. computes.Select(row => row.ToImmutableArray())];
        DropsSkipped = dropsSkipped;
        Replaced = [.. (replaced ?? []).OrderBy(r => r.Evaluation).ThenBy(r => r.Segment.First)];
        Segments = [.. Replaced.Select(r => r.Segment).Distinct().OrderBy(s => s.First).ThenBy(s => s.Last)];
        (_terms, _actions) = FindTerms(forecast);
        ILookup<int, SegmentReplacement> byEvaluation = Replaced.ToLookup(r => r.Evaluation);
        _replacedIn = [.. Enumerable.Range(0, Evaluations).Select(e => byEvaluation[e].ToImmutableArray())];
    }

    /// <summary>Evaluations of the run.</summary>
    public int Evaluations => _roles.Length;

    /// <summary>Branches of the network: twice its blocks.</summary>
    public int Branches => _computes[0].Length;

    /// <summary>Whether skipped branches contribute nothing instead of being reused.</summary>
    public bool DropsSkipped { get; }

    /// <summary>Whether every evaluation computes every branch.</summary>
    public bool ComputesAll => _computes.All(row => row.All(c => c));

    /// <summary>The segments that are replaced anywhere, by their first and last branches.</summary>
    public ImmutableArray<CacheSegment> Segments { get; }

    /// <summary>What is replaced, by evaluation and first branch.</summary>
    public ImmutableArray<SegmentReplacement> Replaced { get; }

    /// <summary>Whether <see cref="HasDefaultTerms"/> holds everywhere and no segment is replaced, so that a bit per branch says
    /// everything.</summary>
    public bool HasDefaultTermsOnly =>
        Replaced.IsEmpty && Enumerable.Range(0, Evaluations).All(e => Enumerable.Range(0, Branches).All(b => HasDefaultTerms(e, b)));

    /// <summary>A schedule that computes everything.</summary>
    public static CacheSchedule Full(int evaluations, int branches) => new(
        Enumerable.Repeat(EvaluationRole.Refresh, evaluations).ToArray(),
        Enumerable.Repeat((IReadOnlyList<bool>)Enumerable.Repeat(true, branches).ToArray(), evaluations).ToArray());

    /// <summary>A schedule whose refresh evaluations compute everything and whose cache evaluations reuse some branches.</summary>
    /// <param name="roles">One per evaluation, in sampling order.</param>
    /// <param name="branches">Branches of the network.</param>
    /// <param name="reuses">Whether a cache evaluation reuses a branch: by the numbers of both, from 0.</param>
    /// <param name="dropsSkipped">See the constructor.</param>
    /// <param name="forecast">See the constructor.</param>
    /// <exception cref="ArgumentException">As the constructor.</exception>
    public static CacheSchedule Reusing(
        IReadOnlyList<EvaluationRole> roles,
        int branches,
        Func<int, int, bool> reuses,
        bool dropsSkipped = false,
        Func<int, int, IReadOnlyList<CacheTerm>?>? forecast = null)
    {
        return new CacheSchedule(roles, [.. roles.Select(Row)], dropsSkipped, forecast);

        IReadOnlyList<bool> Row(EvaluationRole role, int e) =>
            [.. Enumerable.Range(0, branches).Select(b => role == EvaluationRole.Refresh || !reuses(e, b))];
    }

    /// <summary>A schedule whose evaluations compute everything but the segments that they replace; those that replace any are cache
    /// evaluations.</summary>
    /// <param name="evaluations">Evaluations of the run.</param>
    /// <param name="branches">Branches of the network.</param>
    /// <param name="replaced">See the constructor.</param>
    /// <exception cref="ArgumentException">As the constructor.</exception>
    public static CacheSchedule Replacing(int evaluations, int branches, IReadOnlyList<SegmentReplacement> replaced)
    {
        ILookup<int, SegmentReplacement> of = replaced.ToLookup(r => r.Evaluation);
        return new CacheSchedule(
            [.. Enumerable.Range(0, evaluations).Select(e => of.Contains(e) ? EvaluationRole.Cache : EvaluationRole.Refresh)],
            [.. Enumerable.Range(0, evaluations).Select(Computed)],
            replaced: replaced);

        bool[] Computed(int evaluation) => [.. Enumerable.Range(0, branches).Select(b => !of[evaluation].Any(r => r.Segment.Contains(b)))];
    }

    /// <summary><c>block 3 mlp</c>.</summary>
    public static string BranchName(int branch) => $"block {branch / 2} {(branch % 2 == 0 ? "attention" : "mlp")}";

    /// <summary>Role of an evaluation.</summary>
    public EvaluationRole Role(int evaluation) => _roles[evaluation];

    /// <summary>Whether an evaluation computes a branch.</summary>
    public bool Computes(int evaluation, int branch) => _computes[evaluation][branch];

    /// <summary>Whether an evaluation computes every branch of a segment, so that it may keep what the segment adds.</summary>
    public bool Computes(int evaluation, CacheSegment segment) =>
        _computes[evaluation].AsSpan(segment.First, segment.Length).IndexOf(false) < 0;

    /// <summary>What an evaluation replaces, by first branch.</summary>
    public ImmutableArray<SegmentReplacement> ReplacedIn(int evaluation) => _replacedIn[evaluation];

    /// <summary>What a branch contributes in an evaluation: the sum of these, before its gate. Nothing for branches of a replaced segment.</summary>
    public ImmutableArray<CacheTerm> Terms(int evaluation, int branch) => _terms[evaluation, branch];

    /// <summary>What becomes of a branch in an evaluation.</summary>
    public BranchAction Action(int evaluation, int branch) => _actions[evaluation, branch];

    /// <summary>Whether a branch contributes what it does where no forecast is given: its output, nothing where its segment is replaced or skipped
    /// branches are dropped, otherwise the latest output as it is.</summary>
    public bool HasDefaultTerms(int evaluation, int branch) =>
        Action(evaluation, branch) is BranchAction.Compute or BranchAction.Segment
        || Action(evaluation, branch) == (DropsSkipped ? BranchAction.Drop : BranchAction.Reuse);

    /// <summary>Branches of the whole run with this action.</summary>
    public int Count(BranchAction action) =>
        Enumerable.Range(0, Evaluations).Sum(e => Enumerable.Range(0, Branches).Count(b => Action(e, b) == action));

    /// <summary>What becomes of the branches that are not computed: <c>12 reused</c>, <c>3 reused, 9 forecast</c>.</summary>
    public string SkippedText
    {
        get
        {
            (int Count, string Word)[] all =
            [
                (Count(BranchAction.Reuse), "reused"),
                (Count(BranchAction.Forecast), "forecast"),
                (Count(BranchAction.Segment), "in replaced segments"),
                (Count(BranchAction.Drop), "dropped"),
            ];
            string text = string.Join(", ", all.Where(part => part.Count > 0).Select(part => $"{part.Count} {part.Word}"));
            return text.Length > 0 ? text : "0 reused";
        }
    }

    /// <summary>Branches not computed in an evaluation.</summary>
    public int Skipped(int evaluation) => _computes[evaluation].Count(c => !c);

    /// <summary>Branches not computed in the whole run.</summary>
    public int SkippedBranches => Enumerable.Range(0, Evaluations).Sum(Skipped);

    /// <summary>Branches of all cache evaluations, computed or not.</summary>
    public int CacheBranches => _roles.Count(r => r == EvaluationRole.Cache) * Branches;

    /// <summary>Throws unless evaluations and branches match.</summary>
    /// <param name="evaluations">Evaluations of the sampler.</param>
    /// <param name="branches">Branches of the network.</param>
    /// <exception cref="ArgumentException">The schedule is for another run or network.</exception>
    public void RequireFits(int evaluations, int branches)
    {
        if (Branches != branches)
        {
            throw new ArgumentException(
                $"schedule: {Branches} branches ({Branches / 2} blocks), but the network has {branches} ({branches / 2} blocks)");
        }

        if (Evaluations != evaluations)
        {
            throw new ArgumentException($"schedule: {Evaluations} evaluations, but the sampler makes {evaluations}");
        }
    }

    /// <summary>Throws where a segment holds one end of a network's long skip and not the other.</summary>
    /// <param name="network">Of as many branches.</param>
    /// <exception cref="ArgumentException">Such a segment.</exception>
    public void RequireSegmentsFit(NetworkInfo network)
    {
        (int blocks, int skips) = (network.Cost.Blocks, network.Cost.LongSkips);
        foreach (CacheSegment segment in Segments)
        {
            int cut = Enumerable.Range(1, skips).FirstOrDefault(b => segment.ContainsStart(b) != segment.ContainsStart(blocks - b));
            if (cut > 0)
            {
                throw new ArgumentException(
                    $"schedule: segment {segment.First} to {segment.Last} ({segment}) cuts the long skip of {network.Architecture.Name} "
                    + $"from block {cut - 1} to block {blocks - cut}; keep it inside one block, or take as many blocks on either side of the middle");
            }
        }
    }

    /// <inheritdoc/>
    public bool Equals(CacheSchedule? other) =>
        other is not null
        && _roles.SequenceEqual(other._roles)
        && Branches == other.Branches
        && Replaced.SequenceEqual(other.Replaced)
        && Enumerable.Range(0, Evaluations).All(e => _computes[e].SequenceEqual(other._computes[e])
            && Enumerable.Range(0, Branches).All(b => _terms[e, b].SequenceEqual(other._terms[e, b])));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CacheSchedule);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Evaluations, Branches, SkippedBranches);

    /// <summary>One line per evaluation: number, role, <see cref="Actions"/>.</summary>
    public override string ToString() => string.Join(
        '\n', Enumerable.Range(0, Evaluations).Select(e => $"{e,4} {_roles[e].ToString().ToLowerInvariant(),-8}{Actions(e)}"));

    /// <summary>A character per branch: <c>#</c> computed, <c>.</c> reused, <c>~</c> forecast, <c>=</c> in a replaced segment,
    /// <c>x</c> dropped.</summary>
    public string Actions(int evaluation) => string.Concat(Enumerable.Range(0, Branches).Select(b => Action(evaluation, b) switch
    {
        BranchAction.Compute => '#',
        BranchAction.Reuse => '.',
        BranchAction.Forecast => '~',
        BranchAction.Segment => '=',
        _ => 'x',
    }));
}
