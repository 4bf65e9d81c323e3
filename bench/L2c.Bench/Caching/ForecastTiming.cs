using L2c.Kernels;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Caching.Forecasts;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;

namespace L2c.Bench.Caching;

/// <summary>A run of forecasts or segments, the same run uncached and a copy of memory, in turn: it may cost what moving its terms and deltas
/// costs and no more.</summary>
/// <param name="Name">The rule, or the method with its parameter.</param>
/// <param name="ExtraBytes">What the run's ops read and write beyond a run that reuses where this one forecasts, and drops where it replaces
/// segments.</param>
/// <param name="MacShare">Multiply-accumulates over those of the uncached run.</param>
/// <param name="Forecast">Time of the run, in ms.</param>
/// <param name="TimeShares">Time over that of the uncached run, round by round.</param>
/// <param name="CopyRates">Bytes per ms that a copy reads and writes, round by round.</param>
/// <param name="Bounds">What <paramref name="TimeShares"/> may be, round by round.</param>
internal sealed record ForecastTiming(
    string Name, long ExtraBytes, double MacShare, Quartiles Forecast, MedianInterval TimeShares, Quartiles CopyRates, Quartiles Bounds)
{
    // Larger than caches that two cores share.
    private const int CopiedFloats = 16 << 20;

    /// <summary>Measures.</summary>
    /// <param name="model">On the CPU.</param>
    /// <param name="name">What the schedule is called.</param>
    /// <param name="schedule">Any, for the sampler.</param>
    /// <param name="sampler">DDIM.</param>
    /// <param name="labels">One per image.</param>
    /// <param name="cfgScale">Guidance.</param>
    /// <param name="rounds">Rounds that are measured.</param>
    /// <param name="slack">What the share of the time may be of the share of the multiply-accumulates, before the terms' bytes.</param>
    /// <param name="cancel">Looked at between runs.</param>
    public static ForecastTiming Measure(
        LoadedModel model,
        string name,
        CacheSchedule schedule,
        SamplerTable sampler,
        int[] labels,
        float cfgScale,
        int rounds,
        double slack,
        CancellationToken cancel)
    {
        CacheSchedule reuse = ForecastSources.WithTerms(
            schedule, (e, b) => schedule.Action(e, b) is BranchAction.Segment or BranchAction.Drop ? [] : null);
        using SamplingRun full = Plan(CacheSchedule.Full(schedule.Evaluations, schedule.Branches)), forecast = Plan(schedule), reused = Plan(reuse);
        long extra = OpWork.Of(forecast.Ops).Bytes - OpWork.Of(reused.Ops).Bytes;
        RunCost cost = new(schedule, NetworkCost.Of(model.Architecture));
        double macs = (double)cost.MacsAfter / cost.MacsBefore;

        CounterNoiseSource noise = new(seed: 0);
        float[] source = new float[CopiedFloats], destination = new float[CopiedFloats];
        int threads = ((CpuDevice)model.Device).Threads;
        var timing = InterleavedTiming.Measure(
            [() => full.Run(labels, cfgScale, noise), () => forecast.Run(labels, cfgScale, noise), Copy], rounds, cancel: cancel);
        double[] rates = [.. timing.Milliseconds[2].Select(ms => 2L * sizeof(float) * CopiedFloats / ms)];
        double[] bounds = [.. timing.Milliseconds[0].Zip(rates, (fullMs, rate) => (slack * macs) + (extra / rate / fullMs))];
        return new ForecastTiming(
            name,
            extra,
            macs,
            Quartiles.Of(timing.Milliseconds[1]),
            MedianInterval.Of(timing.Ratios(1, 0)),
            Quartiles.Of(rates),
            Quartiles.Of(bounds));

        SamplingRun Plan(CacheSchedule schedule) => SamplingRun.Plan(model.Network, sampler, schedule, labels.Length, new SamplingOptions());

        void Copy() => Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            int share = CopiedFloats / threads;
            source.AsSpan(i * share, share).CopyTo(destination.AsSpan(i * share, share));
        });
    }
}
