using System.Diagnostics;
using L2c.Model.Accounting;
using L2c.Model.Runs;

namespace L2c;

public sealed partial class LoadedModel
{
    // How long the rounds that are not timed go on at least, unless their number is given: a GPU's clocks take their time to rise.
    private static readonly TimeSpan _warmUp = TimeSpan.FromMilliseconds(500);

    /// <summary>Measures one call of the network, planned once and replayed.</summary>
    /// <param name="batch">Rows of the batch, each an image with its own timestep and class.</param>
    /// <param name="repeat">Rounds that are timed; each is one run.</param>
    /// <param name="warmUp">Rounds before them that are not timed; null for at least two, and half a second.</param>
    /// <param name="cancel">Looked at between runs.</param>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    public BenchResult BenchForward(int batch = 8, int repeat = 15, int? warmUp = null, CancellationToken cancel = default) =>
        Exclusively(PlannedForward.Demand(Architecture, batch), () =>
    {
        PeakMeter peak = new(Device);
        bool graph = Choice.OneSequence;
        long began = Stopwatch.GetTimestamp();
        using var forward = PlannedForward.Plan(Network, batch, record: Choice.Graph, parts: graph);
        double planMs = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        Action[] contestants = graph ? [forward.Run, forward.RunProducts] : [forward.Run];
        var timing = Measure(contestants, repeat, warmUp, cancel);
        long flops = forward.Ops.Sum(op => op.Flops);
        return BenchResult.Of(this, peak, batch, flops, forward.Bytes, timing.Milliseconds[0], planMs, forward.ReadOutput()) with
        {
            GraphNodes = graph ? forward.Launches : null,
            LaunchesPerBlock = forward.LaunchesPerBlock,
            ProductsMs = graph ? Math.Round(timing.MedianMs(1), 4) : null,
            ProductsTime = graph ? PairedRatio.Of(timing, 1, 0) : null,
        };
    });

    /// <summary>Measures a whole batch; with a schedule, in turn with the same batch that computes everything.</summary>
    /// <param name="job">Its first batch is run.</param>
    /// <param name="repeat">Rounds that are timed; with a schedule an odd number is raised by one, so that each run goes first equally often.</param>
    /// <param name="warmUp">Rounds before them that are not timed; null for at least two, and half a second.</param>
    /// <param name="cancel">Looked at before every evaluation.</param>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    public BenchResult BenchSample(
        SampleJob job, int repeat = InterleavedTiming.DefaultRounds, int? warmUp = null, CancellationToken cancel = default) =>
        Exclusively(job.BenchDemand, () =>
    {
        PeakMeter peak = new(Device);
        long began = Stopwatch.GetTimestamp();
        using SamplingRun run = job.Plan(this, job.Schedule);
        double planMs = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        using SamplingRun? full = job.Cache is null ? null : job.Plan(this, job.FullSchedule);
        SamplingRun[] runs = full is null ? [run] : [run, full];
        int rounds = InterleavedTiming.Balanced(repeat, runs.Length);
        var timing = Measure([.. runs.Select<SamplingRun, Action>(planned => () => job.RunFirst(planned, null, cancel))], rounds, warmUp, cancel);
        float[] samples = new float[run.StateShape.Count];
        run.ReadState(samples);
        long flops = job.OnPaper(Device, run.Schedule).Ops.Sum(op => op.Flops);
        BenchResult result = BenchResult.Of(this, peak, job.Batch, flops, run.RunBytes, timing.Milliseconds[0], planMs, samples) with
        {
            Evaluations = job.Sampler.Evaluations.Count,
            CfgScale = job.CfgScale,
            Cache = job.Cache?.Text,
            GraphNodes = Choice.OneSequence ? run.Launches : null,
        };
        if (full is null)
        {
            return result;
        }

        RunCost cost = new(job.Schedule, NetworkCost.Of(job.Architecture));
        var time = PairedRatio.Of(timing, 0, 1, identicalPlans: job.Schedule.ComputesAll);
        double macs = (double)cost.MacsAfter / cost.MacsBefore;
        return result with
        {
            FullMedianMs = Math.Round(timing.MedianMs(1), 4),
            Time = time,
            MacRatio = macs,
            TimeToMacRatio = time.TimeRatio / macs,
        };
    });

    /// <inheritdoc cref="BenchForward"/>
    public Task<BenchResult> BenchForwardAsync(int batch = 8, int repeat = 15, int? warmUp = null, CancellationToken cancel = default) =>
        Background.Run(() => BenchForward(batch, repeat, warmUp, cancel), cancel);

    /// <inheritdoc cref="BenchSample"/>
    public Task<BenchResult> BenchSampleAsync(
        SampleJob job, int repeat = InterleavedTiming.DefaultRounds, int? warmUp = null, CancellationToken cancel = default) =>
        Background.Run(() => BenchSample(job, repeat, warmUp, cancel), cancel);

    private static InterleavedTiming Measure(IReadOnlyList<Action> contestants, int rounds, int? warmUp, CancellationToken cancel) =>
        InterleavedTiming.Measure(
            contestants, rounds, warmUp is null ? _warmUp : default, warmUp ?? InterleavedTiming.DefaultWarmUp, cancel: cancel);
}
