using System.Text.Json.Nodes;
using L2c.Cli.Output;
using static System.FormattableString;

namespace L2c.Cli.Printing;

/// <summary>Tells how a run went: remarks on stderr, and on stdout a JSON object or a few lines for a person.</summary>
internal static class SampleSummary
{
    /// <summary>Prints it.</summary>
    /// <param name="result">What was sampled.</param>
    /// <param name="files">What was written.</param>
    /// <param name="checkpoint">Path of the network's file.</param>
    /// <param name="loadMs">Opening the checkpoint and loading its weights.</param>
    /// <param name="elapsedMs">The whole command.</param>
    /// <param name="terminal">Where to.</param>
    /// <param name="json">Whether as JSON.</param>
    public static void Print(
        SampleResult result, IReadOnlyList<string> files, string checkpoint, double loadMs, double elapsedMs, Terminal terminal, bool json)
    {
        if (result.Job.IsPreview)
        {
            terminal.Remark(
                "note: this model makes latents: the PNG is a false-colour preview, the samples are in the .safetensors and .npy; "
                + "give --vae FILE to decode them");
        }

        if (result.NonFiniteCount > 0)
        {
            terminal.Remark($"warning: {result.NonFiniteCount} values of the samples are not finite");
        }

        if (json)
        {
            terminal.Out.WriteLine(ToJson(result, files, checkpoint, loadMs, elapsedMs).ToJsonString(ReportJson.Options));
            return;
        }

        terminal.Out.WriteLine(files.Count <= 4 ? string.Join(", ", files) : $"{files[0]} ... {files[^1]} ({files.Count} files)");
        terminal.Out.WriteLine(RunLine(result, elapsedMs));
        if (result is { Decoded: { } decoded, Job.Decoding: { } decoding })
        {
            terminal.Out.WriteLine(DecodingLine(decoded, decoding));
        }

        terminal.Out.WriteLine(Units.Memory(result.Memory));
        if (result.Cost is { } cost)
        {
            terminal.Out.WriteLine(CacheLine(cost));
        }

        if (result.Comparison is { } comparison)
        {
            terminal.Out.WriteLine(ComparisonLine(comparison));
        }
    }

    /// <summary>The result as one object.</summary>
    /// <inheritdoc cref="Print"/>
    public static JsonObject ToJson(SampleResult result, IReadOnlyList<string> files, string checkpoint, double loadMs, double elapsedMs)
    {
        SampleJob job = result.Job;
        var report = new
        {
            Files = files,
            result.Facts,
            Checkpoint = checkpoint,
            Sampler = job.Sampler.Name,
            job.Request.Grid,
            job.Request.Steps,
            Evaluations = job.Sampler.Evaluations.Count,
            Images = job.Count,
            job.Batch,
            job.Batches,
            job.Classes.Classes,
            job.Request.Seed,
            Rng = SampleDescription.RngWord(job.Request),
            Guidance = SampleDescription.GuidanceWord(job.Guidance),
            job.CfgScale,
            Preview = job.IsPreview,
            job.Request.Vae,
            VaeTiles = job.Decoding?.Tiles,
            DecodeMs = result.Decoded?.Ms,
            result.NonFiniteCount,
            result.Cost,
            result.Comparison,
            result.Memory,
            result.Times,
            LoadMs = Math.Round(loadMs, 3),
            ElapsedMs = Math.Round(elapsedMs, 3),
        };
        return Terminal.Flatten(report, "facts", "cost", "comparison", "memory", "times");
    }

    private static string RunLine(SampleResult r, double elapsedMs) =>
        Invariant($"{Units.Of(r.Job.Count, "image")} by {r.Facts.Model} in {r.Times.SampleMs / 1000:0.0} s ({elapsedMs / 1000:0.0} s in all): ")
        + Invariant($"{Units.Of(r.Job.Sampler.Evaluations.Count, $"{r.Job.Sampler.Name} step")}, ")
        + Invariant($"{r.Job.Batches} x {Units.Of(r.Job.Batch, "image")}, {r.Times.EvaluationMs:0.0} ms per step, on {r.Facts.Device}");

    private static string DecodingLine(DecodedSamples decoded, LatentDecoding decoding)
    {
        string tiles = decoding.IsTiled ? $", each in {decoding.Tiles} tiles of {decoding.Tile} x {decoding.Tile} latents" : "";
        return Invariant($"decoded to {decoding.Side} x {decoding.Side} pixels in {decoded.Ms / 1000:0.0} s{tiles}");
    }

    private static string CacheLine(CacheCost c)
    {
        int all = c.CacheBranches, skipped = c.ReusedBranches + (c.DroppedBranches ?? 0);
        string what = Units.SkippedWord(skipped, c.ForecastBranches ?? 0, c.DroppedBranches ?? 0);
        return all == 0
            ? $"cache {c.Cache}: the schedule has no cache evaluations"
            : $"cache {c.Cache}: {skipped} of {all} branches of the cache evaluations {what} "
                + Invariant(
                    $"({100.0 * skipped / all:0.00} %), {100 * (1 - c.MacRatio):0.00} % of the MACs saved: ideal speed-up {c.IdealSpeedup:0.0000}");
    }

    private static string ComparisonLine(Comparison c)
    {
        string speedup = Invariant($"{c.ImageMs:0.00} instead of {c.UncachedImageMs:0.00} ms per image, speed-up {c.RealisedSpeedup:0.0000} ")
            + Invariant($"(median of {c.TimedRounds} interleaved rounds), {100 * c.RealisedToIdeal:0.0} % of the ideal");
        string psnr = c.Psnr is null ? "" : Invariant($", PSNR {c.Psnr:0.00} dB");
        return $"against no caching: {speedup}{psnr}" + (c.RelativeL2 is null ? "" : Invariant($", relative L2 {c.RelativeL2:0.0000}"));
    }
}
