using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks.Dit;
using L2c.Model.Randomness;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Testing;

namespace L2c.Model.Tests.Runs;

public sealed class PlannedRunAllocationTests
{
    [Theory]
    [InlineData("none", "ddim", Guidance.Published)]
    [InlineData("random:0.5:1", "ddim", Guidance.Published)]
    [InlineData("interval:3", "ddpm", Guidance.None)]
    [InlineData("taylor:3:2", "ddim", Guidance.Published)]
    [InlineData("drop:top:1", "ddpm", Guidance.AllChannels)]
    [InlineData("all", "dpm-solver++:3s", Guidance.Published)]
    public void A_run_allocates_nothing(string rule, string name, Guidance guidance)
    {
        const int steps = 6;
        using var device = new CpuDevice(2);
        using DitModel model = RandomDit.Load(RandomDit.Small, device);
        SamplerTable sampler = RandomDit.Sampler(name, steps);
        CacheSchedule schedule = ScheduleRule.Parse(rule, sampler.Roles, 2 * RandomDit.Small.Depth);
        using SamplingRun run = SamplingRun.Plan(model, sampler, schedule, 2, new SamplingOptions { Guidance = guidance });
        var noise = new CounterNoiseSource(3);
        int[] labels = [1, 3];
        TeamAllocations.AssertNone(device, () => run.Run(labels, 1.5f, noise));
    }
}
