using L2c.Bench.Caching;
using L2c.Model.Caching;

namespace L2c.Bench.Tests;

public sealed class ReuseShareTests
{
    private const int Branches = 16;

    private static readonly EvaluationRole[] _roles = PublishedRoles.OnePerStep(20);

    [Theory]
    [InlineData(25, 40, 4)]
    [InlineData(50, 80, 8)]
    [InlineData(75, 120, 12)]
    public void The_share_is_exact_and_spread_over_evaluations_and_kinds(int percent, int reused, int perEvaluation)
    {
        CacheSchedule schedule = ReuseShare.Schedule(percent, _roles, Branches);
        Assert.Equal(reused, schedule.SkippedBranches);
        foreach (int e in Enumerable.Range(0, _roles.Length).Where(e => _roles[e] == EvaluationRole.Cache))
        {
            Assert.Equal(perEvaluation, schedule.Skipped(e));
            Assert.Equal(perEvaluation / 2, Enumerable.Range(0, Branches / 2).Count(block => !schedule.Computes(e, 2 * block)));
        }
    }

    [Fact]
    public void None_and_all_are_the_rules_of_that_name()
    {
        CacheSchedule all = ScheduleRule.Parse("all", _roles, Branches), none = ScheduleRule.Parse("none", _roles, Branches);
        Assert.Equal(all, ReuseShare.Schedule(100, _roles, Branches));
        Assert.Equal(none, ReuseShare.Schedule(0, _roles, Branches));
        Assert.NotEqual(all, none);
    }
}
