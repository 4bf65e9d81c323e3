using L2c.Model.Caching;

namespace L2c.Model.Tests.Caching;

public sealed class ScheduleRuleTests
{
    private const int Branches = 8;
    private static readonly EvaluationRole[] _roles = PublishedRoles.OnePerStep(6);

    [Theory]
    [InlineData("none", "########")]
    [InlineData("all", "........")]
    [InlineData("top:1", "######..")]
    [InlineData("bottom:3", "......##")]
    [InlineData("top:0", "########")]
    [InlineData("deepcache:1-2", "##....##")]
    [InlineData("drop:deepcache:1-2", "##xxxx##")]
    public void Rules_act_on_cache_evaluations(string rule, string cacheRow)
    {
        string[] lines = ScheduleRule.Parse(rule, _roles, Branches).ToString().Split('\n');
        for (int e = 0; e < _roles.Length; e++)
        {
            Assert.EndsWith(_roles[e] == EvaluationRole.Cache ? cacheRow : "########", lines[e], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Interval_computes_every_nth_evaluation()
    {
        CacheSchedule schedule = ScheduleRule.Parse("interval:3", _roles, Branches);
        Assert.Equal([0, 8, 8, 0, 8, 8], Enumerable.Range(0, 6).Select(schedule.Skipped));
        Assert.True(ScheduleRule.Parse("interval:1", _roles, Branches).ComputesAll);
    }

    [Fact]
    public void Fora_counts_back_from_the_last_evaluation_and_computes_the_first()
    {
        Assert.Equal([0, 8, 8, 0, 8, 8, 0], Skipped("fora:3", 7));
        Assert.Equal([0, 0, 8, 8, 0], Skipped("fora:3", 5));
        Assert.Equal([0, 8, 0], Skipped("fora:2", 3));
        Assert.True(ScheduleRule.Parse("fora:1", _roles, Branches).ComputesAll);

        static IEnumerable<int> Skipped(string rule, int steps) =>
            Enumerable.Range(0, steps).Select(ScheduleRule.Parse(rule, PublishedRoles.OnePerStep(steps), Branches).Skipped);
    }

    [Fact]
    public void Random_follows_its_probability_and_seed()
    {
        EvaluationRole[] roles = PublishedRoles.OnePerStep(400);
        CacheSchedule schedule = ScheduleRule.Parse("random:0.3:7", roles, Branches);
        double share = schedule.SkippedBranches / (double)schedule.CacheBranches;
        Assert.InRange(share, 0.26, 0.34); // 1600 draws: 4 standard deviations are 0.046
        Assert.Equal(schedule, ScheduleRule.Parse("random:0.3:7", roles, Branches));
        Assert.NotEqual(schedule, ScheduleRule.Parse("random:0.3:8", roles, Branches));
        Assert.True(ScheduleRule.Parse("random:0:1", roles, Branches).ComputesAll);
        Assert.Equal(schedule.CacheBranches, ScheduleRule.Parse("random:1:1", roles, Branches).SkippedBranches);
    }

    [Fact]
    public void Delta_dit_replaces_back_blocks_first_and_front_blocks_from_its_bound_on()
    {
        CacheSchedule schedule = ScheduleRule.Parse("delta-dit:3:1:4", PublishedRoles.OnePerStep(8), Branches);
        Assert.Equal(
            ["########", "######==", "######==", "########", "==######", "==######", "########", "==######"],
            Enumerable.Range(0, 8).Select(schedule.Actions));
        Assert.Equal([0, 0, 3, 3, 6], schedule.Replaced.Select(r => r.Terms.Single().Evaluation));
        Assert.All(schedule.Replaced, r => Assert.Equal(1, r.Terms.Single().Weight));

        // A bound between refreshes: one evaluation keeps both.
        Assert.Equal(
            ["########", "######==", "==######"],
            Enumerable.Range(0, 3).Select(ScheduleRule.Parse("delta-dit:3:1:2", PublishedRoles.OnePerStep(3), Branches).Actions));
        Assert.True(ScheduleRule.Parse("delta-dit:1:2:3", _roles, Branches).ComputesAll);
        Assert.Equal("xx######", ScheduleRule.Parse("drop:delta-dit:2:1:0", _roles, Branches).Actions(1));
    }

    [Fact]
    public void Taylor_lite_replaces_all_blocks_with_the_weights_of_taylor()
    {
        EvaluationRole[] roles = PublishedRoles.OnePerStep(12);
        CacheSchedule lite = ScheduleRule.Parse("taylor-lite:4:3", roles, Branches), taylor = ScheduleRule.Parse("taylor:4:3", roles, Branches);
        Assert.Equal([new CacheSegment(0, Branches - 1)], lite.Segments);
        Assert.Equal(8, lite.Replaced.Length);
        Assert.All(lite.Replaced, r => Assert.Equal(taylor.Terms(r.Evaluation, 3), r.Terms));
        Assert.Equal(Enumerable.Range(0, 12).Select(taylor.Role), Enumerable.Range(0, 12).Select(lite.Role));
        Assert.True(ScheduleRule.Parse("taylor-lite:1:2", roles, Branches).ComputesAll);
    }

    [Theory]
    [InlineData("both:all", "========")]
    [InlineData("both:top:1", "######==")]
    [InlineData("both:none", "########")]
    [InlineData("both:drop:top:1", "######xx")]
    [InlineData("BOTH:All", "========")]
    public void Branches_that_are_reused_together_are_one_segment_of_a_block(string rule, string row)
    {
        CacheSchedule schedule = ScheduleRule.Parse(rule, _roles, Branches);
        Assert.Equal(row, schedule.Actions(3));
        Assert.All(schedule.Segments, s => Assert.Equal((0, 2), (s.First % 2, s.Length)));
        CacheSchedule plain = ScheduleRule.Parse(rule[5..], _roles, Branches);
        Assert.All(schedule.Replaced, r => Assert.Equal(plain.Terms(r.Evaluation, r.Segment.Last), r.Terms));
    }

    [Fact]
    public void Forecasts_of_both_branches_join_and_what_is_read_alone_does_not()
    {
        EvaluationRole[] roles = PublishedRoles.OnePerStep(12);
        CacheSchedule taylor = ScheduleRule.Parse("taylor:4:2", roles, Branches), joined = JoinedBranches.Of(taylor);
        Assert.Equal(taylor.SkippedBranches, joined.Count(BranchAction.Segment));
        Assert.All(joined.Replaced, r => Assert.Equal(taylor.Terms(r.Evaluation, r.Segment.First), r.Terms));

        // Evaluation 2 reads the MLP of evaluation 0 alone, so what evaluation 1 reads of it stays two; evaluation 4 reads another one.
        CacheSchedule alone = CacheScheduleTests.Schedule("RCCRC", "11", "00", "10", "11", "00");
        Assert.Equal(["##", "..", "#.", "##", "=="], Enumerable.Range(0, 5).Select(JoinedBranches.Of(alone).Actions));
    }

    [Theory]
    [InlineData("sometimes")]
    [InlineData("delta-dit:2:1")]
    [InlineData("delta-dit:2:0:3")]
    [InlineData("delta-dit:2:5:3")]
    [InlineData("delta-dit:0:1:3")]
    [InlineData("taylor-lite:0:1")]
    [InlineData("taylor-lite:3:6")]
    [InlineData("drop:both:all")]
    [InlineData("both:both:all")]
    [InlineData("interval:0")]
    [InlineData("interval")]
    [InlineData("top:5")]
    [InlineData("top:-1")]
    [InlineData("deepcache:2-1")]
    [InlineData("deepcache:1-4")]
    [InlineData("random:1.5:1")]
    [InlineData("random:0.5:x")]
    [InlineData("random:nan:1")]
    [InlineData("drop:nothing")]
    [InlineData("none:1")]
    public void Unknown_rules_and_numbers_out_of_range_are_refused(string rule) =>
        Assert.Contains(
            $"cache rule \"{rule}\"",
            Assert.Throws<ArgumentException>(() => ScheduleRule.Parse(rule, _roles, Branches)).Message,
            StringComparison.Ordinal);
}
