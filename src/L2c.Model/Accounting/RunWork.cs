using L2c.Kernels;

namespace L2c.Model.Accounting;

/// <summary>The work of a recorded run by evaluation and branch, all rows of the batch together.</summary>
/// <remarks>
/// The residual addition of a branch runs in the norm that follows it, so its bytes stand there: a reused branch may show none. So does the pass
/// that keeps the delta of a segment. Modulations computed for several evaluations at once belong to no evaluation.
/// </remarks>
public sealed class RunWork
{
    private readonly OpWork[,] _work;

    /// <summary>Adds up.</summary>
    /// <param name="ops">The ops of the run.</param>
    /// <param name="evaluations">Evaluations of the run.</param>
    /// <param name="branches">Branches of the network.</param>
    public RunWork(IEnumerable<OpInfo> ops, int evaluations, int branches)
    {
        _work = new OpWork[evaluations, branches + 1];
        foreach (OpInfo op in ops)
        {
            if (op.Scope.Evaluation < 0)
            {
                Ahead += OpWork.Of(op);
            }
            else
            {
                _work[op.Scope.Evaluation, op.Scope.Branch + 1] += OpWork.Of(op);
            }
        }
    }

    /// <summary>What is done for several evaluations at once.</summary>
    public OpWork Ahead { get; }

    /// <summary>The whole run.</summary>
    public OpWork Total => Ahead + OpWork.Sum(_work.Cast<OpWork>());

    /// <summary>One branch in one evaluation.</summary>
    /// <param name="evaluation">Which evaluation.</param>
    /// <param name="branch">2 block for attention, 2 block + 1 for the MLP; -1 for everything outside the branches.</param>
    public OpWork Of(int evaluation, int branch) => _work[evaluation, branch + 1];

    /// <summary>One evaluation without what was done ahead.</summary>
    public OpWork Evaluation(int evaluation) => OpWork.Sum(Enumerable.Range(0, _work.GetLength(1)).Select(i => _work[evaluation, i]));
}
