using L2c.Kernels;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Networks;
using L2c.Model.Networks.Dit;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Runs;

public sealed class DryRunTests
{
    [Fact]
    public void What_is_counted_on_paper_is_what_is_planned_and_no_memory_is_taken()
    {
        using var device = new CpuDevice(1);
        using DitModel model = RandomDit.Load(RandomDit.Small, device);
        CacheSchedule schedule = ScheduleRule.Parse("random:0.5:3", PublishedRoles.OnePerStep(6), 6);
        using SamplingRun run = SamplingRun.Plan(model, Ddim.Table(6), schedule, 1, new SamplingOptions());
        long before = device.AllocatedBytes;
        var paper = DryRun.Of(RandomDit.Small, device, Ddim.Table(6), schedule, 1, new SamplingOptions());
        Assert.Equal(run.Ops, paper.Ops);
        Assert.Equal((run.RunBytes, run.CacheBytes, model.WeightBytes), (paper.RunBytes, paper.CacheBytes, paper.WeightBytes));
        Assert.True(paper.With(PlanSwitches.All with { SkipUnused = false }).Work.Total.Macs > paper.Work.Total.Macs);
        Assert.True(paper.With(PlanSwitches.All with { FuseSkips = false }).Work.Total.Bytes > paper.Work.Total.Bytes);
        Assert.True(paper.With(PlanSwitches.All with { KeepOnlyReused = false }).RunBytes > paper.RunBytes);
        Assert.True(paper.With(PlanSwitches.All with { ModulationsAhead = false }).Ops.Count > paper.Ops.Count);
        Assert.Equal(before, device.AllocatedBytes);
        Assert.Throws<ArgumentException>(() => DryRun.Of(RandomDit.Small, device, Ddim.Table(5), schedule, 1, new SamplingOptions()));
    }

    [Fact]
    public void The_ops_of_a_branch_do_the_MACs_that_the_network_is_accounted_for()
    {
        using var device = new CpuDevice(1);
        CacheSchedule schedule = ScheduleRule.Parse("random:0.5:3", PublishedRoles.OnePerStep(6), 6);
        var paper = DryRun.Of(RandomDit.Small, device, Ddim.Table(6), schedule, 2, new SamplingOptions());
        NetworkCost cost = NetworkCost.Of(RandomDit.Small);
        const int rows = 4;
        for (int e = 0; e < 6; e++)
        {
            for (int b = 0; b < 6; b++)
            {
                OpWork work = paper.Work.Of(e, b);
                bool computes = schedule.Computes(e, b);
                Assert.Equal(
                    computes ? (rows * cost.Branch(b), rows * cost.BranchWithoutProducts(b)) : (0L, 0L), (work.Macs, work.MacsWithoutProducts));
                Assert.True(work.Bytes > 0 || !computes);
            }
        }

        Assert.Contains(Enumerable.Range(0, 36), i => !schedule.Computes(i / 6, i % 6));
        OpWork parts = OpWork.Sum(Enumerable.Range(0, 6).Select(paper.Work.Evaluation)) + paper.Work.Ahead;
        Assert.Equal((paper.Work.Total, paper.Ops.Sum(op => op.Bytes), paper.Ops.Sum(op => op.Flops)), (parts, parts.Bytes, 2 * parts.Macs));
        var full = DryRun.Of(RandomDit.Small, device, Ddim.Table(6), CacheSchedule.Full(6, 6), 2, new SamplingOptions());
        Assert.Equal(full.Ops, paper.WithoutCaching.Ops);
    }

    // At the published threshold every branch is reused at one time; lower ones tell a plan that keeps too much.
    [Theory]
    [InlineData(0.1, 56)]
    [InlineData(0.02, 51)]
    [InlineData(0.01, 7)]
    public void The_cache_of_a_published_router_on_the_large_model_is_the_peak_of_live_outputs(double threshold, int slots)
    {
        string path = Path.Combine(RepositoryPaths.Routers ?? "", "DDIM50_router.pt");
        Assert.SkipUnless(File.Exists(path), "the published routers are not here; set L2C_ROUTERS");
        using TensorFile file = TensorFiles.Open(path);
        CacheSchedule schedule = RouterSchedule.From(RouterLogits.Load(file), threshold);
        var architecture = PublishedModels.Find("DiT-XL/2 256")!;

        // The weights are counted only, and the run's memory is allocated but hardly touched: planning needs no more.
        using var device = new CpuDevice(1);
        using Network model = NetworkFamilies.OnPaper(architecture, device);
        using SamplingRun run = SamplingRun.Plan(model, Ddim.Table(50), schedule, 1, new SamplingOptions());
        long peak = LiveOutputs.Peak(schedule);
        Assert.Equal(peak * 2 * 256 * 1152 * sizeof(float), run.CacheBytes);
        Assert.Equal(slots, peak);
        Assert.Equal(run.RunBytes, device.AllocatedBytes);
        Assert.Equal(4 * 675_129_632L, model.WeightBytes, 0.01 * model.WeightBytes);
    }
}
