using System.Diagnostics;

namespace L2c;

/// <summary>Times of a run: for reports alone, never for what a run writes.</summary>
/// <param name="Began">When the command began, as <see cref="Stopwatch.GetTimestamp"/> counts.</param>
/// <param name="Loop">When its first step began.</param>
internal readonly record struct TrainingTime(long Began, long Loop)
{
    /// <summary>The whole command until now.</summary>
    public double ElapsedMs => Math.Round(Stopwatch.GetElapsedTime(Began).TotalMilliseconds, 3);

    /// <summary>Mean time of a step; null for none.</summary>
    public double? StepMs(int steps) => steps == 0 ? null : Math.Round(Stopwatch.GetElapsedTime(Loop).TotalMilliseconds / steps, 3);
}
