using L2c.Model.Caching;
using L2c.Model.Networks;

namespace L2c.Model.Tests.Caching;

public sealed class CacheScheduleTests
{
    [Fact]
    public void Source_is_the_latest_earlier_evaluation_that_computed_the_branch()
    {
        CacheSchedule schedule = Schedule("RCCRC", "11", "01", "00", "11", "10");
        Assert.Equal([0, 0, 0, 3, 4], Enumerable.Range(0, 5).Select(e => schedule.Terms(e, 0).Single().Evaluation));
        Assert.Equal([0, 1, 1, 3, 3], Enumerable.Range(0, 5).Select(e => schedule.Terms(e, 1).Single().Evaluation));
    }

    [Fact]
    public void Counts_and_text_say_what_is_skipped()
    {
        CacheSchedule schedule = Schedule("RCR", "1111", "0110", "1111");
        Assert.Equal(2, schedule.SkippedBranches);
        Assert.Equal(4, schedule.CacheBranches);
        Assert.False(schedule.ComputesAll);
        Assert.Equal("   0 refresh ####\n   1 cache   .##.\n   2 refresh ####", schedule.ToString());
    }

    [Fact]
    public void Dropped_branches_have_no_source_and_need_none()
    {
        var schedule = new CacheSchedule([EvaluationRole.Cache], [[true, false]], dropsSkipped: true);
        Assert.Equal(BranchAction.Drop, schedule.Action(0, 1));
        Assert.Empty(schedule.Terms(0, 1));
        Assert.Equal("   0 cache   #x", schedule.ToString());
    }

    [Fact]
    public void Equality_is_by_meaning()
    {
        Assert.Equal(Schedule("RC", "11", "01"), Schedule("RC", "11", "01"));
        Assert.NotEqual(Schedule("RC", "11", "01"), Schedule("RC", "11", "10"));
        Assert.NotEqual(Schedule("RR", "11", "11"), Schedule("RC", "11", "11"));
        var dropping = new CacheSchedule([EvaluationRole.Refresh, EvaluationRole.Cache], [[true, true], [false, true]], dropsSkipped: true);
        Assert.NotEqual(Schedule("RC", "11", "01"), dropping);
        Assert.Equal(
            CacheSchedule.Full(2, 2),
            new CacheSchedule([EvaluationRole.Refresh, EvaluationRole.Refresh], [[true, true], [true, true]], dropsSkipped: true));
    }

    [Theory]
    [InlineData("CR", "01|11", "evaluation 0 reuses branch 0 (block 0 attention) before any evaluation computed it")]
    [InlineData("RC", "1111|111", "evaluation 1 has 3 branches, evaluation 0 has 4")]
    [InlineData("RR", "1111|1101", "evaluation 1 is a refresh but skips branch 2 (block 1 attention)")]
    [InlineData("R", "111", "3 branches in evaluation 0")]
    [InlineData("RC", "11", "2 roles and 1 rows")]
    public void Faults_name_the_evaluation_and_the_branch(string roles, string rows, string message)
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => Schedule(roles, rows.Split('|')));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_replaced_segment_has_terms_of_its_own_and_its_branches_none()
    {
        CacheSchedule schedule = Replacing("1111|1001|1111", new SegmentReplacement(1, new(1, 2), [new(0, 2)]));
        Assert.Equal("   0 refresh ####\n   1 cache   #==#\n   2 refresh ####", schedule.ToString());
        Assert.Equal((BranchAction.Segment, 2, "2 in replaced segments"), (schedule.Action(1, 1), schedule.Skipped(1), schedule.SkippedText));
        Assert.All((int[])[1, 2], b => Assert.Empty(schedule.Terms(1, b)));
        Assert.Equal([new CacheSegment(1, 2)], schedule.Segments);
        Assert.Equal([new CacheTerm(0, 2)], schedule.ReplacedIn(1).Single().Terms);
        Assert.False(schedule.HasDefaultTermsOnly);
        Assert.Equal(schedule, CacheSchedule.Replacing(3, 4, [.. schedule.Replaced]));
        Assert.NotEqual(schedule, Replacing("1111|1001|1111", SegmentReplacement.Reuse(1, new(1, 2), 0)));
        Assert.NotEqual(schedule, Replacing("1111|1001|1111", SegmentReplacement.Reuse(1, new(1, 1), 0), SegmentReplacement.Reuse(1, new(2, 2), 0)));
    }

    [Theory]
    [InlineData("1111|1011", 1, 1, 2, 0, "evaluation 1, segment 1 to 2 (block 0 mlp to block 1 attention): branch 2 is computed")]
    [InlineData("1111|1001", 1, 1, 4, 0, "evaluation 1 replaces branches 1 to 4; there are 2 evaluations of 4 branches")]
    [InlineData("1111|1001", 1, 2, 1, 0, "evaluation 1 replaces branches 2 to 1")]
    [InlineData("1111|1001", 2, 1, 2, 0, "evaluation 2 replaces branches 1 to 2")]
    [InlineData("1111|1001", 1, 1, 2, 1, "reads evaluation 1, which is not an earlier one that computes the whole segment")]
    [InlineData("1111|1011|1001", 2, 1, 2, 1, "reads evaluation 1, which is not an earlier one that computes the whole segment")]
    public void Faults_of_segments_name_the_evaluation_and_the_branches(
        string rows, int evaluation, int first, int last, int source, string message) =>
        Assert.Contains(
            message,
            Assert.Throws<ArgumentException>(() => Replacing(rows, SegmentReplacement.Reuse(evaluation, new(first, last), source))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Segments_that_overlap_or_have_no_terms_are_refused()
    {
        Assert.Contains("branch 2 belongs to another replaced segment, too", Fault(new(1, 2), new(2, 2)), StringComparison.Ordinal);
        ArgumentException fault = Assert.Throws<ArgumentException>(() => Replacing("1111|1001", new SegmentReplacement(1, new(1, 2), [])));
        Assert.Contains("segment 1 to 2 (block 0 mlp to block 1 attention) has no terms", fault.Message, StringComparison.Ordinal);

        static string Fault(params CacheSegment[] segments) => Assert.Throws<ArgumentException>(
            () => Replacing("1111|1001", [.. segments.Select(s => SegmentReplacement.Reuse(1, s, 0))])).Message;
    }

    // Five blocks: the stream entering block 1 is read again before block 4, that entering block 2 before block 3.
    [Theory]
    [InlineData(0, 9, null)]
    [InlineData(2, 7, null)]
    [InlineData(3, 6, null)]
    [InlineData(8, 9, null)]
    [InlineData(7, 7, null)]
    [InlineData(0, 3, "block 0 to block 4")]
    [InlineData(1, 2, "block 0 to block 4")]
    [InlineData(6, 9, "block 0 to block 4")]
    [InlineData(2, 9, "block 0 to block 4")]
    [InlineData(4, 7, "block 1 to block 3")]
    public void A_segment_holds_both_ends_of_a_long_skip_or_none(int first, int last, string? skip)
    {
        NetworkInfo network = NetworkFamilies.Describe(RandomUVit.Small);
        var schedule = CacheSchedule.Replacing(2, 10, [SegmentReplacement.Reuse(1, new(first, last), 0)]);
        CacheSchedule.Replacing(2, 10, [SegmentReplacement.Reuse(1, new(1, 2), 0)]).RequireSegmentsFit(NetworkFamilies.Describe(RandomDit.Small));
        ArgumentException? fault = (ArgumentException?)Record.Exception(() => schedule.RequireSegmentsFit(network));
        Assert.Equal(skip is null, fault is null);
        Assert.Contains(skip is null ? "" : $"cuts the long skip of small from {skip}", fault?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void A_schedule_for_another_network_or_run_is_refused()
    {
        CacheSchedule schedule = CacheSchedule.Full(20, 8);
        schedule.RequireFits(20, 8);
        Assert.Contains(
            "8 branches (4 blocks), but the network has 56",
            Assert.Throws<ArgumentException>(() => schedule.RequireFits(20, 56)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "20 evaluations, but the sampler makes 50",
            Assert.Throws<ArgumentException>(() => schedule.RequireFits(50, 8)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Published_roles_alternate_from_the_refresh_end()
    {
        Assert.Equal("RCRC", Letters(PublishedRoles.OnePerStep(4)));
        Assert.Equal("RRCRC", Letters(PublishedRoles.OnePerStep(5)));
        Assert.Equal("R", Letters(PublishedRoles.OnePerStep(1)));
        Assert.Equal("RRCRCR", Letters(PublishedRoles.TwoPerStep(6)));
        Assert.Equal("RRCR", Letters(PublishedRoles.TwoPerStep(5)));
        Assert.Equal([3, 2, 1, 0], Enumerable.Range(0, 4).Select(e => PublishedRoles.RowOfOnePerStep(4, e)));
        Assert.Equal([0, 0, 1, 1, 2, 2], Enumerable.Range(0, 6).Select(PublishedRoles.RowOfTwoPerStep));
    }

    [Fact]
    public void A_branch_is_computed_iff_its_score_exceeds_the_threshold_strictly()
    {
        EvaluationRole[] roles = PublishedRoles.OnePerStep(2);
        float[] logits = [0f, 1f, 5f, 5f]; // row 0 belongs to the last evaluation; sigmoid(0) is exactly 0.5
        CacheSchedule schedule = RouterSchedule.FromLogits(roles, 2, logits, e => PublishedRoles.RowOfOnePerStep(2, e), 0.5);
        Assert.False(schedule.Computes(1, 0));
        Assert.True(schedule.Computes(1, 1));
        Assert.True(schedule.Computes(0, 0));
        Assert.Throws<ArgumentException>(() => RouterSchedule.FromLogits(roles, 2, logits, _ => 0, 1.5));
    }

    internal static CacheSchedule Schedule(string roles, params string[] rows) => new(
        [.. roles.Select(r => r == 'R' ? EvaluationRole.Refresh : EvaluationRole.Cache)],
        [.. rows.Select(row => (IReadOnlyList<bool>)[.. row.Select(c => c == '1')])]);

    private static CacheSchedule Replacing(string rows, params SegmentReplacement[] replaced)
    {
        string[] all = rows.Split('|');
        return new CacheSchedule(
            [.. all.Select(row => row.Contains('0', StringComparison.Ordinal) ? EvaluationRole.Cache : EvaluationRole.Refresh)],
            [.. all.Select(row => (IReadOnlyList<bool>)[.. row.Select(c => c == '1')])],
            replaced: replaced);
    }

    private static string Letters(EvaluationRole[] roles) => string.Concat(roles.Select(r => r == EvaluationRole.Refresh ? 'R' : 'C'));
}
