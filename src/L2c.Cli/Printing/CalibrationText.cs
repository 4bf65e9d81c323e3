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
        foreach (CalibratedSchedule made in result.Schedules)
        {
            terminal.Out.WriteLine(
                Invariant($"{result.ThresholdName} {made.Threshold}: {made.ComputedBranches} of {made.Branches} branches computed, ")
                + Invariant($"MACs x {made.MacRatio:0.0000}, ideal speed-up x {made.IdealSpeedup:0.00}: {made.File}"));
        }
    }
}
