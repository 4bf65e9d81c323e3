using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Networks.Dit;
using L2c.Model.Runs;
using L2c.Model.Samplers;

namespace L2c.Model.Tests.Runs;

public sealed class PlanDescriptionTests
{
    [Fact]
    public void Every_saving_is_listed_with_what_it_is_worth()
    {
        using var device = new CpuDevice(1);
        using DitModel model = RandomDit.Load(RandomDit.Small, device);
        CacheSchedule schedule = ScheduleRule.Parse("all", PublishedRoles.OnePerStep(4), 6);
        using SamplingRun run = SamplingRun.Plan(model, Ddim.Table(4), schedule, 2, new SamplingOptions());
        string text = run.Describe();
        string[] lines = text.Split('\n');
        Assert.Contains("24 in all: 12 computed, 12 reused (100.00 % of the 12 in 2 cache evaluations)", text, StringComparison.Ordinal);
        Assert.Contains("6 of 0.00 MiB each: of the 12 outputs kept for later, at most 6 are needed at the same time", text, StringComparison.Ordinal);
        Assert.Contains("computed ahead in 1 chunk of up to 4 evaluations", text, StringComparison.Ordinal);
        foreach (string kind in run.Ops.Select(op => op.Name).Distinct())
        {
            Assert.Contains(lines, line => line.StartsWith($"{kind,-18} {run.Ops.Count(op => op.Name == kind),8} ", StringComparison.Ordinal));
        }

        foreach (string saving in (string[])["layer caching", "modulations ahead", "keep only reused", "skip unused", "fuse skips", "replay"])
        {
            string line = Assert.Single(lines, line => line.StartsWith(saving.PadRight(18), StringComparison.Ordinal));
            Assert.DoesNotContain("(off)", line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_saving_that_is_off_says_what_it_would_save()
    {
        using var device = new CpuDevice(1);
        DryRun on = Paper(PlanSwitches.All), off = Paper(PlanSwitches.All with { ModulationsAhead = false, Replay = false });
        string saves = $"{"modulations ahead",-18} {off.Ops.Count - on.Ops.Count,8} ";
        string[] without = off.Describe().Split('\n');
        Assert.DoesNotContain("(off)", Assert.Single(on.Describe().Split('\n'), line => Starts(line, saves)), StringComparison.Ordinal);
        Assert.EndsWith(" (off)", Assert.Single(without, line => Starts(line, saves)), StringComparison.Ordinal);
        Assert.EndsWith(" (off)", Assert.Single(without, line => Starts(line, "replay")), StringComparison.Ordinal);
        Assert.Contains("computed in every evaluation for itself", without[4], StringComparison.Ordinal);

        // Two rows of 24 wide; six vectors in each of three blocks and four more, fp32: three evaluations fit, the fourth does not.
        const long three = 3 * 2 * 24 * ((6 * 3) + 4) * sizeof(float);
        string[] chunked = Paper(PlanSwitches.All with { ModulationLimitBytes = three }).Describe().Split('\n');
        Assert.Contains("computed ahead in 2 chunks of up to 3 evaluations", chunked[4], StringComparison.Ordinal);

        bool Starts(string line, string with) => line.StartsWith(with, StringComparison.Ordinal);

        DryRun Paper(PlanSwitches switches) => DryRun.Of(
            RandomDit.Small, device, Ddim.Table(4), CacheSchedule.Full(4, 6), 1, new SamplingOptions { Switches = switches });
    }
}
