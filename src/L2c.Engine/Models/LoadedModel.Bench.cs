using System.Diagnostics;
using L2c.Model.Accounting;
using L2c.Model.Runs;

namespace L2c;

public sealed partial class LoadedModel
{
    // How long the runs that are not measured go on at least: a GPU's clocks take their time to rise.
    private static readonly TimeSpan _warmUp = TimeSpan.FromMilliseconds(500);

    /// <summary>Measures one call of the network, planned once and replayed.</summary>
    /// <param name="batch">Rows of the batch, each an image with its own timestep and class.</param>
    /// <param name="repeat">Runs that are measured, after at least two and half a second that are not.</param>
    /// <param name="cancel">Looked at between runs.</param>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    public BenchResult BenchForward(int batch = 8, int repeat = 15, CancellationToken cancel = default) =>
        Exclusively(PlannedForward.Demand(Architecture, batch), () =>
    {
        var peak = Peak.Measure(Device);
        bool graph = Choice.OneSequence;
        long began = Stopwatch.GetTimestamp();
        using var forward = PlannedForward.Plan(Network, batch, record: Choice.Graph, parts: graph);
        double planMs = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        Action[] contestants = graph ? [forward.Run, forward.RunProducts] : [forward.Run];
        var timing = InterleavedTiming.Measure(contestants, repeat, _warmUp, cancel: cancel);
        long flops = forward.Ops.Sum(op => op.Flops);
        return BenchResult.Of(this, peak, batch, flops, forward.Bytes, timing.Milliseconds[0], planMs, forward.ReadOutput()) with
        {
            GraphNodes = graph ? forward.Launches : null,
            LaunchesPerBlock = forward.LaunchesPerBlock,
            ProductsMs = graph ? Math.Round(timing.MedianMs(1), 4) : null,
        };
    });

    /// <summary>Measures a whole batch; with a schedule, in turn with the same batch that computes everything.</summary>
    /// <param name="job">Its first batch is run.</param>
    /// <param name="repeat">Runs that are measured, after at least two and half a second that are not; of two contestants an even number.</param>
    /// <param name="cancel">Looked at before every evaluation.</param>
    /// <exception cref="InsufficientMemoryException">There is too little memory.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    public BenchResult BenchSample(SampleJob job, int repeat = 8, CancellationToken cancel = default) => Exclusively(job.BenchDemand, () =>
    {
        var peak = Peak.Measure(Device);
        long began = Stopwatch.GetTimestamp();
        using SamplingRun run = job.Plan(this, job.Schedule);
        double planMs = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        using SamplingRun? full = job.Cache is null ? null : job.Plan(this, job.FullSchedule);
        SamplingRun[] runs = full is null ? [run] : [run, full];

        // A multiple of the contestants, so that each goes first equally often.
        int rounds = (repeat + runs.Length - 1) / runs.Length * runs.Length;
        var timing = InterleavedTiming.Measure(
            [.. runs.Select<SamplingRun, Action>(planned => () => job.RunFirst(planned, null, cancel))], rounds, _warmUp, cancel: cancel);
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
        double time = timing.MedianRatio(0, 1), macs = (double)cost.MacsAfter / cost.MacsBefore;
        return result with { FullMedianMs = Math.Round(timing.MedianMs(1), 4), TimeRatio = time, MacRatio = macs, TimeToMacRatio = time / macs };
    });

    /// <inheritdoc cref="BenchForward"/>
    public Task<BenchResult> BenchForwardAsync(int batch = 8, int repeat = 15, CancellationToken cancel = default) =>
        Background.Run(() => BenchForward(batch, repeat, cancel), cancel);

    /// <inheritdoc cref="BenchSample"/>
    public Task<BenchResult> BenchSampleAsync(SampleJob job, int repeat = 8, CancellationToken cancel = default) =>
        Background.Run(() => BenchSample(job, repeat, cancel), cancel);
}
