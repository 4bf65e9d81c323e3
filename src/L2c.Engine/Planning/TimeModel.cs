using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Planning;

namespace L2c;

/// <summary>Predicts the time of a run with any schedule as a share of the uncached run's, on the device and for the batch that was
/// measured.</summary>
/// <remarks>
/// The ops of a run are known without running it: its plan on paper lists them, fused as they will be, with the bytes of every kept output that a
/// residual pass reads. Their times add up to S. A run also does what is no op (noise, uploads, waiting for threads), and on a GPU it is one launch
/// where the ops were measured one by one, so what a saved millisecond of ops saves of the whole is measured, too:
/// <code>
/// ratio = 1 - k (1 - S / S_uncached)
/// </code>
/// with k fitted to whole runs.
/// </remarks>
internal sealed class TimeModel
{
    private readonly OpTimes _times;
    private readonly Func<CacheSchedule, IReadOnlyList<OpInfo>> _ops;
    private readonly IReadOnlyList<OpInfo> _uncached;
    private readonly double _uncachedMs;

    /// <summary>Fits k.</summary>
    /// <param name="times">How long ops take.</param>
    /// <param name="ops">The ops of a run.</param>
    /// <param name="uncached">The schedule that computes everything.</param>
    /// <param name="measured">Whole runs: a schedule that saves something, and its time over that of the uncached run; none for k = 1.</param>
    public TimeModel(
        OpTimes times,
        Func<CacheSchedule, IReadOnlyList<OpInfo>> ops,
        CacheSchedule uncached,
        params IReadOnlyList<(CacheSchedule Schedule, double Ratio)> measured)
    {
        (_times, _ops, _uncached) = (times, ops, ops(uncached));
        _uncachedMs = times.Of(_uncached);
        double[] saved = [.. measured.Select(run => 1 - OpShare(run.Schedule))];
        SavedPerOpTime = saved.Length == 0
            ? 1
            : saved.Zip(measured, (share, run) => share * (1 - run.Ratio)).Sum() / saved.Sum(share => share * share);
    }

    /// <summary>k: what of the time that ops save the whole run saves.</summary>
    public double SavedPerOpTime { get; }

    /// <summary>Time over that of the uncached run.</summary>
    public double Ratio(CacheSchedule schedule) => 1 - (SavedPerOpTime * (1 - OpShare(schedule)));

    /// <summary>What a search weighs: shares of the uncached run's time that computing a branch once and a term of a branch take.</summary>
    /// <param name="branches">Branches of the network.</param>
    /// <param name="evaluations">Evaluations of the run.</param>
    /// <param name="termBytes">What a residual pass reads of one kept output.</param>
    /// <remarks>A branch's ops are its norm, which a branch that is skipped does not have, and its products. What waits for that norm is then added
    /// by the next one.</remarks>
    public BranchCosts Costs(int branches, int evaluations, long termBytes)
    {
        double[] compute = new double[branches];
        foreach (OpInfo op in _uncached.Where(op => op.Scope is { Evaluation: >= 0, Branch: >= 0 }))
        {
            compute[op.Scope.Branch] += SavedPerOpTime * _times.Of(op) / evaluations / _uncachedMs;
        }

        return new BranchCosts(compute, SavedPerOpTime * _times.PerByte(nameof(Device.ResidualNorm)) * termBytes / _uncachedMs);
    }

    private double OpShare(CacheSchedule schedule) => _times.Of(_ops(schedule)) / _uncachedMs;
}
