using L2c.Kernels;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Runs;

namespace L2c;

/// <summary>Where the time of one batch goes. Times are wall time in milliseconds.</summary>
public sealed record ProfileResult
{
    /// <inheritdoc cref="BenchResult.Facts"/>
    public required RunFacts Facts { get; init; }

    /// <summary>Memory of the run.</summary>
    public required RunMemory Memory { get; init; }

    /// <summary>one of <see cref="Model.Samplers.SamplerCatalog.Names"/>.</summary>
    public required string Sampler { get; init; }

    /// <summary>Network calls of the run, guidance halves together.</summary>
    public required int Evaluations { get; init; }

    /// <summary>Images of the batch.</summary>
    public required int Images { get; init; }

    /// <summary>"none", "published" or "all".</summary>
    public required string Guidance { get; init; }

    /// <inheritdoc cref="BenchResult.Cache"/>
    public string? Cache { get; init; }

    /// <summary>See <see cref="RunCost.IdealSpeedup"/>, as <c>l2c sample</c> and <c>l2c inspect</c> tell it.</summary>
    public required double IdealSpeedup { get; init; }

    /// <summary>Runs that medians are over.</summary>
    public required int Repeat { get; init; }

    /// <summary>FMA peak measured in this process, see <see cref="FmaPeak"/>; null on CUDA.</summary>
    public double? FmaPeakGflops { get; init; }

    /// <inheritdoc cref="Peak.Spread"/>
    public double? FmaPeakSpread { get; init; }

    /// <summary>Peak of large matrix products measured in this process, see <see cref="MatmulPeak"/>; null on the CPU.</summary>
    public double? MatmulPeakGflops { get; init; }

    /// <summary>Side of the square matrices that reached it; null on the CPU.</summary>
    public int? MatmulPeakSide { get; init; }

    /// <summary>Median of whole runs that nobody observed, between the observed ones: noise and uploads included. On CUDA one graph launch.</summary>
    public required double RunMs { get; init; }

    /// <inheritdoc cref="BenchResult.GraphNodes"/>
    public int? GraphNodes { get; init; }

    /// <summary>MACs and bytes, done and saved.</summary>
    public required WorkRows Work { get; init; }

    /// <summary>All ops.</summary>
    public required ProfileRow Total { get; init; }

    /// <summary>By kind of op and part of the network, the longest first.</summary>
    public required IReadOnlyList<KindRow> Ops { get; init; }

    /// <summary>By evaluation, in sampling order.</summary>
    public required IReadOnlyList<EvaluationRow> PerEvaluation { get; init; }

    /// <summary>Every op's times.</summary>
    internal ProfileRecorder Recorder { get; private init; } = null!;

    /// <summary>Writes a run of median length as a Chrome trace, which Perfetto opens.</summary>
    public void WriteTrace(Stream stream)
    {
        string title = $"l2c: {Facts.Model}, {(Images == 1 ? "1 image" : $"{Images} images")}, {Facts.Device}";
        ChromeTrace.Write(stream, Recorder, Recorder.TypicalRun, title);
    }

    /// <summary>Plans a batch of a job, runs it to warm up, then observed and unobserved in turn.</summary>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    internal static ProfileResult Measure(SampleJob job, LoadedModel model, int repeat, TaskContext context)
    {
        const int warmUpRounds = 1;
        CacheSchedule schedule = job.Schedule;
        PeakMeter meter = new(model.Device);
        RunFacts facts = model.Facts;
        using SamplingRun run = job.Plan(model, schedule);
        ProfileRecorder recorder = new(run.Ops, repeat, warmUpRounds);
        Action step = context.Begin($"profile, {repeat} rounds", 2 * (repeat + warmUpRounds));
        var timing = InterleavedTiming.Measure([() => Run(null), Observe], repeat, warmUpRounds: warmUpRounds, cancel: context.Cancel);

        (OpInfo Op, double Ms)[] ops = [.. recorder.Ops.Select((op, i) => (op, recorder.MedianMs(i)))];
        double allMs = ops.Sum(o => o.Ms);
        Peak measured = meter.Finish(ops.Sum(o => o.Op.Flops) / allMs / 1e6);
        double peak = measured.Gflops;
        return new ProfileResult
        {
            Facts = facts,
            Memory = new RunMemory(model.Network.WeightBytes, run.RunBytes - run.CacheBytes, run.CacheBytes),
            Recorder = recorder,
            Sampler = job.Sampler.Name,
            Evaluations = schedule.Evaluations,
            Images = job.Batch,
            Guidance = SampleDescription.GuidanceWord(job.Guidance),
            Cache = job.Cache?.Text,
            IdealSpeedup = new RunCost(schedule, NetworkCost.Of(job.Architecture)).IdealSpeedup,
            Repeat = repeat,
            FmaPeakGflops = facts.IsCuda ? null : peak,
            FmaPeakSpread = measured.Spread,
            MatmulPeakGflops = facts.IsCuda ? peak : null,
            MatmulPeakSide = measured.MatmulSide,
            RunMs = timing.MedianMs(0),
            GraphNodes = facts.IsCuda ? run.Launches : null,
            Work = WorkRows.Of(
                schedule, new RunWork(run.Ops, schedule.Evaluations, schedule.Branches), job.OnPaper(model.Device, job.FullSchedule).Work),
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

        void Run(RunObserver? observer)
        {
            job.RunFirst(run, observer, context.Cancel);
            step();
        }

        void Observe()
        {
            recorder.NextRun();
            Run((in OpInfo _, long start, long end) => recorder.Record(start, end));
        }
    }
}
