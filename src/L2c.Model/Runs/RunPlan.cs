using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Model.Runs;

/// <summary>Everything decided about a run before it has memory: which network, sampler and schedule, and where reused outputs are kept.</summary>
internal sealed class RunPlan(Network model, SamplerTable sampler, CacheSchedule schedule, int images, SamplingOptions options)
{
    public Network Model { get; } = model;

    public SamplerTable Sampler { get; } = sampler;

    public CacheSchedule Schedule { get; } = schedule;

    public int Images { get; } = images;

    public SamplingOptions Options { get; } = options;

    public CacheSlots Slots { get; } =
        options.Switches.KeepOnlyReused || schedule.ComputesAll ? CacheSlots.Plan(schedule) : CacheSlots.KeepEverything(schedule);

    /// <summary>What the slots are stored in.</summary>
    public DType CacheType => Options.CacheType ?? Model.Device.StorageType;

    /// <summary>Whether what is kept is a rounded copy, and not the output itself.</summary>
    public bool KeepsCopies => CacheType != Model.Device.StorageType;

    /// <summary>Where deltas are computed that are kept as copies; null where they are not.</summary>
    public DeltaMemory? Deltas => field ??= KeepsCopies ? DeltaMemory.Plan(Schedule, Slots) : null;

    /// <summary>B.</summary>
    public int Rows => Options.Guidance.Rows(Images);

    /// <summary>What the network's memory serves.</summary>
    public NetworkNeeds Needs => new(Images)
    {
        Guided = Options.Guidance != Guidance.None,
        Evaluations = Schedule.Evaluations,
        Schedule = Schedule,
        Switches = Options.Switches,
    };

    /// <summary>Carves the run's memory.</summary>
    public RunBuffers Take(Arena arena) => RunBuffers.Take(arena, this);

    /// <summary>Every evaluation, ready to be enqueued.</summary>
    public RunStep[] Steps(RunBuffers buffers) => [.. Enumerable.Range(0, Sampler.Evaluations.Count).Select(e => new RunStep(this, buffers, e))];

    /// <summary>A plan for a run that is known to be possible.</summary>
    /// <exception cref="ArgumentException">As <see cref="SamplingRun.Plan(Network, SamplerTable, CacheSchedule, int, SamplingOptions)"/>.</exception>
    public static RunPlan Checked(Network model, SamplerTable sampler, CacheSchedule schedule, int images, SamplingOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);
        TransformerArchitecture architecture = model.Architecture;
        schedule.RequireFits(sampler.Evaluations.Count, architecture.Branches);
        schedule.RequireSegmentsFit(model.Info);
        if (options.Guidance != Guidance.None && !architecture.HasNullClass)
        {
            throw new ArgumentException($"{architecture.Name} has no null class, so it cannot be guided; sample without guidance");
        }

        DType stored = model.Device.StorageType;
        if (options.CacheType is { } kept && kept != stored && (kept, stored) != (DType.BF16, DType.F32))
        {
            throw new ArgumentException(
                $"outputs computed in {stored} are not kept in {kept}: only fp32 is kept in another type, bf16; omit the type of the cache");
        }

        return sampler.LearnsVariance && !architecture.PredictsVariance
            ? throw new ArgumentException($"{architecture.Name} does not predict a variance; use the sampler with fixed variance")
            : new RunPlan(model, sampler, schedule, images, options);
    }

    /// <summary>The same run with another schedule.</summary>
    public RunPlan With(CacheSchedule other) => new(Model, Sampler, other, Images, Options);

    /// <summary>The same run with other switches.</summary>
    public RunPlan With(PlanSwitches switches) => new(Model, Sampler, Schedule, Images, Options with { Switches = switches });
}
