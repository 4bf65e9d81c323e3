using L2c.Model.Caching;

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

    private static string Letters(EvaluationRole[] roles) => string.Concat(roles.Select(r => r == EvaluationRole.Refresh ? 'R' : 'C'));
}
