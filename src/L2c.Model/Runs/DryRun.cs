using L2c.Kernels;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Model.Runs;

/// <summary>A run planned and listed on paper: memory is counted instead of allocated, no weight is read and nothing can run.</summary>
public sealed class DryRun
{
    private readonly Lazy<IReadOnlyList<OpInfo>> _ops;
    private readonly Lazy<RunWork> _work;

    internal DryRun(RunPlan plan)
    {
        Plan = plan;
        (RunBytes, Buffers) = Arena.Count(plan.Model.Device, "run on paper", plan.Take);
        _ops = new Lazy<IReadOnlyList<OpInfo>>(() =>
        {
            RunStep[] steps = plan.Steps(Buffers);
            return plan.Model.Device.List(() => Array.ForEach(steps, step => step.Enqueue()));
        });
        _work = new Lazy<RunWork>(() => new RunWork(Ops, plan.Schedule.Evaluations, plan.Schedule.Branches));
    }

    /// <summary>Every op that the run would execute, in order. Listed when first asked for, for which the device must be open.</summary>
    public IReadOnlyList<OpInfo> Ops => _ops.Value;

    /// <summary>The ops' work by evaluation and branch.</summary>
    public RunWork Work => _work.Value;

    /// <summary>Memory that the weights would take in the device's layout.</summary>
    public long WeightBytes => Plan.Model.WeightBytes;

    /// <summary>Memory of the run beside the weights, cache slots included.</summary>
    public long RunBytes { get; }

    /// <summary>Memory of the cache slots.</summary>
    public long CacheBytes => Buffers.CacheBytes;

    /// <summary>The same run with every branch computed, planned as fully.</summary>
    public DryRun WithoutCaching => new(Plan.With(CacheSchedule.Full(Plan.Schedule.Evaluations, Plan.Schedule.Branches)));

    internal RunPlan Plan { get; }

    internal RunBuffers Buffers { get; }

    /// <summary>Plans a run of a network whose weights need not be loaded.</summary>
    /// <param name="architecture">The network.</param>
    /// <param name="device">Where the run would run; it decides layouts and ops.</param>
    /// <param name="sampler">DDIM or DDPM with its steps.</param>
    /// <param name="schedule">Which branches each evaluation computes.</param>
    /// <param name="images">N, at least 1.</param>
    /// <param name="options">Guidance, what to keep, what to save.</param>
    /// <exception cref="ArgumentException">As <see cref="SamplingRun.Plan(Network, SamplerTable, CacheSchedule, int, SamplingOptions)"/>.</exception>
    public static DryRun Of(
        TransformerArchitecture architecture, Device device, SamplerTable sampler, CacheSchedule schedule, int images, SamplingOptions options) =>
        new(RunPlan.Checked(NetworkFamilies.OnPaper(architecture, device), sampler, schedule, images, options));

    /// <summary>What was planned, what caching and each of the plan's savings is worth, and what memory it takes: text of several lines.</summary>
    public string Describe() => PlanDescription.Of(this);

    internal DryRun With(PlanSwitches switches) => new(Plan.With(switches));
}
