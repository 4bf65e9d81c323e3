using L2c.Model.Samplers;

namespace L2c.Model.Tests.Samplers;

public class RespacingTests
{
    [Fact]
    public void Half_way_timesteps_round_to_even()
    {
        // 25 steps: stride 41.625, so the fifth is 166.5 and the thirteenth 499.5.
        IReadOnlyList<int> even = Respacing.Select(25);
        Assert.Equal([0, 42, 83, 125, 166], even.Take(5));
        Assert.Equal(500, even[12]);
        Assert.Equal(999, even[^1]);

        IReadOnlyList<int> up = Respacing.Select(25, MidpointRounding.AwayFromZero);
        Assert.Equal(167, up[4]);
        Assert.Equal(500, up[12]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    [InlineData(50)]
    [InlineData(667)]
    [InlineData(1000)]
    public void A_number_gives_that_many_distinct_timesteps_from_first_to_last(int steps)
    {
        IReadOnlyList<int> timesteps = Respacing.Select(steps);
        Assert.Equal(steps, timesteps.Count);
        Assert.Equal(timesteps.Distinct().Order(), timesteps);
        Assert.Equal(0, timesteps[0]);
        Assert.Equal(steps == 1 ? 0 : 999, timesteps[^1]);
        Assert.Equal(timesteps, Respacing.Select($" {steps} "));
        double stride = 999.0 / Math.Max(1, steps - 1);
        Assert.All(timesteps.Select((t, i) => Math.Abs(t - (i * stride))), distance => Assert.InRange(distance, 0, 0.5000001));
    }

    [Fact]
    public void Ddim_takes_the_smallest_integer_stride_with_that_count()
    {
        Assert.Equal(Enumerable.Range(0, 50).Select(i => 20 * i), Respacing.Select("ddim50"));
        Assert.Equal([0, 143, 286, 429, 572, 715, 858], Respacing.Select("ddim7"));
        Assert.Equal(Enumerable.Range(0, 1000), Respacing.Select("ddim1000"));
    }

    [Fact]
    public void Sections_divide_the_process_and_the_first_take_what_is_left_over()
    {
        // 1000 in three: 334, 333, 333.
        IReadOnlyList<int> timesteps = Respacing.Select("2,3,4");
        Assert.Equal([0, 333, 334, 500, 666, 667, 778, 888, 999], timesteps);
        Assert.Equal(45, Respacing.Select("10,15,20").Count);
        Assert.Equal([0, 500], Respacing.Select("1,1"));
    }

    [Theory]
    [InlineData("ddim300", "no integer stride")]
    [InlineData("ddim1", "no integer stride")]
    [InlineData("ddim0", "no integer stride")]
    [InlineData("1001", "ask for 1 to 1000")]
    [InlineData("0", "ask for 1 to 1000")]
    [InlineData("10,600", "ask for 1 to 500")]
    [InlineData("", "not a number of steps")]
    [InlineData("-5", "not a number of steps")]
    [InlineData("ddim", "not a number of steps")]
    [InlineData("20;30", "not a number of steps")]
    [InlineData("99999999999", "not a number of steps")]
    public void What_cannot_be_selected_is_refused_with_a_reason(string steps, string reason) =>
        Assert.Contains(reason, Assert.Throws<ArgumentException>(() => Respacing.Select(steps)).Message, StringComparison.Ordinal);
}
