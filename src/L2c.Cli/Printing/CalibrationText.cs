using L2c.Cli.Output;
using static System.FormattableString;

namespace L2c.Cli.Printing;

/// <summary>A calibration's result as text for a person.</summary>
internal static class CalibrationText
{
    /// <summary>A line of what was measured, and one per schedule.</summary>
    public static void Print(CalibrationResult result, Terminal terminal)
    {
        terminal.Out.WriteLine(
            $"{result.Method}, {result.Model}, {result.Sampler}, {result.Steps} evaluations, {result.Images} images: {result.TableFile}");
        foreach ((int i, CalibratedSchedule made) in result.Schedules.Index())
        {
            terminal.Out.WriteLine(
                Invariant($"{result.ThresholdName} {made.Threshold}: {made.ComputedBranches} of {made.Branches} branches computed, ")
                + Invariant($"MACs x {made.MacRatio:0.0000}, ideal speed-up x {made.IdealSpeedup:0.00}: {made.File}") + Remark(i));
        }

        string Remark(int i)
        {
            CalibratedSchedule made = result.Schedules[i];
            return result.Schedules.Take(i).FirstOrDefault(other => other.Schedule.Equals(made.Schedule)) is { } same
                ? Invariant($" (the same schedule as for {same.Threshold})")
                : Enumerable.Range(1, Math.Max(made.Schedule.Evaluations - 2, 0)).All(e => made.Schedule.Skipped(e) == made.Schedule.Branches)
                ? $" (computes nothing but the first and the last evaluation; try a smaller {result.ThresholdName})"
                : "";
        }
    }
}
