using System.Collections.Immutable;
using L2c.Kernels;

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
/// latest earlier evaluation that computed it, a dropped one nothing, a forecast one any other sum. Immutable; two schedules are equal when they mean
/// the same.
/// Source: Learning-to-Cache (arXiv 2406.01733), section 3.
/// </remarks>
public sealed class CacheSchedule : IEquatable<CacheSchedule>
{
    private readonly ImmutableArray<EvaluationRole> _roles;
    private readonly ImmutableArray<ImmutableArray<bool>> _computes;
    private readonly ImmutableArray<CacheTerm>[,] _terms;
    private readonly BranchAction[,] _actions;

    /// <summary>Creates a schedule and checks it.</summary>
    /// <param name="roles">One per evaluation, in sampling order.</param>
    /// <param name="computes">Per evaluation one bit per branch: true where the branch is computed.</param>
    /// <param name="dropsSkipped">Whether a branch that is not computed contributes nothing instead of being reused.</param>
    /// <param name="forecast">By evaluation and branch, what a branch contributes that is not computed; null where it is reused or dropped.</param>
    /// <exception cref="ArgumentException">
    /// Nothing to schedule, rows of different width, a refresh evaluation that skips a branch, a reuse before anything was computed, or a forecast of
    /// something that was not computed, of one evaluation twice or of too many terms.
    /// </exception>
    public CacheSchedule(
        IReadOnlyList<EvaluationRole> roles,
        IReadOnlyList<IReadOnlyList<bool>> computes,
        bool dropsSkipped = false,
        Func<int, int, IReadOnlyList<CacheTerm>?>? forecast = null)
    {
        if (roles.Count == 0 || roles.Count != computes.Count)
        {
            throw new ArgumentException($"schedule: {roles.Count} roles and {computes.Count} rows of branches; give one of each per evaluation");
        }

        _roles = [.. roles];
        _computes = [.. computes.Select(row => row.ToImmutableArray())];
        DropsSkipped = dropsSkipped;
        (_terms, _actions) = FindTerms(forecast);
    }

    /// <summary>Evaluations of the run.</summary>
    public int Evaluations => _roles.Length;

    /// <summary>Branches of the network: twice its blocks.</summary>
    public int Branches => _computes[0].Length;

    /// <summary>Whether skipped branches contribute nothing instead of being reused.</summary>
    public bool DropsSkipped { get; }

    /// <summary>Whether every evaluation computes every branch.</summary>
    public bool ComputesAll => _computes.All(row => row.All(c => c));

    /// <summary>Whether <see cref="HasDefaultTerms"/> holds everywhere, so that a bit per branch says everything.</summary>
    public bool HasDefaultTermsOnly => Enumerable.Range(0, Evaluations).All(e => Enumerable.Range(0, Branches).All(b => HasDefaultTerms(e, b)));

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

    /// <summary><c>block 3 mlp</c>.</summary>
    public static string BranchName(int branch) => $"block {branch / 2} {(branch % 2 == 0 ? "attention" : "mlp")}";

    /// <summary>Role of an evaluation.</summary>
    public EvaluationRole Role(int evaluation) => _roles[evaluation];

    /// <summary>Whether an evaluation computes a branch.</summary>
    public bool Computes(int evaluation, int branch) => _computes[evaluation][branch];

    /// <summary>What a branch contributes in an evaluation: the sum of these, before its gate.</summary>
    public ImmutableArray<CacheTerm> Terms(int evaluation, int branch) => _terms[evaluation, branch];

    /// <summary>What becomes of a branch in an evaluation.</summary>
    public BranchAction Action(int evaluation, int branch) => _actions[evaluation, branch];

    /// <summary>Whether a branch contributes what it does where no forecast is given: its output, nothing where skipped branches are dropped, otherwise
    /// the latest output as it is.</summary>
    public bool HasDefaultTerms(int evaluation, int branch) =>
        Action(evaluation, branch) is BranchAction.Compute || Action(evaluation, branch) == (DropsSkipped ? BranchAction.Drop : BranchAction.Reuse);

    /// <summary>Branches of the whole run with this action.</summary>
    public int Count(BranchAction action) =>
        Enumerable.Range(0, Evaluations).Sum(e => Enumerable.Range(0, Branches).Count(b => Action(e, b) == action));

    /// <summary>What becomes of the branches that are not computed: <c>12 reused</c>, <c>3 reused, 9 forecast</c>.</summary>
    public string SkippedText
    {
        get
        {
            (int Count, string Word)[] all =
                [(Count(BranchAction.Reuse), "reused"), (Count(BranchAction.Forecast), "forecast"), (Count(BranchAction.Drop), "dropped")];
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

    /// <inheritdoc/>
    public bool Equals(CacheSchedule? other) =>
        other is not null
        && _roles.SequenceEqual(other._roles)
        && Branches == other.Branches
        && Enumerable.Range(0, Evaluations).All(e => _computes[e].SequenceEqual(other._computes[e])
            && Enumerable.Range(0, Branches).All(b => _terms[e, b].SequenceEqual(other._terms[e, b])));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CacheSchedule);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Evaluations, Branches, SkippedBranches);

    /// <summary>One line per evaluation: number, role, <see cref="Actions"/>.</summary>
    public override string ToString() => string.Join(
        '\n', Enumerable.Range(0, Evaluations).Select(e => $"{e,4} {_roles[e].ToString().ToLowerInvariant(),-8}{Actions(e)}"));

    /// <summary>A character per branch: <c>#</c> computed, <c>.</c> reused, <c>~</c> forecast, <c>x</c> dropped.</summary>
    public string Actions(int evaluation) => string.Concat(Enumerable.Range(0, Branches).Select(b => Action(evaluation, b) switch
    {
        BranchAction.Compute => '#',
        BranchAction.Reuse => '.',
        BranchAction.Forecast => '~',
        _ => 'x',
    }));

    private (ImmutableArray<CacheTerm>[,] Terms, BranchAction[,] Actions) FindTerms(Func<int, int, IReadOnlyList<CacheTerm>?>? forecast)
    {
        int width = _computes[0].Length;
        if (width == 0 || width % 2 != 0)
        {
            throw new ArgumentException($"schedule: {width} branches in evaluation 0; a network has two per block");
        }

        var terms = new ImmutableArray<CacheTerm>[Evaluations, width];
        var actions = new BranchAction[Evaluations, width];
        ImmutableArray<CacheTerm>?[] latest = new ImmutableArray<CacheTerm>?[width];
        for (int e = 0; e < Evaluations; e++)
        {
            ImmutableArray<bool> row = _computes[e];
            if (row.Length != width)
            {
                throw new ArgumentException(
                    $"schedule: evaluation {e} has {row.Length} branches, evaluation 0 has {width}; give every evaluation as many");
            }

            for (int b = 0; b < width; b++)
            {
                if (row[b])
                {
                    latest[b] = [new CacheTerm(e)];
                }
                else if (_roles[e] == EvaluationRole.Refresh)
                {
                    throw new ArgumentException(
                        $"schedule: evaluation {e} is a refresh but skips branch {b} ({BranchName(b)}); make it a cache evaluation");
                }

                terms[e, b] = row[b] ? latest[b]!.Value
                    : forecast?.Invoke(e, b) is { } sum ? Checked(e, b, [.. sum])
                    : DropsSkipped ? []
                    : latest[b] ?? throw new ArgumentException(
                        $"schedule: evaluation {e} reuses branch {b} ({BranchName(b)}) before any evaluation computed it; compute it there");
                actions[e, b] = ActionOf(row[b], terms[e, b], latest[b]);
            }
        }

        return (terms, actions);
    }

    /// <summary>What becomes of a branch that contributes these terms and was computed last with that one.</summary>
    private static BranchAction ActionOf(bool computes, ImmutableArray<CacheTerm> terms, ImmutableArray<CacheTerm>? latest) => (computes, terms) switch
    {
        (true, _) => BranchAction.Compute,
        (_, []) => BranchAction.Drop,
        (_, [{ Weight: 1 } term]) when latest is [var last] && term.Evaluation == last.Evaluation => BranchAction.Reuse,
        _ => BranchAction.Forecast,
    };

    private ImmutableArray<CacheTerm> Checked(int evaluation, int branch, ImmutableArray<CacheTerm> sum)
    {
        string where = $"schedule: evaluation {evaluation}, branch {branch} ({BranchName(branch)})";
        if (sum.Length > ResidualTerm.MaxPerBranch)
        {
            throw new ArgumentException($"{where} has {sum.Length} terms; a branch has at most {ResidualTerm.MaxPerBranch}");
        }

        foreach ((int source, float weight) in sum)
        {
            if (source < 0 || source >= evaluation || !_computes[source][branch])
            {
                throw new ArgumentException($"{where} reads the output of evaluation {source}, which is not an earlier one that computes the branch");
            }

            if (!float.IsFinite(weight))
            {
                throw new ArgumentException($"{where} has the weight {weight}; weights are finite");
            }
        }

        return sum.GroupBy(term => term.Evaluation).FirstOrDefault(terms => terms.Skip(1).Any()) is { } twice
            ? throw new ArgumentException($"{where} names evaluation {twice.Key} twice; add up the weights")
            : sum;
    }
}
