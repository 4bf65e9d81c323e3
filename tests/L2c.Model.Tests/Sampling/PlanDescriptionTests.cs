using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Diffusion;
using L2c.Model.Dit;
using L2c.Model.Sampling;

namespace L2c.Model.Tests.Sampling;

public sealed class PlanDescriptionTests
{
    [Fact]
    public void Every_saving_is_listed_with_what_it_is_worth()
    {
        using var device = new CpuDevice(1);
        using DitModel model = RandomDit.Load(RandomDit.Small, device);
        CacheSchedule schedule = ScheduleRule.Parse("all", PublishedRoles.Dit(4), 6);
        using SamplingRun run = SamplingRun.Plan(model, Sampler.Ddim(4), schedule, 2, new SamplingOptions());
        string text = run.Describe();
        string[] lines = text.Split('\n');
        Assert.Contains("12 computed, 12 reused; of 12 in cache evaluations 100.00 %", text, StringComparison.Ordinal);
        Assert.Contains("of which 6 cache slots", text, StringComparison.Ordinal);
        foreach (string saving in (string[])["modulations ahead", "keep only reused", "skip unused", "fuse skips", "replay"])
        {
            Assert.Contains(lines, line => line.StartsWith($"    {saving,-18} on", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void What_is_counted_on_paper_is_what_is_recorded()
    {
        using var device = new CpuDevice(1);
        using DitModel model = RandomDit.Load(RandomDit.Small, device);
        CacheSchedule schedule = ScheduleRule.Parse("random:0.5:3", PublishedRoles.Dit(6), 6);
        var plan = new RunPlan(model, Sampler.Ddim(6), schedule, 1, new SamplingOptions());
        using SamplingRun run = SamplingRun.Plan(model, Sampler.Ddim(6), schedule, 1, new SamplingOptions());
        long before = device.AllocatedBytes;
        (long bytes, long flops, long runBytes, int ops) = plan.OnPaper(PlanSwitches.All);
        Assert.Equal((run.Ops.Sum(o => o.Bytes), run.Ops.Sum(o => o.Flops), run.RunBytes, run.Ops.Count), (bytes, flops, runBytes, ops));
        Assert.Equal(before, device.AllocatedBytes);
        Assert.True(plan.OnPaper(PlanSwitches.All with { SkipUnused = false }).Flops > flops);
        Assert.True(plan.OnPaper(PlanSwitches.All with { FuseSkips = false }).Bytes > bytes);
        Assert.True(plan.OnPaper(PlanSwitches.All with { KeepOnlyReused = false }).RunBytes > runBytes);
        Assert.True(plan.OnPaper(PlanSwitches.All with { ModulationsAhead = false }).Ops > ops);
    }
}
