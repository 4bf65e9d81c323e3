using System.Globalization;
using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Planning;
using L2c.Testing;
using L2c.Weights;

namespace L2c.Engine.Tests.Planning;

/// <summary>From a budget to a schedule, with a table of times in place of a clock.</summary>
public sealed class PlanTests : IDisposable
{
    private const int Evaluations = 5, Branches = 16;

    private static readonly SampleRequest _sample = new() { Steps = $"{Evaluations}", Batch = 2 };

    private readonly LoadedModel _model = LoadedModel.Open(device: DeviceChoice.Cpu with { Threads = 2 });

    [Theory]
    [InlineData(0.9)]
    [InlineData(0.6)]
    [InlineData(0.4)]
    public void The_schedule_keeps_to_the_budget_and_says_what_it_took(double budget)
    {
        PlanJob job = Job(budget);
        PlanResult result = Plan(job);
        Assert.InRange(result.PredictedTimeRatio, budget - 0.15, budget);
        Assert.Equal(result.PredictedTimeRatio, Time(job).Ratio(result.Schedule));
        Assert.Equal(Evaluations * Branches, result.Computed + result.Reused + result.Forecast);
        Assert.All(result.Candidates, candidate => Assert.True(candidate.TimeRatio <= budget && candidate.Error >= result.PredictedError));
        Assert.Equal(result.Candidates.Count, result.Candidates.Select(candidate => candidate.Schedule).Distinct().Count());
        Assert.InRange(result.RelativeL2!.Value, 1e-6, 1);
        Assert.InRange(result.RelativeL2.Value / result.PredictedError!.Value, 0.2, 5); // other images, the same network
        Assert.Equal(2, result.Time.TimedRounds);

        // Four images in two batches; three images of other noise; two rounds of schedule and uncached run after one of warm-up, two images each.
        Assert.Equal(
            new PlanPasses(
                0,
                4 * DecisionProbe.EvaluationsPerRun(Evaluations, Branches),
                4 * Evaluations * (1 + result.Candidates.Count),
                (2 * 3 * Evaluations) + (2 * 2 * 3 * Evaluations)),
            result.Passes);
    }

    [Fact]
    public void A_greater_budget_never_errs_more_as_the_search_sees_it_and_all_of_the_time_errs_nothing()
    {
        double[] errors = [.. new[] { 0.3, 0.5, 0.7, 0.9 }.Select(budget =>
            Plan(Job(budget)).Candidates.Where(candidate => candidate.Grouping == "branch by branch").Min(candidate => candidate.AdditiveError))];
        Assert.Equal(errors.OrderDescending(), errors);
        PlanResult all = Plan(Job(1));
        Assert.True(all.Schedule.ComputesAll);
        Assert.Equal((0.0, 0.0, 0.0), (all.PredictedError, all.RelativeL2, all.AdditiveError));
        Assert.True(all.Time.IdenticalPlans);
    }

    [Fact]
    public void It_errs_less_than_reusing_everything_in_every_second_evaluation()
    {
        PlanJob job = Job(1);
        CacheSchedule rule = ScheduleRule.Parse("interval:2", job.Sample.Sampler.Roles, Branches);
        PlanResult result = Plan(Job(Time(job).Ratio(rule)));
        double ruleError = new SampleErrors(job, _model, job.FirstToCheck, 3, new PassCount(), Context).Of(rule)!.Value;
        Assert.True(result.RelativeL2 < 0.7 * ruleError, $"{result.RelativeL2} and {ruleError}");
        Assert.Contains(result.Candidates, candidate => candidate.Predictors.Contains("fitted 2", StringComparison.Ordinal));
        Assert.Equal((4, 8), (job.FirstToChoose, job.FirstToCheck)); // nobody measures on images that something was fitted to or chosen by
    }

    [Fact]
    public void What_is_written_is_the_schedule()
    {
        PlanResult result = Plan(Job(0.6));
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "s.json");
        File.WriteAllBytes(path, result.ScheduleText());
        using ByteSource source = ByteSource.OpenFile(path);
        Assert.Equal(result.Schedule, ScheduleFile.Read(source).ToSchedule(Branches));
        SampleJob job = new(_sample with { Count = 2, Cache = new CacheRequest { Rule = path } }, _model.Architecture, _model.Choice);
        Assert.Equal(result.Schedule, job.Schedule);
        Assert.Null(job.Remark);
    }

    [Fact]
    public void A_budget_that_nothing_meets_is_refused_with_the_least_that_is()
    {
        PlanJob job = Job(0.01);
        double least = Time(job).Ratio(PlanSchedules.Least(job.Sample));
        RequestException refused = Assert.Throws<RequestException>(() => Plan(job));
        string told = string.Create(CultureInfo.InvariantCulture, $"takes {least:0.000} of the uncached time");
        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        double advice = double.Parse(refused.Message.Split("give ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.InRange(advice, least, least + 0.01);
        Assert.True(Plan(Job(advice)).PredictedTimeRatio <= advice);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.5)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void Other_budgets_are_no_shares(double budget) =>
        Assert.Contains("above 0 and at most 1", Assert.Throws<RequestException>(() => Job(budget)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_cannot_be_planned_is_refused()
    {
        PlanRequest request = new() { Budget = 0.5, Sample = _sample with { Steps = "1" } };
        Assert.Contains("makes one evaluation", Refused(request, _model.Choice), StringComparison.Ordinal);
        Assert.Contains("--graph off", Refused(request with { Sample = _sample }, _model.Choice with { Graph = false }), StringComparison.Ordinal);

        string Refused(PlanRequest asked, DeviceChoice device) =>
            Assert.Throws<RequestException>(() => new PlanJob(asked, _model.Architecture, device)).Message;
    }

    [Fact]
    public void Classes_are_spread_evenly_unless_they_are_named()
    {
        PlanJob job = new(new PlanRequest { Budget = 0.5, Sample = _sample, Count = 100, CheckCount = 100 }, _model.Architecture, _model.Choice);
        int[] counts = [.. job.Labels(0, 200).CountBy(label => label).Select(pair => pair.Value)];
        Assert.Equal(10, counts.Length);
        Assert.All(counts, count => Assert.InRange(count, 18, 22));
        PlanJob named = new(new PlanRequest { Budget = 0.5, Sample = _sample with { Classes = "3,1" } }, _model.Architecture, _model.Choice);
        Assert.Equal([3, 1, 3], named.Labels(0, 3));
    }

    [Fact]
    public void Times_are_measured_where_no_table_is_given()
    {
        PassCount passes = new();
        PlanJob job = Job(0.5);
        TimeModel time = TimeCalibration.Measure(job.Sample, _model, passes, Context);
        CacheSchedule[] schedules = PlanSchedules.TimeCalibration(job.Sample);
        Assert.Equal(2 * 3 * 6 * 2 * Evaluations, passes.Total); // three schedules whole and op by op, six rounds, two images
        Assert.Equal(1, time.Ratio(schedules[0]), 9);
        Assert.True(time.SavedPerOpTime > 0);
        Assert.True(time.Ratio(schedules[1]) < time.Ratio(schedules[2]));
    }

    public void Dispose() => _model.Dispose();

    private static TaskContext Context => new(null, TestContext.Current.CancellationToken);

    private PlanJob Job(double budget) => new(
        new PlanRequest { Budget = budget, Sample = _sample, Count = 4, CheckCount = 3, Rounds = 2, WarmUp = 1 }, _model.Architecture, _model.Choice);

    private PlanResult Plan(PlanJob job) => SchedulePlanning.Run(job, _model, Time(job), Context);

    /// <summary>A table of times: what a device would take that did 10 GFLOP/s and moved 10 GB/s.</summary>
    private TimeModel Time(PlanJob job)
    {
        OpTimes times = new([.. PlanSchedules.TimeCalibration(job.Sample).SelectMany(Ops).Select(op => (op, (op.Flops + op.Bytes) / 1e7))]);
        return new TimeModel(times, Ops, job.Sample.FullSchedule);

        IReadOnlyList<OpInfo> Ops(CacheSchedule schedule) => job.Sample.OnPaper(_model.Device, schedule).Ops;
    }
}
