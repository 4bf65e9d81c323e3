namespace L2c;

/// <summary>Where a training run stands, after a step of it.</summary>
/// <param name="Step">Optimisation steps done; 0 for a report that is a remark alone.</param>
/// <param name="MaxSteps">Optimisation steps of the whole run.</param>
/// <param name="IsSaved">Whether a state of this step is on the disk.</param>
/// <param name="Metrics">
/// Of the step: a router's loss, data term, penalty, lambda and reused share; a network's loss, mean squared error and bound.
/// </param>
/// <param name="Remark">One line that a person should read now; null for none.</param>
public readonly record struct TrainingProgress(int Step, int MaxSteps, bool IsSaved, IReadOnlyList<double> Metrics, string? Remark = null)
{
    /// <summary>Tells a person something.</summary>
    internal static TrainingProgress Of(string remark) => new(0, 0, false, [], remark);
}
