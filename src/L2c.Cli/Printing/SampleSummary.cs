using System.Globalization;
using L2c.Cli.Inspection;
using L2c.Cli.Output;

namespace L2c.Cli.Sampling;

/// <summary>Tells how a run went: remarks on stderr, and on stdout a JSON object or a few lines for a person.</summary>
internal static class SampleSummary
{
    /// <summary>Prints it.</summary>
    public static void Print(SampleReport report, Terminal terminal, bool json)
    {
        if (report.Preview)
        {
            terminal.Err.WriteLine(
                "l2c: note: this model makes latents and there is no decoder yet: the PNG is a false-colour preview, "
                + "the samples are in the .safetensors and .npy");
        }

        if (report.NonFiniteCount > 0)
        {
            terminal.Err.WriteLine($"l2c: warning: {report.NonFiniteCount} values of the samples are not finite");
        }

        if (json)
        {
            terminal.PrintJson(report);
            return;
        }

        IReadOnlyList<string> files = report.Files;
        terminal.Out.WriteLine(files.Count <= 4 ? string.Join(", ", files) : $"{files[0]} ... {files[^1]} ({files.Count} files)");
        terminal.Out.WriteLine(RunLine(report));
        terminal.Out.WriteLine(
            $"memory: weights {Units.Bytes(report.WeightBytes)} + workspace {Units.Bytes(report.WorkspaceBytes)}"
            + $" + cache slots {Units.Bytes(report.CacheBytes)} = {Units.Bytes(report.PeakBytes)}");
        if (report.Cache is not null)
        {
            terminal.Out.WriteLine(CacheLine(report));
        }

        if (report.TimeRatio is not null)
        {
            terminal.Out.WriteLine(ComparisonLine(report));
        }
    }

    private static string RunLine(SampleReport r) =>
        Text($"{Units.Of(r.Images, "image")} by {r.Model} in {r.SampleMs / 1000:0.0} s ({r.ElapsedMs / 1000:0.0} s in all): ")
        + Text($"{Units.Of(r.Evaluations, $"{r.Sampler} step")}, ")
        + Text($"{r.Batches} x {Units.Of(r.Batch, "image")}, {r.EvaluationMs:0.0} ms per step, on {r.Device}");

    private static string CacheLine(SampleReport r)
    {
        int all = r.CacheBranches!.Value, skipped = r.ReusedBranches!.Value + (r.DroppedBranches ?? 0);
        string what = r.DroppedBranches is null ? "reused" : "dropped";
        return all == 0
            ? $"cache {r.Cache}: the schedule has no cache evaluations"
            : $"cache {r.Cache}: {skipped} of {all} branches of the cache evaluations {what} "
                + Text(
                    $"({100.0 * skipped / all:0.00} %), {100 * (1 - r.MacRatio):0.00} % of the MACs saved: ideal speed-up {r.IdealSpeedup:0.0000}");
    }

    private static string ComparisonLine(SampleReport r)
    {
        string speedup = Text($"{r.ImageMs:0.00} instead of {r.UncachedImageMs:0.00} ms per image, speed-up {r.RealisedSpeedup:0.0000} ")
            + Text($"(median of {r.TimedRounds} interleaved rounds), {100 * r.RealisedToIdeal:0.0} % of the ideal");
        string psnr = r.Psnr is null ? "" : Text($", PSNR {r.Psnr:0.00} dB");
        return $"against no caching: {speedup}{psnr}" + (r.RelativeL2 is null ? "" : Text($", relative L2 {r.RelativeL2:0.0000}"));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
