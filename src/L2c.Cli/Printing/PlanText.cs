using static System.FormattableString;

namespace L2c.Cli.Printing;

/// <summary>A planned schedule for a person.</summary>
internal static class PlanText
{
    /// <summary>Prints it.</summary>
    public static void Print(PlanResult r, string path, TextWriter o)
    {
        o.WriteLine(Invariant($"{r.Facts.Model}, {r.Evaluations} {r.Sampler} steps, guidance {r.CfgScale}, batches of {r.Images}, ")
            + $"on {r.Facts.Device}");
        foreach (PlanCandidate candidate in r.Candidates)
        {
            bool chosen = candidate.Schedule.Equals(r.Schedule);
            o.WriteLine(Invariant($"{(chosen ? "*" : " ")} {candidate.Grouping}; {candidate.Predictors}: time {candidate.TimeRatio:0.000}, ")
                + Invariant($"relative L2 {Error(candidate.Error)} ({candidate.AdditiveError:0.0000} as the sum of single decisions' errors)"));
        }

        o.WriteLine($"{r.Schedule.Evaluations * r.Schedule.Branches} branches: {r.Computed} computed, {r.Schedule.SkippedText}; "
            + Invariant($"{Units.Of(r.Refreshes, "evaluation")} compute all; MAC ratio {r.MacRatio:0.000}; {Units.Bytes(r.CacheBytes)} kept"));
        o.WriteLine(Invariant($"time: budget {r.Budget}, predicted {r.PredictedTimeRatio:0.000}; measured: {RatioText.Of(r.Time)}"));
        o.WriteLine($"relative L2: predicted {Error(r.PredictedError)} on {Units.Of(r.Count, "image")}; "
            + $"measured {Error(r.RelativeL2)} on {r.CheckCount} of other noise");
        PlanPasses passes = r.Passes;
        o.WriteLine($"evaluations of the network: {passes.Total} (times {passes.Times}, errors {passes.Errors}, choice {passes.Choice}, "
            + Invariant($"check {passes.Check}), the cost of sampling {(double)passes.Total / r.Evaluations:0} images uncached"));
        o.WriteLine(path);
    }

    private static string Error(double? value) => value is { } error ? Invariant($"{error:0.0000}") : "not finite";
}
