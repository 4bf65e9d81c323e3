using System.Text.Json.Nodes;
using L2c.Cli.Output;
using L2c.Model.Runs;
using static System.FormattableString;

namespace L2c.Cli.Printing;

/// <summary>Tells how a run went: remarks on stderr, and on stdout a JSON object or a few lines for a person.</summary>
internal static class SampleSummary
{
    /// <summary>Tells on stderr, before weights are read, what is about to be sampled; nothing beside JSON.</summary>
    /// <param name="job">What.</param>
    /// <param name="terminal">Where to.</param>
    /// <param name="json">Whether the result will be JSON.</param>
    public static void Announce(SampleJob job, Terminal terminal, bool json)
    {
        if (json)
        {
            return;
        }

        string model = job.Request.Cache.IsOfDemo ? $"the demo model {job.Architecture.Name}" : job.Architecture.Name;
        string guidance = job.Guidance == Guidance.None ? "no guidance" : Invariant($"guidance {job.CfgScale}");
        string cache = job switch
        {
            { Cache: null or { Text: "none" } } => "without caching",
            { Schedule.ComputesAll: true, Cache.Text: var text } => $"without caching, as {text} reuses nothing",
            { Cache.Text: var text } => $"cached by {text}",
        };
        string compared = job.Request.Compare ? ", then compared with a run without caching" : "";
        terminal.Remark(
            $"l2c: sampling {Units.Of(job.Count, "image")} from {model}: {Units.Of(job.Sampler.Evaluations.Count, $"{job.Sampler.Name} step")}, "
            + $"{guidance}, {cache}{compared}");
        if (job is { Request.Compare: true, Schedule.ComputesAll: true })
        {
            terminal.Note("nothing to compare: this run computes everything, too, so the images are the same and their times differ by noise alone");
        }
    }

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
            terminal.Out.WriteLine(CacheLine(cost, result.Comparison is not null));
        }

        if (result is { Comparison: { } comparison, Cost.IdealSpeedup: var ideal })
        {
            terminal.Out.WriteLine(TimeLine(comparison, ideal));
            terminal.Out.WriteLine(DifferenceLine(comparison));
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
            result.Comparison?.Time,
            result.Memory,
            result.Times,
            LoadMs = Math.Round(loadMs, 3),
            ElapsedMs = Math.Round(elapsedMs, 3),
        };
        return Terminal.Flatten(report, "facts", "cost", "comparison", "time", "memory", "times");
    }

    private static string RunLine(SampleResult r, double elapsedMs)
    {
        int last = r.Job.Count - ((r.Job.Batches - 1) * r.Job.Batch);
        string batches = (r.Job.Batches, last == r.Job.Batch) switch
        {
            (1, _) => "one batch",
            (_, true) => $"{r.Job.Batches} batches of {r.Job.Batch}",
            (2, _) => $"batches of {r.Job.Batch} and {last}",
            var (all, _) => $"{all - 1} batches of {r.Job.Batch} and one of {last}",
        };
        string median = last == r.Job.Batch ? "median" : "median of full batches";
        return Invariant($"{Units.Of(r.Job.Count, "image")} by {r.Facts.Model} in {r.Times.SampleMs / 1000:0.0} s ({elapsedMs / 1000:0.0} s in all): ")
            + Invariant($"{batches}, {Units.Of(r.Job.Sampler.Evaluations.Count, $"{r.Job.Sampler.Name} step")}, {r.Times.EvaluationMs:0.0} ms per step ({median}), ")
            + $"on {r.Facts.Device}";
    }

    private static string DecodingLine(DecodedSamples decoded, LatentDecoding decoding)
    {
        string tiles = decoding.IsTiled ? $", each in {decoding.Tiles} tiles of {decoding.Tile} x {decoding.Tile} latents" : "";
        return Invariant($"decoded to {decoding.Side} x {decoding.Side} pixels in {decoded.Ms / 1000:0.0} s{tiles}");
    }

    private static string CacheLine(CacheCost c, bool isCompared)
    {
        int all = c.CacheBranches, skipped = c.ReusedBranches + (c.DroppedBranches ?? 0);
        if (all == 0 || skipped == 0)
        {
            return $"cache {c.Cache}: "
                + (all == 0 ? "nothing is reused; the schedule has no cache evaluations" : $"none of the {all} branches of the cache evaluations is reused");
        }

        string what = Units.SkippedWord(skipped, c.ForecastBranches, c.SegmentBranches, c.DroppedBranches);
        return Invariant($"cache {c.Cache}: {skipped} of {all} branches (attention or MLP of a block) of the cache evaluations {what}, ")
            + Invariant($"{100.0 * skipped / all:0.0} %; {100 * (1 - c.MacRatio):0.0} % of the MACs saved, ideally {c.IdealSpeedup:0.000} times as fast")
            + (isCompared ? "" : " (--compare measures it)");
    }

    /// <summary>Time of a comparison; a speed-up and its share of the ideal only where it is measurable.</summary>
    /// <remarks>One time alone: the ratio is of rounds run in turn, which the medians of either run, taken apart, may contradict on a busy machine.</remarks>
    /// <param name="c">The comparison.</param>
    /// <param name="ideal">See <see cref="CacheCost.IdealSpeedup"/>.</param>
    internal static string TimeLine(Comparison c, double ideal)
    {
        string times = Invariant($"without caching {c.UncachedImageMs:0.00} ms per image; ");
        return times + (c.Time.DifferenceMeasurable
            ? $"speed-up {RatioText.Derived(c.Time, ratio => 1 / ratio, "0.000")}, {RatioText.Derived(c.Time, ratio => 100 / ratio / ideal, "0' %'")} of the "
                + $"ideal, {RatioText.Level(c.Time)}"
            : RatioText.Of(c.Time));
    }

    private static string DifferenceLine(Comparison c) => c.RelativeL2 switch
    {
        0 => "the images equal those without caching",
        null => "the images cannot be compared with those without caching: values are not finite",
        { } distance => "difference from the images without caching: "
            + (c.Psnr is { } psnr ? Invariant($"PSNR {psnr:0.00} dB, ") : "") + Invariant($"relative L2 {distance:0.0000}"),
    };
}
