using System.Globalization;
using L2c.Cli.Output;
using L2c.Model.Accounting;
using L2c.Model.Dit;

namespace L2c.Cli.Sampling;

/// <summary>What <c>l2c sample --json</c> prints. Times are wall time.</summary>
internal sealed record SampleReport
{
    /// <summary>Everything written, see <see cref="SampleFiles.Write"/>.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Path of the checkpoint.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>As <c>cpu (AVX-512, 2 threads)</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Threads that computed.</summary>
    public required int Threads { get; init; }

    /// <summary>Storage and arithmetic.</summary>
    public required string Dtype { get; init; }

    /// <summary>"ddim" or "ddpm".</summary>
    public required string Sampler { get; init; }

    /// <summary>Respacing as given.</summary>
    public required string Steps { get; init; }

    /// <summary>Network calls per batch, guidance halves together.</summary>
    public required int Evaluations { get; init; }

    /// <summary>N.</summary>
    public required int Images { get; init; }

    /// <summary>Images per batch.</summary>
    public required int Batch { get; init; }

    /// <summary>Number of batches.</summary>
    public required int Batches { get; init; }

    /// <summary>Classes in turn.</summary>
    public required IReadOnlyList<int> Classes { get; init; }

    /// <summary>Seed of all noise.</summary>
    public required ulong Seed { get; init; }

    /// <summary>"l2c" or "torch".</summary>
    public required string Rng { get; init; }

    /// <summary>"none", "published" or "all".</summary>
    public required string Guidance { get; init; }

    /// <summary>Guidance scale.</summary>
    public required double CfgScale { get; init; }

    /// <summary>Whether the pictures are false-colour previews of latents.</summary>
    public required bool Preview { get; init; }

    /// <summary>Sample values that are not finite: 0 unless the model or the noise is broken.</summary>
    public required int NonFiniteCount { get; init; }

    /// <summary>What was reused, see <see cref="CacheChoice.Text"/>; null when nothing was said about caching, as all that follow on caching.</summary>
    public string? Cache { get; init; }

    /// <summary>Branches of the run whose output came from an earlier evaluation.</summary>
    public int? ReusedBranches { get; init; }

    /// <summary>Branches of the run that contributed nothing, by a rule that drops them.</summary>
    public int? DroppedBranches { get; init; }

    /// <summary>Branches of all cache evaluations.</summary>
    public int? CacheBranches { get; init; }

    /// <summary>Memory that keeps branch outputs; part of <see cref="WorkspaceBytes"/>.</summary>
    public long? CacheBytes { get; init; }

    /// <summary>Multiply-accumulates of one image and one half of guidance with every branch computed, attention products included.</summary>
    public long? MacsBefore { get; init; }

    /// <summary>As <see cref="MacsBefore"/>, under the schedule.</summary>
    public long? MacsAfter { get; init; }

    /// <summary>After over before.</summary>
    public double? MacRatio { get; init; }

    /// <summary>See <see cref="Comparison.Psnr"/>; null, as all that follow on the comparison, unless asked for.</summary>
    public double? Psnr { get; init; }

    /// <summary>See <see cref="Comparison.RelativeL2"/>.</summary>
    public double? RelativeL2 { get; init; }

    /// <summary>See <see cref="Comparison.TimeRatio"/>.</summary>
    public double? TimeRatio { get; init; }

    /// <summary>Interleaved rounds that <see cref="TimeRatio"/> is the median of.</summary>
    public int? TimedRounds { get; init; }

    /// <summary>Memory of the weights on the device.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Memory of a batch beside the weights.</summary>
    public required long WorkspaceBytes { get; init; }

    /// <summary>Opening the checkpoint and loading its weights.</summary>
    public required double LoadMs { get; init; }

    /// <summary>Planning and all evaluations.</summary>
    public required double SampleMs { get; init; }

    /// <summary>Median over the evaluations of full batches.</summary>
    public required double EvaluationMs { get; init; }

    /// <summary>The whole command.</summary>
    public required double ElapsedMs { get; init; }

    /// <summary>Collects the facts of a finished run; times are rounded to microseconds.</summary>
    public static SampleReport Of(
        SampleJob job, DitModel model, int threads, string checkpoint, SampleResult result, Comparison? comparison,
        IReadOnlyList<string> files, double loadMs, double elapsedMs) => new()
        {
            Files = files,
            Model = job.Architecture.Name,
            Checkpoint = checkpoint,
            Device = model.Device.Name,
            Threads = threads,
            Dtype = "fp32",
            Sampler = job.Sampler.Name,
            Steps = job.Request.Steps,
            Evaluations = job.Sampler.Steps.Count,
            Images = job.Count,
            Batch = job.Batch,
            Batches = job.Batches,
            Classes = job.Classes.Classes,
            Seed = job.Request.Seed,
            Rng = job.Request.TorchNoise ? "torch" : "l2c",
            Guidance = SampleParameters.GuidanceWord(job.Guidance),
            CfgScale = job.CfgScale,
            Preview = !job.Architecture.PixelSpace,
            NonFiniteCount = result.Samples.Count(value => !float.IsFinite(value)),
            Cache = job.Cache?.Text,
            ReusedBranches = job.Cache?.Reused,
            DroppedBranches = job.Cache is { Dropped: > 0 } ? job.Cache.Dropped : null,
            CacheBranches = job.Cache?.Schedule.CacheBranches,
            CacheBytes = job.Cache is null ? null : result.CacheBytes,
            MacsBefore = Cost(job)?.MacsBefore,
            MacsAfter = Cost(job)?.MacsAfter,
            MacRatio = Cost(job) is { } cost ? (double)cost.MacsAfter / cost.MacsBefore : null,
            Psnr = comparison?.Psnr,
            RelativeL2 = comparison?.RelativeL2,
            TimeRatio = comparison?.TimeRatio,
            TimedRounds = comparison is null ? null : Comparison.TimedRounds,
            WeightBytes = model.WeightBytes,
            WorkspaceBytes = result.WorkspaceBytes,
            LoadMs = Math.Round(loadMs, 3),
            SampleMs = Math.Round(result.SampleMs, 3),
            EvaluationMs = Math.Round(result.EvaluationMs, 3),
            ElapsedMs = Math.Round(elapsedMs, 3),
        };

    /// <summary>Prints remarks on stderr, and on stdout the JSON object or two lines for a person.</summary>
    public void Print(Terminal terminal, bool json)
    {
        if (Preview)
        {
            terminal.Err.WriteLine(
                "l2c: note: this model makes latents and there is no decoder yet: the PNG is a false-colour preview, "
                + "the samples are in the .safetensors and .npy");
        }

        if (NonFiniteCount > 0)
        {
            terminal.Err.WriteLine($"l2c: warning: {NonFiniteCount} values of the samples are not finite");
        }

        if (json)
        {
            terminal.PrintJson(this);
            return;
        }

        string files = Files.Count <= 4 ? string.Join(", ", Files) : $"{Files[0]} ... {Files[^1]} ({Files.Count} files)";
        terminal.Out.WriteLine(files);
        terminal.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Images} images by {Model} in {ElapsedMs / 1000:0.0} s: {Evaluations} {Sampler} steps, {Batches} x {Batch} images, {EvaluationMs:0.0} ms per step, on {Device}"));
        if (Cache is not null)
        {
            terminal.Out.WriteLine(CacheLine());
        }

        if (TimeRatio is not null)
        {
            terminal.Out.WriteLine(ComparisonLine());
        }
    }

    private static RunCost? Cost(SampleJob job) => job.Cache is null ? null : new RunCost(job.Schedule, NetworkCost.Of(job.Architecture));

    private string ComparisonLine()
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        string times = string.Create(culture, $"{TimeRatio:0.000} of the time (median of {TimedRounds} interleaved rounds), {MacRatio:0.000} of the MACs");
        string psnr = Psnr is null ? "" : string.Create(culture, $", PSNR {Psnr:0.00} dB");
        return $"against no caching: {times}{psnr}" + (RelativeL2 is null ? "" : string.Create(culture, $", relative L2 {RelativeL2:0.0000}"));
    }

    private string CacheLine()
    {
        int all = CacheBranches!.Value, skipped = ReusedBranches!.Value + (DroppedBranches ?? 0);
        string what = DroppedBranches is null ? "reused" : "dropped";
        return all == 0
            ? $"cache {Cache}: the schedule has no cache evaluations"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"cache {Cache}: {skipped} of {all} branches of the cache evaluations {what} ({100.0 * skipped / all:0.00} %), {100 * (1 - MacRatio):0.00} % of the MACs saved");
    }
}
