using System.Diagnostics;
using L2c.Cli.Devices;
using L2c.Cli.Sampling;
using L2c.Kernels;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Dit;
using L2c.Model.Sampling;

namespace L2c.Cli.Profiling;

/// <summary>What <c>l2c profile --json</c> prints. Times are wall time in milliseconds, of one batch.</summary>
internal sealed record ProfileReport
{
    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>As <c>cpu (AVX-512, 2 threads)</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Storage type of weights and activations, as <c>--dtype</c> has it.</summary>
    public required string Dtype { get; init; }

    /// <summary>Threads that computed; null on CUDA.</summary>
    public int? Threads { get; init; }

    /// <summary>"ddim" or "ddpm".</summary>
    public required string Sampler { get; init; }

    /// <summary>Network calls of the run, guidance halves together.</summary>
    public required int Evaluations { get; init; }

    /// <summary>Images of the batch.</summary>
    public required int Images { get; init; }

    /// <summary>"none", "published" or "all".</summary>
    public required string Guidance { get; init; }

    /// <summary>What is reused, see <see cref="CacheChoice.Text"/>; null when nothing was said about caching.</summary>
    public string? Cache { get; init; }

    /// <summary>See <see cref="RunCost.IdealSpeedup"/>, as <c>l2c sample</c> and <c>l2c inspect</c> tell it.</summary>
    public required double IdealSpeedup { get; init; }

    /// <summary>Runs that medians are over.</summary>
    public required int Repeat { get; init; }

    /// <summary>FMA peak measured in this process, see <see cref="FmaPeak"/>; null on CUDA.</summary>
    public double? FmaPeakGflops { get; init; }

    /// <summary>Peak of large matrix products measured in this process, see <see cref="MatmulPeak"/>; null on the CPU.</summary>
    public double? MatmulPeakGflops { get; init; }

    /// <summary>Side of the square matrices that reached it; null on the CPU.</summary>
    public int? MatmulPeakSide { get; init; }

    /// <summary>Median of whole runs that nobody observed, between the observed ones: noise and uploads included. On CUDA one graph launch.</summary>
    public required double RunMs { get; init; }

    /// <summary>Nodes of the graph of one run; null on the CPU.</summary>
    public int? GraphNodes { get; init; }

    /// <summary>Memory of the weights.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Memory of the run beside weights and cache slots: inputs, activations, modulations.</summary>
    public required long WorkspaceBytes { get; init; }

    /// <summary>Memory of the cache slots, which keep branch outputs for later evaluations.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>Weights, workspace and cache slots together.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>MACs and bytes, done and saved.</summary>
    public required WorkRows Work { get; init; }

    /// <summary>All ops.</summary>
    public required ProfileRow Total { get; init; }

    /// <summary>By kind of op and part of the network, the longest first.</summary>
    public required IReadOnlyList<KindRow> Ops { get; init; }

    /// <summary>By evaluation, in sampling order.</summary>
    public required IReadOnlyList<EvaluationRow> PerEvaluation { get; init; }

    /// <summary>Plans a batch of a job, runs it once to warm up, then observed and unobserved in turn.</summary>
    /// <returns>The sums, and every op's times.</returns>
    /// <exception cref="OperationCanceledException">The user stopped it.</exception>
    public static (ProfileReport Report, ProfileRecorder Recorder) Measure(
        SampleJob job, DitModel model, Device device, int repeat, CancellationToken cancel)
    {
        CacheSchedule schedule = job.Schedule;
        Peak measured = DeviceFacts.MeasurePeak(device);
        double peak = measured.Gflops;
        var facts = DeviceFacts.Of(device);
        using SamplingRun run = SamplingRun.Plan(model, job.Sampler, schedule, job.Batch, job.Options);
        ProfileRecorder recorder = new(run.Ops, repeat);
        Run(null);
        double[] runMs = new double[repeat];
        for (int i = 0; i < repeat; i++)
        {
            long began = Stopwatch.GetTimestamp();
            Run(null);
            runMs[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            recorder.NextRun();
            Run((in OpInfo _, long start, long end) => recorder.Record(start, end));
        }

        (OpInfo Op, double Ms)[] ops = [.. recorder.Ops.Select((op, i) => (op, recorder.MedianMs(i)))];
        double allMs = ops.Sum(o => o.Ms);
        ProfileReport report = new()
        {
            Model = job.Architecture.Name,
            Device = facts.Name,
            Dtype = facts.Dtype,
            Threads = facts.Threads,
            Sampler = job.Sampler.Name,
            Evaluations = schedule.Evaluations,
            Images = job.Batch,
            Guidance = SampleParameters.GuidanceWord(job.Guidance),
            Cache = job.Cache?.Text,
            IdealSpeedup = new RunCost(schedule, NetworkCost.Of(job.Architecture)).IdealSpeedup,
            Repeat = repeat,
            FmaPeakGflops = facts.IsCuda ? null : peak,
            MatmulPeakGflops = facts.IsCuda ? peak : null,
            MatmulPeakSide = measured.MatmulSide,
            RunMs = Median.Of(runMs),
            GraphNodes = facts.IsCuda ? run.Launches : null,
            WeightBytes = model.WeightBytes,
            WorkspaceBytes = run.RunBytes - run.CacheBytes,
            CacheBytes = run.CacheBytes,
            PeakBytes = model.WeightBytes + run.RunBytes,
            Work = WorkRows.Of(
                schedule, new RunWork(run.Ops, schedule.Evaluations, schedule.Branches), BatchWork.OnPaper(job, device, job.FullSchedule).Work),
            Total = ProfileRow.Of(ops, allMs, peak),
            Ops = [.. ops.GroupBy(o => (o.Op.Name, Place: OpPlace.Of(o.Op.Scope)))
                .Select(g => new KindRow(g.Key.Name, g.Key.Place, ProfileRow.Of([.. g], allMs, peak)))
                .OrderByDescending(row => row.Total.Ms)],
            PerEvaluation = [.. ops.GroupBy(o => o.Op.Scope.Evaluation).OrderBy(g => g.Key).Select(g => new EvaluationRow(
                g.Key,
                g.Key < 0 ? 0 : schedule.Branches - schedule.Skipped(g.Key),
                g.Key < 0 ? 0 : schedule.Skipped(g.Key),
                ProfileRow.Of([.. g], allMs, peak)))],
        };
        return (report, recorder);

        void Run(RunObserver? observer) => run.Run(job.Labels.AsSpan(0, job.Batch), (float)job.CfgScale, job.Noise(0), null, observer, cancel: cancel);
    }
}
