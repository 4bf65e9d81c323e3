using L2c.Cli.Devices;
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

    /// <summary>Threads that computed; null on CUDA.</summary>
    public int? Threads { get; init; }

    /// <summary>Storage type of weights and activations, as <c>--dtype</c> has it.</summary>
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

    /// <summary>What was reused, see <see cref="CacheChoice.Text"/>; null, as all up to <see cref="Work"/>, without a word on caching.</summary>
    public string? Cache { get; init; }

    /// <summary>Branches of the run whose output came from an earlier evaluation.</summary>
    public int? ReusedBranches { get; init; }

    /// <summary>Branches of the run that contributed nothing, by a rule that drops them.</summary>
    public int? DroppedBranches { get; init; }

    /// <summary>Branches of all cache evaluations.</summary>
    public int? CacheBranches { get; init; }

    /// <summary>Multiply-accumulates of one image and one half of guidance with every branch computed, attention products included.</summary>
    public long? MacsBefore { get; init; }

    /// <summary>As <see cref="MacsBefore"/>, under the schedule.</summary>
    public long? MacsAfter { get; init; }

    /// <summary>As <see cref="MacsBefore"/>, linear layers only.</summary>
    public long? MacsBeforeWithoutProducts { get; init; }

    /// <summary>As <see cref="MacsAfter"/>, linear layers only.</summary>
    public long? MacsAfterWithoutProducts { get; init; }

    /// <summary>MACs after over before.</summary>
    public double? MacRatio { get; init; }

    /// <summary>MACs before over after: the speed-up if time were proportional to MACs.</summary>
    public double? IdealSpeedup { get; init; }

    /// <summary>What the ops of a full batch do.</summary>
    public BatchWork? Work { get; init; }

    /// <summary>See <see cref="Comparison.Psnr"/>; null, as all that follow on the comparison, unless asked for.</summary>
    public double? Psnr { get; init; }

    /// <summary>See <see cref="Comparison.RelativeL2"/>.</summary>
    public double? RelativeL2 { get; init; }

    /// <summary>See <see cref="Comparison.ImageMs"/>.</summary>
    public double? ImageMs { get; init; }

    /// <summary>See <see cref="Comparison.UncachedImageMs"/>.</summary>
    public double? UncachedImageMs { get; init; }

    /// <summary>See <see cref="Comparison.TimeRatio"/>.</summary>
    public double? TimeRatio { get; init; }

    /// <summary>One over <see cref="TimeRatio"/>: speed-up against the run without caching, both planned in full.</summary>
    public double? RealisedSpeedup { get; init; }

    /// <summary><see cref="RealisedSpeedup"/> over <see cref="IdealSpeedup"/>.</summary>
    public double? RealisedToIdeal { get; init; }

    /// <summary>Interleaved rounds that <see cref="TimeRatio"/> is the median of.</summary>
    public int? TimedRounds { get; init; }

    /// <summary>Memory of the weights on the device.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Memory of a batch beside weights and cache slots: inputs, activations, modulations.</summary>
    public required long WorkspaceBytes { get; init; }

    /// <summary>Memory of the cache slots, which keep branch outputs for later evaluations.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>Weights, workspace and cache slots: all that the run has on the device. A comparison plans a second run beside it.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>From the start of the process to the start of the first evaluation.</summary>
    public required double StartMs { get; init; }

    /// <summary>Opening the checkpoint and loading its weights.</summary>
    public required double LoadMs { get; init; }

    /// <summary>Planning and all evaluations.</summary>
    public required double SampleMs { get; init; }

    /// <summary>Planning the run of a full batch; part of <see cref="SampleMs"/>.</summary>
    public required double PlanMs { get; init; }

    /// <summary>Median over the evaluations of full batches; where a batch is one CUDA graph, over the batches' means.</summary>
    public required double EvaluationMs { get; init; }

    /// <summary>The whole command.</summary>
    public required double ElapsedMs { get; init; }

    /// <summary>Collects the facts of a finished run; times are rounded to microseconds.</summary>
    public static SampleReport Of(
        SampleJob job, DitModel model, string checkpoint, SampleResult result, Comparison? comparison,
        IReadOnlyList<string> files, double loadMs, double elapsedMs)
    {
        RunCost? cost = job.Cache is null ? null : new RunCost(job.Schedule, NetworkCost.Of(job.Architecture));
        double? realised = 1 / comparison?.TimeRatio;
        var device = DeviceFacts.Of(model.Device);
        return new SampleReport
        {
            Files = files,
            Model = job.Architecture.Name,
            Checkpoint = checkpoint,
            Device = device.Name,
            Threads = device.Threads,
            Dtype = device.Dtype,
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
            MacsBefore = cost?.MacsBefore,
            MacsAfter = cost?.MacsAfter,
            MacsBeforeWithoutProducts = cost?.MacsBeforeWithoutProducts,
            MacsAfterWithoutProducts = cost?.MacsAfterWithoutProducts,
            MacRatio = cost is null ? null : (double)cost.MacsAfter / cost.MacsBefore,
            IdealSpeedup = cost?.IdealSpeedup,
            Work = job.Cache is null ? null : BatchWork.Of(job, model.Device),
            Psnr = comparison?.Psnr,
            RelativeL2 = comparison?.RelativeL2,
            ImageMs = comparison is null ? null : Math.Round(comparison.ImageMs, 3),
            UncachedImageMs = comparison is null ? null : Math.Round(comparison.UncachedImageMs, 3),
            TimeRatio = comparison?.TimeRatio,
            RealisedSpeedup = realised,
            RealisedToIdeal = realised / cost?.IdealSpeedup,
            TimedRounds = comparison is null ? null : Comparison.TimedRounds,
            WeightBytes = model.WeightBytes,
            WorkspaceBytes = result.RunBytes - result.CacheBytes,
            CacheBytes = result.CacheBytes,
            PeakBytes = model.WeightBytes + result.RunBytes,
            StartMs = Math.Round(result.StartMs),
            LoadMs = Math.Round(loadMs, 3),
            SampleMs = Math.Round(result.SampleMs, 3),
            PlanMs = Math.Round(result.PlanMs, 3),
            EvaluationMs = Math.Round(result.EvaluationMs, 3),
            ElapsedMs = Math.Round(elapsedMs, 3),
        };
    }
}
