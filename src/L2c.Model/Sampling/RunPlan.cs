using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Diffusion;
using L2c.Model.Dit;

namespace L2c.Model.Sampling;

/// <summary>Everything decided about a run before it has memory: which network, sampler and schedule, and where reused outputs are kept.</summary>
internal sealed class RunPlan(DitModel model, Sampler sampler, CacheSchedule schedule, int images, SamplingOptions options)
{
    public DitModel Model { get; } = model;

    public Sampler Sampler { get; } = sampler;

    public CacheSchedule Schedule { get; } = schedule;

    public int Images { get; } = images;

    public SamplingOptions Options { get; } = options;

    public CacheSlots Slots { get; } = options.Switches.KeepOnlyReused || schedule.ComputesAll ? CacheSlots.Plan(schedule) : CacheSlots.KeepEverything(schedule);

    /// <summary>B.</summary>
    public int Rows => Options.Guidance.Rows(Images);

    /// <summary>Carves the run's memory.</summary>
    public RunBuffers Take(Arena arena) => RunBuffers.Take(arena, Model.Architecture, Sampler, Schedule, Slots, Images, Options);

    /// <summary>Every evaluation, ready to be enqueued.</summary>
    public RunStep[] Steps(RunBuffers buffers) => [.. Enumerable.Range(0, Sampler.Steps.Count).Select(e => new RunStep(this, buffers, e))];

    /// <summary>What the run would take with other switches: listed on memory that is only counted.</summary>
    public (long Bytes, long Flops, long RunBytes, int Ops) OnPaper(PlanSwitches switches)
    {
        var other = new RunPlan(Model, Sampler, Schedule, Images, Options with { Switches = switches });
        (long runBytes, RunBuffers buffers) = Arena.Count(Model.Device, "run on paper", other.Take);
        RunStep[] steps = other.Steps(buffers);
        IReadOnlyList<OpInfo> ops = Model.Device.List(() => Array.ForEach(steps, step => step.Enqueue()));
        return (ops.Sum(op => op.Bytes), ops.Sum(op => op.Flops), runBytes, ops.Count);
    }
}
