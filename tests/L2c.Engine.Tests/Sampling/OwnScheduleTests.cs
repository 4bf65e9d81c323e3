using L2c.Model.Caching;
using L2c.Testing;

namespace L2c.Engine.Tests;

/// <summary>Schedules and rules that a program makes itself.</summary>
public sealed class OwnScheduleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LoadedModel _model;

    public OwnScheduleTests() => _model = LoadedModel.Open(TinyModel.Write(_folder.File("m.safetensors"), TinyModel.Pixels), DeviceChoice.Cpu);

    [Fact]
    public void A_rule_of_ones_own_samples_as_the_built_in_one_that_means_the_same()
    {
        SampleResult own = Sample(new OwnSchedule("everything", (roles, branches) => CacheSchedule.Reusing(roles, branches, (_, _) => true)));
        SampleResult rule = _model.Sample(Request(new CacheRequest { Rule = "all" }));
        Assert.Equal(rule.Samples, own.Samples);
        Assert.True(own.Cost!.ReusedBranches > 0);
        Assert.Equal(("everything", "everything"), (own.Cost.Cache, (string?)own.Description["cache"]));
        Assert.NotEqual(_model.Sample(Request(new CacheRequest())).Samples, own.Samples);
    }

    [Fact]
    public void A_rule_is_asked_for_cache_evaluations_alone_and_told_the_numbers_of_both()
    {
        EvaluationRole[] roles = [EvaluationRole.Refresh, EvaluationRole.Cache, EvaluationRole.Refresh, EvaluationRole.Cache];
        List<(int, int)> asked = [];
        CacheSchedule schedule = CacheSchedule.Reusing(roles, 4, (evaluation, branch) =>
        {
            asked.Add((evaluation, branch));
            return (evaluation, branch) is (1, 3) or (3, 0);
        });
        Assert.Equal([(1, 0), (1, 1), (1, 2), (1, 3), (3, 0), (3, 1), (3, 2), (3, 3)], asked);
        Assert.Equal(["####", "###.", "####", ".###"], Enumerable.Range(0, 4).Select(schedule.Actions));
        Assert.Equal("###x", CacheSchedule.Reusing(roles, 4, (evaluation, branch) => branch == 3, dropsSkipped: true).Actions(1));
    }

    [Fact]
    public void A_schedule_of_another_size_is_refused_by_name()
    {
        RequestException error = Assert.Throws<RequestException>(() => Sample(new OwnSchedule("mine", CacheSchedule.Full(3, 4))));
        Assert.StartsWith("mine: schedule: ", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<RequestException>(() => Sample(new OwnSchedule("mine", (_, _) => throw new ArgumentException("no idea"))));
        Assert.Equal("mine: no idea", error.Message);
    }

    [Theory]
    [InlineData(null, "all")]
    [InlineData("router.safetensors", null)]
    public void It_is_not_combined_with_a_router_or_a_rule(string? router, string? rule)
    {
        CacheRequest both = new() { Own = new OwnSchedule("mine", CacheSchedule.Full(4, 4)), Router = router, Rule = rule };
        RequestException error = Assert.Throws<RequestException>(() => _model.Sample(Request(both)));
        Assert.Contains("cannot be combined", error.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    private static SampleRequest Request(CacheRequest cache) => new() { Steps = "4", Count = 2, Cache = cache };

    private SampleResult Sample(OwnSchedule own) => _model.Sample(Request(new CacheRequest { Own = own }));
}
