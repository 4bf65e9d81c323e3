namespace L2c;

/// <summary>Where a training run stands, before its first step or after a step of it.</summary>
/// <param name="Step">Optimisation steps done; 0 for a report that is a remark alone.</param>
/// <param name="MaxSteps">Optimisation steps of the whole run.</param>
/// <param name="IsSaved">Whether a state of this step is on the disk.</param>
/// <param name="Metrics">
/// Of the step: a router's loss, data term, penalty, lambda and reused share, those of several one after another; a network's loss, mean squared error
/// and bound, then the learning rate and the gradient's norm where they are logged.
/// </param>
/// <param name="Remark">One line that a person should read now; null for none.</param>
public readonly record struct TrainingProgress(int Step, int MaxSteps, bool IsSaved, IReadOnlyList<double> Metrics, string? Remark = null)
{
    /// <summary>Whether this is the report before the first step, whose remark says what is about to be trained.</summary>
    public bool IsOpening { get; private init; }

    /// <summary>Tells what is about to be trained.</summary>
    /// <param name="what">In words, without the number of steps.</param>
    /// <param name="begin">Steps that are done.</param>
    /// <param name="maxSteps">Steps of the whole run.</param>
    /// <param name="step">What a step takes, in words.</param>
    internal static TrainingProgress Opening(string what, int begin, int maxSteps, string step)
    {
        string length = $"{maxSteps} optimisation step{(maxSteps == 1 ? "" : "s")} of {step}";
        string done = begin == 0 ? "" : $", {begin} of them done";
        return new TrainingProgress(0, 0, false, [], $"training {what}: {length}{done}") { IsOpening = true };
    }

    /// <summary>Tells a person something.</summary>
    internal static TrainingProgress Of(string remark) => new(0, 0, false, [], remark);
}
