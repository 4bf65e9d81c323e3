using L2c.Model.Caching;

namespace L2c.Model.Tests.Caching;

public sealed class TaylorSeerTests
{
    [Fact]
    public void The_first_two_evaluations_refresh_then_every_nth_and_the_last_is_not_forced()
    {
        Assert.Equal("##~~~#~~~#~~", Row("taylor:4:2", 12));
        Assert.Equal("##~~#~~#", Row("taylor:3:1", 8));
        Assert.Equal("########", Row("taylor:1:2", 8));
        Assert.Equal("##..#..#", Row("taylor:3:0", 8));
        Assert.Equal("##xx#xx#", Row("drop:taylor:3:2", 8));
        Assert.Equal("#", Row("taylor:3:2", 1));
    }

    [Fact]
    public void Weights_are_the_differences_written_out()
    {
        // Refreshes 0 and 1 are one index apart: the slope is f1 - f0 per evaluation.
        CacheSchedule schedule = ScheduleRule.Parse("taylor:4:2", PublishedRoles.OnePerStep(12), 2);
        Assert.Equal([new(1, 2), new(0, -1)], schedule.Terms(2, 1));
        Assert.Equal([new(1, 4), new(0, -3)], schedule.Terms(4, 0));

        // After refresh 5: F1 = (f5 - f1) / 4 per evaluation, F2 = (F1 - (f1 - f0)) / 4, also by the latest gap; one evaluation on F0 + F1 + F2 / 2.
        Assert.Equal([new(5, 1 + 0.25f + (0.0625f / 2)), new(1, -0.25f - (1.25f / 4 / 2)), new(0, 1 / 4f / 2)], schedule.Terms(6, 0));
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(4, 4)]
    [InlineData(2, 5)]
    public void A_forecast_is_the_polynomial_of_the_stored_factors(int interval, int order)
    {
        const int steps = 50;
        var random = new Random(3);
        double[] f = [.. Enumerable.Range(0, steps).Select(_ => random.NextDouble() - 0.5)];
        CacheSchedule schedule = ScheduleRule.Parse($"taylor:{interval}:{order}", PublishedRoles.OnePerStep(steps), 2);
        double[] factors = [];
        int last = steps - 1;
        for (int e = 0; e < steps; e++)
        {
            int index = steps - 1 - e;
            if (index >= steps - 2 || (steps - 2 - index) % interval == 0)
            {
                List<double> next = [f[e]];
                foreach (double before in factors.Take(order))
                {
                    next.Add((next[^1] - before) / (index - last));
                }

                (factors, last) = ([.. next], index);
                Assert.Equal(EvaluationRole.Refresh, schedule.Role(e));
                continue;
            }

            double expected = 0, power = 1;
            for (int q = 0; q < factors.Length; power *= (index - last) / (double)++q)
            {
                expected += factors[q] * power;
            }

            double[] weights = [.. schedule.Terms(e, 0).Select(term => (double)term.Weight)];
            Assert.Equal(expected, schedule.Terms(e, 0).Sum(term => term.Weight * f[term.Evaluation]), 1e-6 * weights.Sum(Math.Abs));
            Assert.Equal(1, weights.Sum(), 1e-6 * weights.Sum(Math.Abs)); // what does not change is forecast exactly
            Assert.Equal(factors.Length, weights.Length);
        }
    }

    [Theory]
    [InlineData("taylor:0:1")]
    [InlineData("taylor:4:6")]
    [InlineData("taylor:4")]
    [InlineData("taylor:4:-1")]
    public void A_number_out_of_range_is_refused(string rule) =>
        Assert.Throws<ArgumentException>(() => ScheduleRule.Parse(rule, PublishedRoles.OnePerStep(8), 2));

    [Fact]
    public void A_forecast_reads_what_was_computed_before_in_few_finite_terms()
    {
        Assert.Contains("evaluation 1, which is not an earlier one", Refusal(new CacheTerm(1)), StringComparison.Ordinal);
        Assert.Contains("evaluation 3, which is not an earlier one", Refusal(new CacheTerm(3)), StringComparison.Ordinal);
        Assert.Contains("evaluation -1, which is not an earlier one", Refusal(new CacheTerm(-1)), StringComparison.Ordinal);
        Assert.Contains("weights are finite", Refusal(new CacheTerm(0, float.NaN)), StringComparison.Ordinal);
        Assert.Contains("names evaluation 0 twice", Refusal(new CacheTerm(0, 0.5f), new CacheTerm(0, 0.5f)), StringComparison.Ordinal);
        Assert.Contains("7 terms", Refusal([.. Enumerable.Repeat(new CacheTerm(0), 7)]), StringComparison.Ordinal);

        static string Refusal(params CacheTerm[] terms) => Assert.Throws<ArgumentException>(() => new CacheSchedule(
            [EvaluationRole.Refresh, EvaluationRole.Cache, EvaluationRole.Cache],
            [[true, true], [false, true], [false, true]],
            forecast: (e, _) => e == 2 ? terms : null)).Message;
    }

    private static string Row(string rule, int steps)
    {
        CacheSchedule schedule = ScheduleRule.Parse(rule, PublishedRoles.OnePerStep(steps), 2);
        return string.Concat(schedule.ToString().Split('\n').Select(line => line[^1]));
    }
}
