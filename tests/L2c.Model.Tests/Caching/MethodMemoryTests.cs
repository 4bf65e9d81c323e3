using L2c.Kernels;
using L2c.Model.Caching;
using L2c.Model.Caching.Forecasts;
using L2c.Model.Calibration;
using L2c.Model.Networks;
using L2c.Model.Planning;
using L2c.Model.Runs;
using L2c.Model.Samplers;
using L2c.Model.Tests.Calibration;
using L2c.Model.Tests.Planning;
using L2c.Model.Tests.Runs;

namespace L2c.Model.Tests.Caching;

/// <summary>What the schedules of methods that measure or learn keep in memory: outputs and deltas that are alive together, counted by brute
/// force.</summary>
public sealed class MethodMemoryTests
{
    private const int Images = 2;

    public static TheoryData<string> Methods => [.. CalibrationMethod.All.Select(method => method.Name)];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Calibrated_schedules_keep_what_is_alive(string name)
    {
        var method = CalibrationMethod.Find(name)!;
        CalibrationSettings settings = new() { FirstComputed = 1, Retention = 0 };
        CalibrationTable table = Figures.Measure(method, settings, [new Figures.Batch(3, 2)]);
        CacheSchedule[] schedules = [.. Enumerable.Range(-6, 14).Select(power => method.Decide(table, Math.Pow(2, power), settings)).Distinct()];
        Assert.True(schedules.Count(schedule => schedule.SkippedBranches > 0) > 1, "no threshold skips anything");
        Assert.All(schedules, schedule => Assert.Equal(Bytes(LiveOutputs.Peak(schedule)), Planned(schedule)));

        // All blocks together are one kept delta; of branches chosen by kind each is one.
        Assert.Equal(Bytes(method.ChoosesBranches ? Figures.Architecture.Branches : 1), schedules.Max(Planned));
    }

    [Theory]
    [InlineData("interval:3", 1)]
    [InlineData("interval:3", 2)]
    [InlineData("interval:2", 3)]
    [InlineData("fora:3", 2)]
    [InlineData("random:0.6:1", 2)]
    public void Learned_forecasts_keep_the_outputs_that_they_weigh(string rule, int terms)
    {
        EvaluationRole[] roles = [EvaluationRole.Refresh, .. Enumerable.Repeat(EvaluationRole.Cache, Figures.Steps - 1)];
        CacheSchedule mask = ScheduleRule.Parse(rule, roles, Figures.Architecture.Branches);
        CacheSchedule forecast = ForecastFit.OnPaper(mask, terms);
        int peak = LiveOutputs.Peak(forecast);
        Assert.Equal(Bytes(peak), Planned(forecast));
        Assert.InRange(peak, 1, terms * Figures.Architecture.Branches);
        Assert.True(terms == 1 || peak > LiveOutputs.Peak(ForecastFit.OnPaper(mask, terms - 1)));
    }

    [Fact]
    public void So_do_those_that_a_planner_chooses()
    {
        RandomErrors network = new(3, evaluations: Figures.Steps, branches: Figures.Architecture.Branches);
        int forecasts = 0;
        foreach (BranchGrouping grouping in BranchGrouping.All(Figures.Architecture.Branches))
        {
            Predictor[] predictors = [Predictor.Reuse, network.Errors.Fitted(2), network.Errors.Fitted(3)];
            ScheduleSearch search = new(network.Errors, new BranchCosts([1, 1.5, 0.7, 2], 0.05), grouping, predictors);
            foreach (double price in (double[])[0.03, 0.3, 1, 3])
            {
                CacheSchedule schedule = search.Solve(price);
                forecasts += schedule.Count(BranchAction.Forecast);
                Assert.Equal(Bytes(LiveOutputs.Peak(schedule)), Planned(schedule));
            }
        }

        Assert.True(forecasts > 20, $"{forecasts} forecasts");
    }

    private static long Planned(CacheSchedule schedule)
    {
        using CpuDevice device = new(1);
        SamplerTable sampler = SamplerCatalog.Create(NetworkFamilies.Describe(Figures.Architecture), $"{Figures.Steps}", "ddpm");
        return DryRun.Of(Figures.Architecture, device, sampler, schedule, Images, new SamplingOptions()).CacheBytes;
    }

    // With guidance every image has two rows.
    private static long Bytes(int kept) => (long)kept * 2 * Images * Figures.Architecture.Tokens * Figures.Architecture.HiddenSize * sizeof(float);
}
