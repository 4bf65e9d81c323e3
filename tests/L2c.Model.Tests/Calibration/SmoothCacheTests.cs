using L2c.Model.Caching;
using L2c.Model.Calibration;

namespace L2c.Model.Tests.Calibration;

/// <summary>SmoothCache beyond the recorded cases: several batches, limits of the rule, tables that lack something.</summary>
public sealed class SmoothCacheTests
{
    private static readonly SmoothCache _method = new();

    [Fact]
    public void Errors_of_two_batches_are_those_of_one_with_all_images()
    {
        Figures.Batch[] batches = [new(1, 2), new(20, 1)];
        CalibrationTable table = Figures.Measure(_method, new CalibrationSettings { Lookahead = 3 }, batches);
        Assert.Equal(4 * 3, table.Figures.Count);
        for (int b = 0; b < 4; b++)
        {
            for (int r = 1; r <= 3; r++)
            {
                Figures.Near(
                    Enumerable.Range(0, Figures.Steps - r).Select(k => Sum(b, e => Figures.Change(e[k], e[k + r])) / Sum(b, e => Figures.Magnitude(e[k + r]))),
                    table.Figures[SmoothCache.NameOf(b, r)]);
            }
        }

        double Sum(int branch, Func<float[][], double> of) => batches.Sum(batch => of(batch.Branches[branch]));
    }

    [Theory]
    [InlineData(0.5, "1000101")] // the largest distance that is near enough, though the one below it is not; the last is computed
    [InlineData(0.4999, "1001011")]
    [InlineData(0, "1111111")]
    public void The_largest_distance_within_the_threshold_is_taken(double threshold, string expected)
    {
        double[][] means =
        [
            [0.9, 0.9, 0.9, 0.4, 0.3, 0.9],
            [0.4, 0.9, 0.9, 0.9, 0.9],
            [0.5, 0.9, 0.9, 0.9],
        ];
        if (threshold == 0.4999)
        {
            means[1][0] = 0.4999;
        }

        bool[] computes = SmoothCache.Computes(7, means, threshold);
        Assert.Equal(expected, string.Concat(computes.Select(c => c ? '1' : '0')));
    }

    [Fact]
    public void All_blocks_have_the_schedule_of_their_component()
    {
        CalibrationTable table = Figures.Measure(_method, new CalibrationSettings(), new Figures.Batch(1, 2));
        double threshold = SmoothCache.Means(table, 1, 1)[0].Order().ElementAt(2);
        CacheSchedule schedule = _method.Decide(table, threshold, new CalibrationSettings());
        Assert.InRange(schedule.SkippedBranches, 1, (4 * Figures.Steps) - 1);
        for (int e = 0; e < Figures.Steps; e++)
        {
            Assert.Equal(schedule.Computes(e, 0), schedule.Computes(e, 2));
            Assert.Equal(schedule.Computes(e, 1), schedule.Computes(e, 3));
            bool all = schedule.Computes(e, 0) && schedule.Computes(e, 1);
            Assert.Equal(all ? EvaluationRole.Refresh : EvaluationRole.Cache, schedule.Role(e));
        }
    }

    [Fact]
    public void A_table_of_fewer_distances_is_refused()
    {
        CalibrationTable table = Figures.Measure(_method, new CalibrationSettings { Lookahead = 2 }, new Figures.Batch(1, 1));
        ArgumentException fault = Assert.Throws<ArgumentException>(() => _method.Decide(table, 0.1, new CalibrationSettings { Lookahead = 3 }));
        Assert.Contains("no figures \"attn-0:3\"", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_evaluation_is_computed()
    {
        ICalibrationMeter meter = _method.Measure(Figures.Architecture, 1, new CalibrationSettings());
        meter.Branch(0, 0, new float[8]);
        var table = new CalibrationTable(_method.Name, "small", "ddim", 1, 4, 1, meter.Figures);
        Assert.True(_method.Decide(table, 1, new CalibrationSettings()).ComputesAll);
    }
}
