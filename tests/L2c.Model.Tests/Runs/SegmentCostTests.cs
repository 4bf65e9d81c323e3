using L2c.Kernels;
using L2c.Model.Accounting;
using L2c.Model.Caching;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Weights.Layouts;

namespace L2c.Model.Tests.Runs;

/// <summary>What segments cost in ops and bytes: one more read where they are replaced, one more pass over the stream where they are kept.</summary>
public sealed class SegmentCostTests
{
    private const int Images = 2, Steps = 4;

    public static TheoryData<bool, int, int> Segments =>
    [
        (false, 2, 3), (false, 1, 4), (false, 0, 5), (false, 0, 0), (true, 4, 5), (true, 2, 7), (true, 0, 9), (true, 6, 7),
    ];

    /// <remarks>Evaluation 0 keeps, 1 replaces, 2 and 3 compute everything.</remarks>
    [Theory]
    [MemberData(nameof(Segments))]
    public void A_replaced_segment_costs_one_read_and_a_kept_one_one_pass(bool isUVit, int first, int last)
    {
        using var device = new CpuDevice(1);
        TransformerArchitecture a = isUVit ? RandomUVit.Small : RandomDit.Small;
        CacheSegment segment = new(first, last);
        var kept = CacheSchedule.Replacing(Steps, a.Branches, [SegmentReplacement.Reuse(1, segment, 0)]);
        RunWork work = Paper(kept).Work, full = Paper(CacheSchedule.Full(Steps, a.Branches)).Work;
        long stream = Images * a.Tokens * a.HiddenSize * sizeof(float);

        // The stream after the last branch is read by the output layer's norm alone, which does not write it where no delta needs it.
        OpWork keeping = work.Evaluation(0) - full.Evaluation(0);
        Assert.Equal(new OpWork(1, 0, 0, (last == a.Branches - 1 ? 4 : 3) * stream), keeping);
        Assert.Equal(full.Evaluation(2), work.Evaluation(2));

        // Dropped, its branches are left out likewise, but nothing stands for them; a U-ViT's joins remain.
        CacheSchedule dropping = CacheSchedule.Reusing(
            [.. Enumerable.Range(0, Steps).Select(kept.Role)], a.Branches, (e, b) => !kept.Computes(e, b), dropsSkipped: true);
        OpWork replacing = work.Evaluation(1) - Paper(dropping).Work.Evaluation(1);

        // Neither gates nor shifts and scales of what is left out are computed.
        Assert.Equal(Paper(dropping).Work.Ahead, work.Ahead);
        Assert.True(isUVit || work.Ahead.Macs < full.Ahead.Macs);
        NetworkCost cost = NetworkCost.Of(a);
        Assert.Equal(-Images * cost.Joins(segment), replacing.Macs);
        if (cost.Joins(segment) == 0)
        {
            Assert.Equal((0, stream), (replacing.Ops, replacing.Bytes));
        }

        Assert.Equal(stream, Paper(kept).CacheBytes);
        Assert.Contains("1 replaced by one addition each; 1 delta kept", Paper(kept).Describe(), StringComparison.Ordinal);
        Assert.Contains("of the 1 delta kept for later, at most 1", Paper(kept).Describe(), StringComparison.Ordinal);

        DryRun Paper(CacheSchedule schedule) =>
            DryRun.Of(a, device, Ddim.Table(Steps), schedule, Images, new SamplingOptions { Guidance = Guidance.None });
    }

    /// <summary>Directly after a kept segment something else would be added: the stream has to be brought to memory in between.</summary>
    [Fact]
    public void An_addition_right_after_a_kept_segment_costs_a_pass_of_its_own()
    {
        using var device = new CpuDevice(1);
        DitArchitecture a = RandomDit.Small;
        bool[] all = [true, true, true, true, true, true], reusing = [true, true, false, true, true, true];
        CacheSchedule With(bool keeps) => new(
            [EvaluationRole.Refresh, EvaluationRole.Cache, EvaluationRole.Cache],
            [all, reusing, keeps ? [false, false, true, true, true, true] : all],
            replaced: keeps ? [SegmentReplacement.Reuse(2, new(0, 1), 1)] : []);
        OpWork extra = Paper(With(true)).Evaluation(1) - Paper(With(false)).Evaluation(1);
        long stream = Images * a.Tokens * a.HiddenSize * sizeof(float);

        // Two ops: one brings the stream to memory (reads and writes it), one subtracts.
        Assert.Equal(new OpWork(2, 0, 0, 5 * stream), extra);

        RunWork Paper(CacheSchedule schedule) =>
            DryRun.Of(a, device, Ddim.Table(3), schedule, Images, new SamplingOptions { Guidance = Guidance.None }).Work;
    }

    [Theory]
    [InlineData(false, "delta-dit:2:2:1")]
    [InlineData(false, "taylor-lite:2:1")]
    [InlineData(true, "taylor-lite:2:1")]
    [InlineData(true, "both:all")]
    public void MACs_are_those_of_the_ops_long_skips_included(bool isUVit, string rule)
    {
        using var device = new CpuDevice(1);
        TransformerArchitecture a = isUVit ? RandomUVit.Small : RandomDit.Small;
        CacheSchedule schedule = ScheduleRule.Parse(rule, PublishedRoles.OnePerStep(Steps), a.Branches);
        var paper = DryRun.Of(a, device, Ddim.Table(Steps), schedule, Images, new SamplingOptions { Guidance = Guidance.None });
        var cost = new RunCost(schedule, NetworkCost.Of(a));

        // Outside the branches some ops count what the accounting leaves to the convention; the difference of evaluations is free of it.
        int replacing = schedule.Replaced[0].Evaluation;
        long done = paper.Work.Evaluation(0).Macs - paper.Work.Evaluation(replacing).Macs;
        Assert.True(done > 0);
        Assert.Equal(Images * (cost.PerEvaluation[0] - cost.PerEvaluation[replacing]), done);
    }
}
