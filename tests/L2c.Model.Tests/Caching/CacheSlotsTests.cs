using L2c.Model.Caching;
using L2c.Model.Tests.Runs;

namespace L2c.Model.Tests.Caching;

public sealed class CacheSlotsTests
{
    [Fact]
    public void Slots_are_as_many_as_the_peak_of_live_outputs_and_no_two_of_those_share_one()
    {
        var random = new Random(11);
        int mostPeak = 0, shared = 0;
        for (int trial = 0; trial < 500; trial++)
        {
            CacheSchedule schedule = Any(random);
            var slots = CacheSlots.Plan(schedule);
            List<LiveOutputs.Interval> live = LiveOutputs.Of(schedule);
            int peak = LiveOutputs.Peak(schedule);
            Assert.Equal((peak, live.Count), (slots.Count, slots.KeptOutputs));
            Assert.All(live, interval => Assert.InRange(slots.SlotOf(interval.Evaluation, interval.Branch), 0, peak - 1));
            foreach (IGrouping<int, LiveOutputs.Interval> slot in live.GroupBy(i => slots.SlotOf(i.Evaluation, i.Branch)))
            {
                LiveOutputs.Interval[] inOrder = [.. slot.OrderBy(i => i.From)];
                Assert.All(inOrder.Zip(inOrder.Skip(1)), pair => Assert.True(pair.First.To < pair.Second.From, $"trial {trial}, slot {slot.Key}"));
                shared += inOrder.Select(i => i.Branch).Distinct().Count() - 1;
            }

            mostPeak = Math.Max(mostPeak, peak);
        }

        Assert.True(mostPeak > 4 && shared > 100, "the schedules were too simple to show anything");
    }

    [Fact]
    public void Keeping_everything_gives_each_branch_its_slot()
    {
        var slots = CacheSlots.KeepEverything(CacheSchedule.Full(3, 4));
        Assert.Equal((4, 12), (slots.Count, slots.KeptOutputs));
        Assert.Equal([0, 1, 2, 3], Enumerable.Range(0, 4).Select(branch => slots.SlotOf(2, branch)));
    }

    [Fact]
    public void Kept_in_turn_an_output_outlives_its_last_reader()
    {
        var random = new Random(12);
        for (int trial = 0; trial < 200; trial++)
        {
            CacheSchedule schedule = Any(random);
            var slots = CacheSlots.KeepEverything(schedule);
            for (int e = 0; e < schedule.Evaluations; e++)
            {
                for (int b = 0; b < schedule.Branches; b++)
                {
                    foreach (CacheTerm term in schedule.Terms(e, b))
                    {
                        Assert.DoesNotContain(
                            Enumerable.Range(term.Evaluation + 1, e - term.Evaluation),
                            later => schedule.Computes(later, b) && slots.SlotOf(later, b) == slots.SlotOf(term.Evaluation, b));
                    }
                }
            }

            Assert.InRange(slots.Count, schedule.Branches, schedule.Branches * schedule.Evaluations);
        }
    }

    [Fact]
    public void Kept_in_turn_what_is_not_computed_has_no_slot()
    {
        CacheSchedule schedule = CacheScheduleTests.Schedule("RCR", "11", "01", "11");
        var slots = CacheSlots.KeepEverything(schedule);
        Assert.Equal([0, -1, 0], Enumerable.Range(0, 3).Select(e => slots.SlotOf(e, 0)));
        Assert.Equal(5, slots.KeptOutputs);
    }

    private static CacheSchedule Any(Random random)
    {
        int evaluations = random.Next(1, 9), branches = 2 * random.Next(1, 5);
        double computed = random.NextDouble();
        bool[][] computes = [.. Enumerable.Range(0, evaluations).Select(e =>
            Enumerable.Range(0, branches).Select(_ => e == 0 || random.NextDouble() < computed).ToArray())];
        EvaluationRole[] roles = [.. computes.Select(row => row.All(c => c) ? EvaluationRole.Refresh : EvaluationRole.Cache)];
        bool forecasts = random.Next(2) == 0;
        return new CacheSchedule(roles, computes, dropsSkipped: random.Next(8) == 0, forecast: (e, b) => forecasts ? Some(e, b) : null);

        IReadOnlyList<CacheTerm>? Some(int evaluation, int branch) => random.Next(3) == 0
            ? null
            : [.. Enumerable.Range(0, evaluation).Where(e => computes[e][branch] && random.Next(2) == 0).Take(3).Select(e => new CacheTerm(e, 2))];
    }
}
