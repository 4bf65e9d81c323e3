using System.Collections.Immutable;
using L2c.Kernels;

namespace L2c.Model.Caching;

/// <summary>What every branch contributes, found and checked.</summary>
public sealed partial class CacheSchedule
{
    private (ImmutableArray<CacheTerm>[,] Terms, BranchAction[,] Actions) FindTerms(Func<int, int, IReadOnlyList<CacheTerm>?>? forecast)
    {
        int width = _computes[0].Length;
        if (width == 0 || width % 2 != 0)
        {
            throw new ArgumentException($"schedule: {width} branches in evaluation 0; a network has two per block");
        }

        for (int e = 0; e < Evaluations; e++)
        {
            if (_computes[e].Length != width)
            {
                throw new ArgumentException(
                    $"schedule: evaluation {e} has {_computes[e].Length} branches, evaluation 0 has {width}; give every evaluation as many");
            }
        }

        var terms = new ImmutableArray<CacheTerm>[Evaluations, width];
        var actions = new BranchAction[Evaluations, width];
        ImmutableArray<CacheTerm>?[] latest = new ImmutableArray<CacheTerm>?[width];
        bool[,] inSegment = new bool[Evaluations, width];
        foreach (SegmentReplacement replaced in Replaced)
        {
            RequireValid(replaced, inSegment);
        }

        for (int e = 0; e < Evaluations; e++)
        {
            ImmutableArray<bool> row = _computes[e];
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
                    : inSegment[e, b] ? []
                    : forecast?.Invoke(e, b) is { } sum ? Checked(e, b, [.. sum])
                    : DropsSkipped ? []
                    : latest[b] ?? throw new ArgumentException(
                        $"schedule: evaluation {e} reuses branch {b} ({BranchName(b)}) before any evaluation computed it; compute it there");
                actions[e, b] = inSegment[e, b] ? BranchAction.Segment : ActionOf(row[b], terms[e, b], latest[b]);
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

    /// <summary>Checks a replacement against the rows, which have the same width, and marks its branches.</summary>
    private void RequireValid(SegmentReplacement replaced, bool[,] marks)
    {
        (int e, CacheSegment segment, int width) = (replaced.Evaluation, replaced.Segment, marks.GetLength(1));
        if (e < 0 || e >= Evaluations || segment.First < 0 || segment.Last < segment.First || segment.Last >= width)
        {
            throw new ArgumentException(
                $"schedule: evaluation {e} replaces branches {segment.First} to {segment.Last}; "
                + $"there are {Evaluations} evaluations of {width} branches");
        }

        string where = $"schedule: evaluation {e}, segment {segment.First} to {segment.Last} ({segment})";
        for (int b = segment.First; b <= segment.Last; b++)
        {
            if (_computes[e][b] || marks[e, b])
            {
                throw new ArgumentException(
                    $"{where}: branch {b} {(marks[e, b] ? "belongs to another replaced segment, too" : "is computed")}; end the segment before it");
            }

            marks[e, b] = true;
        }

        if (replaced.Terms.IsDefaultOrEmpty)
        {
            throw new ArgumentException($"{where} has no terms; give one, or drop the branches");
        }

        _ = Checked(where, replaced.Terms, source => source >= 0 && source < e && Computes(source, segment), "computes the whole segment");
    }

    private ImmutableArray<CacheTerm> Checked(int evaluation, int branch, ImmutableArray<CacheTerm> sum) => Checked(
        $"schedule: evaluation {evaluation}, branch {branch} ({BranchName(branch)})",
        sum,
        source => source >= 0 && source < evaluation && _computes[source][branch],
        "computes the branch");

    private static ImmutableArray<CacheTerm> Checked(string where, ImmutableArray<CacheTerm> sum, Func<int, bool> isKept, string does)
    {
        if (sum.Length > ResidualTerm.MaxPerBranch)
        {
            throw new ArgumentException($"{where} has {sum.Length} terms; there are at most {ResidualTerm.MaxPerBranch}");
        }

        foreach ((int source, float weight) in sum)
        {
            if (!isKept(source))
            {
                throw new ArgumentException($"{where} reads evaluation {source}, which is not an earlier one that {does}");
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
