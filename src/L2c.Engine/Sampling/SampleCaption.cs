using System.Globalization;
using System.Text.Json.Nodes;
using L2c.Model.Runs;
using L2c.Weights;
using static System.FormattableString;

namespace L2c;

/// <summary>What pictures of samples say about themselves in words and figures.</summary>
internal static class SampleCaption
{
    /// <summary>How the samples were made: model, sampler, steps, guidance, seed, schedule, and what is shown of them.</summary>
    /// <param name="job">The run.</param>
    /// <param name="grid">How they are drawn.</param>
    /// <param name="description">What fixes the samples: says the schedule, which need not be the job's.</param>
    public static IReadOnlyList<string> Lines(SampleJob job, Grid grid, JsonObject description)
    {
        string steps = int.TryParse(job.Request.Steps, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? $"{number} step{(number == 1 ? "" : "s")}"
            : $"steps {FileText.Printable(job.Request.Steps)}";
        string guidance = job.Guidance == Guidance.None ? "no guidance" : Invariant($"guidance {job.CfgScale}");
        string images = $"{job.Count} image{(job.Count == 1 ? "" : "s")}";
        string shown = job.IsPreview ? "false-colour preview of latents"
            : job.Decoding is null ? "" : $"decoded by {FileText.Printable(Path.GetFileName(job.Request.Vae!))}";
        string factor = grid.Factor > 1 ? $"each pixel drawn {grid.Factor} x {grid.Factor}" : "";
        return
        [
            $"{images}, {job.Sampler.Name}, {steps}, {guidance}, seed {job.Request.Seed}, {Cache((string?)description["cache"])}",
            .. new[] { string.Join("; ", new[] { shown, factor }.Where(part => part.Length > 0)) }.Where(line => line.Length > 0),
        ];
    }

    /// <summary>How far samples are from those without caching, and what that saved.</summary>
    /// <param name="result">A run that was compared.</param>
    /// <param name="difference">Of the pictures that are shown.</param>
    public static IReadOnlyList<(string Value, string Name)> Figures(SampleResult result, PictureDifference difference)
    {
        (Comparison comparison, CacheCost cost) = (result.Comparison!, result.Cost!);

        // The pictures of decoded latents are what a person compares; a preview is no picture to measure.
        double? psnr = comparison.Psnr ?? (result.Job.Decoding is null ? null : difference.Psnr);
        int skipped = cost.ReusedBranches + (cost.DroppedBranches ?? 0);
        List<(string, string)> figures = [];
        if (psnr is { } db)
        {
            figures.Add((Invariant($"{db:0.0} dB"), "PSNR"));
        }

        if (comparison.RelativeL2 is { } distance)
        {
            figures.Add((Invariant($"{distance:0.0000}"), "relative L2"));
        }

        if (cost.CacheBranches > 0)
        {
            string word = cost.DroppedBranches is null ? "reused" : "not computed";
            figures.Add((Invariant($"{100.0 * skipped / cost.CacheBranches:0.0} %"), $"of the cache evaluations' branches {word}"));
        }

        figures.Add((Invariant($"{100 * (1 - cost.MacRatio):0.0} %"), "of the MACs saved"));
        figures.Add((Invariant($"{cost.IdealSpeedup:0.000} x"), "ideal speed-up"));
        figures.Add(Measured(comparison));
        return figures;
    }

    /// <summary>What the schedule saved in time: the one place where a picture reads it from a comparison.</summary>
    private static (string Value, string Name) Measured(Comparison comparison)
    {
        PairedRatio time = comparison.Time;
        string rounds = $"{time.TimedRounds} round{(time.TimedRounds == 1 ? "" : "s")}";
        if (time.IdenticalPlans)
        {
            return ("same plan", "so the time is the same");
        }

        // Of the ratio, the smaller end is the larger speed-up.
        return comparison.RealisedSpeedup is { } speedup
            ? (Invariant($"{speedup:0.000} x"), Invariant($"measured ({1 / time.TimeRatioHigh:0.000} to {1 / time.TimeRatioLow:0.000}), {rounds}"))
            : ("no difference", time.HasInterval ? $"in time measurable in {rounds}" : $"in time can be told from {rounds}");
    }

    private static string Cache(string? text) => text is null or "none" ? "no caching" : $"cache: {FileText.Printable(text)}";
}
