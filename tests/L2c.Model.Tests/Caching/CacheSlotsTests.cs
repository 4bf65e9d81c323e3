using L2c.Model.Caching;
using L2c.Model.Tests.Runs;

namespace L2c.Model.Tests.Caching;

public sealed class CacheSlotsTests
{
    [Fact]
    public void Slots_are_as_many_as_the_peak_of_live_outputs_and_no_two_of_those_share_one()
    {
        var random = new Random(11);
        int mostPeak = 0, shared = 0, segments = 0;
        for (int trial = 0; trial < 500; trial++)
        {
            CacheSchedule schedule = Any(random);
            var slots = CacheSlots.Plan(schedule);
            List<LiveOutputs.Interval> live = LiveOutputs.Of(schedule);
            int peak = LiveOutputs.Peak(schedule);
            int deltas = live.Count(i => i.Unit >= schedule.Branches);
            Assert.Equal((peak, live.Count - deltas, deltas), (slots.Count, slots.KeptOutputs, slots.KeptDeltas));
            segments += deltas;
            Assert.All(live, interval => Assert.InRange(Slot(interval), 0, peak - 1));
            foreach (IGrouping<int, LiveOutputs.Interval> slot in live.GroupBy(Slot))
            {
                LiveOutputs.Interval[] inOrder = [.. slot.OrderBy(i => i.From)];
                Assert.All(inOrder.Zip(inOrder.Skip(1)), pair => Assert.True(pair.First.To < pair.Second.From, $"trial {trial}, slot {slot.Key}"));
                shared += inOrder.Select(i => i.Unit).Distinct().Count() - 1;
            }

            mostPeak = Math.Max(mostPeak, peak);

            int Slot(LiveOutputs.Interval i) => i.Unit < schedule.Branches
                ? slots.SlotOf(i.Evaluation, i.Unit)
                : slots.SlotOfSegment(i.Evaluation, i.Unit - schedule.Branches);
        }

        Assert.True(mostPeak > 4 && shared > 100 && segments > 100, "the schedules were too simple to show anything");
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

            foreach (SegmentReplacement replaced in schedule.Replaced)
            {
                int segment = schedule.Segments.IndexOf(replaced.Segment);
                foreach (CacheTerm term in replaced.Terms)
                {
                    Assert.DoesNotContain(
                        Enumerable.Range(term.Evaluation + 1, replaced.Evaluation - term.Evaluation),
                        later => schedule.Computes(later, replaced.Segment)
                            && slots.SlotOfSegment(later, segment) == slots.SlotOfSegment(term.Evaluation, segment));
                }
            }

            int units = schedule.Branches + schedule.Segments.Length;
            Assert.InRange(slots.Count, units, units * schedule.Evaluations);
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

    private static CacheSchedule Any(Random random) => Any(random, random.Next(1, 9), 2 * random.Next(1, 5));

    /// <summary>A schedule of masks, forecasts and segments, the first evaluation computing everything.</summary>
    internal static CacheSchedule Any(Random random, int evaluations, int branches)
    {
        double computed = random.NextDouble();
        bool[][] computes = [.. Enumerable.Range(0, evaluations).Select(e =>
            Enumerable.Range(0, branches).Select(_ => e == 0 || random.NextDouble() < computed).ToArray())];
        List<SegmentReplacement> replaced = [];
        for (int e = 1; e < evaluations && random.Next(2) == 0; e += random.Next(1, 3))
        {
            for (int first = random.Next(branches); first < branches; first += random.Next(1, 5))
            {
                CacheSegment segment = new(first, Math.Min(branches - 1, first + random.Next(4)));
                int[] sources = [.. Enumerable.Range(0, e).Where(s => computes[s].Skip(first).Take(segment.Length).All(c => c))];
                replaced.Add(new SegmentReplacement(e, segment, [.. sources.Take(2).Select(s => new CacheTerm(s, 3))]));
                computes[e].AsSpan(first, segment.Length).Clear();
                first = segment.Last;
            }
        }

        EvaluationRole[] roles = [.. computes.Select(row => row.All(c => c) ? EvaluationRole.Refresh : EvaluationRole.Cache)];
        bool forecasts = random.Next(2) == 0;
        return new CacheSchedule(
            roles, computes, dropsSkipped: random.Next(8) == 0, forecast: (e, b) => forecasts ? Some(e, b) : null, replaced: replaced);

        IReadOnlyList<CacheTerm>? Some(int evaluation, int branch) => random.Next(3) == 0
            ? null
            : [.. Enumerable.Range(0, evaluation).Where(e => computes[e][branch] && random.Next(2) == 0).Take(3).Select(e => new CacheTerm(e, 2))];
    }
}
