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

    [Theory]
    [InlineData("sometimes")]
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
