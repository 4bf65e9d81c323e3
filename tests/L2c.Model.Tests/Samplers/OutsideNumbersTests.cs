using L2c.Model.Samplers;

namespace L2c.Model.Tests.Samplers;

/// <summary>Numbers that another project publishes for the same samplers on a network that is a formula.</summary>
/// <remarks>Source: tests/schedulers of the diffusers project: x = i / 768, i = 0 .. 767, and ε = x t / (t + 1).</remarks>
public sealed class OutsideNumbersTests
{
    [Fact]
    public void Ddim_of_ten_steps_ends_where_diffusers_ends()
    {
        (double sum, double mean) = Sample(Ddim.Table("ddim10"));
        Assert.Equal(172.0067, sum, 1e-2);
        Assert.Equal(0.223967, mean, 1e-3);

        // Another grid, or a step that is left out, is seen.
        Assert.False(Math.Abs(Sample(Ddim.Table("10")).Sum - 172.0067) <= 1e-2);
        SamplerTable table = Ddim.Table("ddim10");
        Assert.False(Math.Abs(Sample(table with { Evaluations = [.. table.Evaluations.Skip(1)] }).Sum - 172.0067) <= 1e-2);
    }

    private static (double Sum, double Mean) Sample(SamplerTable table)
    {
        float[] x = TableRunner.Run(table, [.. Enumerable.Range(0, 768).Select(i => i / 768f)], (value, time) => value * time / (time + 1));
        return (x.Sum(value => Math.Abs((double)value)), x.Average(value => Math.Abs((double)value)));
    }
}
