using L2c.Model.Caching;
using L2c.Model.Planning;

namespace L2c.Model.Tests.Planning;

/// <summary>The search against every schedule that there is.</summary>
public sealed class ScheduleSearchTests
{
    private static readonly Predictor[] _predictors = [Predictor.Reuse, Predictor.Polynomial(1), Predictor.Polynomial(2)];

    private static readonly BranchCosts _costs = new([1, 1.5, 0.7, 2], 0.05);

    public static TheoryData<int, double, string> Cases
    {
        get
        {
            TheoryData<int, double, string> cases = [];
            foreach (string grouping in (string[])["branch by branch", "set by set", "whole evaluations"])
            {
                foreach (double price in (double[])[0, 0.03, 0.3, 1, 3, 1000])
                {
                    cases.Add(cases.Count, price, grouping);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_finds_the_least_error_plus_price_times_time(int seed, double price, string name)
    {
        RandomErrors network = new(seed, evaluations: 5, branches: 4);
        BranchGrouping grouping = Named(name, 4);
        CacheSchedule found = new ScheduleSearch(network.Errors, _costs, grouping, _predictors).Solve(price);
        (double error, double time) = Measure(network, grouping, found);
        Assert.Equal(error, network.Errors.Of(found, grouping), 1e-6 * (1 + error));

        // Groups do not meet, so the best of all is made of the best of each.
        double best = grouping.Groups.Sum(group => Enumerate(network, group, 5).Min(run => run.Error + (price * run.Time)));
        Assert.Equal(best, error + (price * time), 1e-5 * (1 + best));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_it_finds_is_the_best_of_all_that_take_no_more_time(int seed)
    {
        RandomErrors network = new(seed, evaluations: 5, branches: 2);
        BranchGrouping grouping = Named("branch by branch", 2);
        ScheduleSearch search = new(network.Errors, _costs with { Compute = [1, 1.5] }, grouping, _predictors);
        (double Error, double Time)[] first = [.. Enumerate(network, grouping.Groups[0], 5)], second = [.. Enumerate(network, grouping.Groups[1], 5)];
        HashSet<double> times = [];
        for (double price = 0.001; price < 100; price *= 1.5)
        {
            (double error, double time) = Measure(network, grouping, search.Solve(price));
            times.Add(Math.Round(time, 6));
            double best = (from a in first from b in second where a.Time + b.Time <= time + 1e-9 select a.Error + b.Error).Min();
            Assert.Equal(best, error, 1e-5 * (1 + best));
        }

        Assert.True(times.Count > 4, $"only {times.Count} different times");
    }

    [Fact]
    public void A_search_that_forgets_earlier_outputs_finds_worse()
    {
        RandomErrors network = new(3, evaluations: 5, branches: 4);
        BranchGrouping grouping = Named("branch by branch", 4);
        double all = Objective(_predictors), latest = Objective([Predictor.Reuse]);
        Assert.True(all < 0.99 * latest, $"{all} and {latest}");

        double Objective(Predictor[] predictors)
        {
            (double error, double time) = Measure(network, grouping, new ScheduleSearch(network.Errors, _costs, grouping, predictors).Solve(0.3));
            return error + (0.3 * time);
        }
    }

    [Fact]
    public void Without_a_price_everything_is_computed_and_at_a_great_one_nothing_after_the_first()
    {
        RandomErrors network = new(4, evaluations: 6, branches: 4);
        foreach (BranchGrouping grouping in BranchGrouping.All(4))
        {
            ScheduleSearch search = new(network.Errors, _costs, grouping, _predictors);
            Assert.True(search.Solve(0).ComputesAll);
            CacheSchedule least = search.Solve(1e9);
            Assert.Equal((4, 20), (least.Count(BranchAction.Compute), least.Count(BranchAction.Reuse)));
        }

        Assert.Throws<ArgumentException>(() => new ScheduleSearch(network.Errors, _costs, Named("set by set", 4), [Predictor.Polynomial(1)]));
    }

    [Theory]
    [InlineData(20, 3, 3)]
    [InlineData(50, 3, 3)]
    [InlineData(51, 3, 3)]
    [InlineData(52, 3, 2)]
    [InlineData(115, 3, 2)]
    [InlineData(116, 3, 1)]
    [InlineData(1000, 3, 1)]
    public void Long_runs_are_searched_with_shorter_histories(int evaluations, int wanted, int affordable) =>
        Assert.Equal(affordable, ComputedHistories.AffordableDepth(evaluations, wanted));

    [Fact]
    public void Sets_are_whole_blocks_and_the_whole_network_is_the_last()
    {
        foreach (int branches in (int[])[2, 4, 6, 24, 56])
        {
            int[] all = [.. Enumerable.Range(0, branches)];
            foreach (BranchGrouping grouping in BranchGrouping.All(branches))
            {
                Assert.Equal(all, grouping.Groups.SelectMany(group => group.Branches).Order());
            }

            IReadOnlyList<IReadOnlyList<int>> sets = Named("set by set", branches).Groups.Single().SkipSets;
            Assert.Equal(all, sets[^1]);
            Assert.All(sets.Skip(2), set => Assert.True(set[0] % 2 == 0 && set[^1] % 2 == 1 && set.Count == set[^1] - set[0] + 1));
            Assert.Equal(sets.Count, sets.Select(DecisionErrors.Key).Distinct().Count());
        }
    }

    private static BranchGrouping Named(string name, int branches) => BranchGrouping.All(branches).Single(grouping => grouping.Name == name);

    /// <summary>Error and time of a schedule, from its terms alone.</summary>
    private static (double Error, double Time) Measure(RandomErrors network, BranchGrouping grouping, CacheSchedule schedule)
    {
        (double error, double time) = (0, 0);
        for (int e = 0; e < schedule.Evaluations; e++)
        {
            foreach (BranchGroup group in grouping.Groups)
            {
                int[] skipped = [.. group.Branches.Where(b => !schedule.Computes(e, b))];
                time += group.Branches.Except(skipped).Sum(b => _costs.Compute[b]) + skipped.Sum(b => _costs.Term * schedule.Terms(e, b).Length);
                error += skipped.Length == 0 ? 0 : network.Of(e, skipped, b => schedule.Terms(e, b));
            }
        }

        return (error, time);
    }

    /// <summary>Error and time of everything that can be decided about a group.</summary>
    private static IEnumerable<(double Error, double Time)> Enumerate(RandomErrors network, BranchGroup group, int evaluations)
    {
        double all = group.Branches.Sum(b => _costs.Compute[b]);
        return From(1, [0], 0, all);

        IEnumerable<(double Error, double Time)> From(int e, int[] computed, double error, double time)
        {
            if (e == evaluations)
            {
                return [(error, time)];
            }

            IEnumerable<(double, double)> runs = From(e + 1, [e, .. computed], error, time + all);
            foreach (IReadOnlyList<int> set in group.SkipSets)
            {
                foreach (Predictor predictor in _predictors.Where(predictor => predictor.Depth <= computed.Length))
                {
                    double more = network.Of(e, set, b => Terms(predictor, e, b, computed));
                    double spent = all + set.Sum(b => (_costs.Term * predictor.Depth) - _costs.Compute[b]);
                    runs = runs.Concat(From(e + 1, computed, error + more, time + spent));
                }
            }

            return runs;
        }
    }

    private static CacheTerm[] Terms(Predictor predictor, int evaluation, int branch, int[] computed)
    {
        var terms = new CacheTerm[predictor.Depth];
        predictor.Write(evaluation, branch, computed.AsSpan(0, predictor.Depth), terms);
        return terms;
    }
}
