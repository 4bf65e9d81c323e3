using L2c.Model.Samplers;

namespace L2c.Model.Tests.Samplers;

/// <summary>Numbers that another project publishes for the same samplers on a network that is a formula.</summary>
/// <remarks>Source: tests/schedulers of the diffusers project: x = i / 768, i = 0 .. 767, and ε = x t / (t + 1).</remarks>
public sealed class OutsideNumbersTests
{
    private static readonly SolverModel _model = new(new InterpolatedSchedule(NoiseSchedule.Linear), PredictsData: true);

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

    /// <summary>test_scheduler_dpm_multi.py, test_full_loop_no_noise: solver_order 2, midpoint, no step of lower order at the end, down to σ of timestep 0.
    /// </summary>
    [Fact]
    public void Multistep_order_2_of_ten_steps_ends_where_diffusers_ends()
    {
        float[] times = Times();
        Assert.Equal(0.3301, Sample(DpmSolverPlusPlus.Table("2M", 2, _model, times)).Mean, 1e-3);

        Assert.False(Math.Abs(Sample(DpmSolver.Table("1S", 1, _model, times)).Mean - 0.3301) <= 1e-3);
        Assert.False(Math.Abs(Sample(DpmSolverPlusPlus.Table("3M", 3, _model, times)).Mean - 0.3301) <= 1e-3);
    }

    /// <summary>test_scheduler_dpm_single.py, test_full_loop_no_noise: the same settings and timesteps; every second one lies between the ends of a step.
    /// </summary>
    [Fact]
    public void Singlestep_order_2_of_ten_evaluations_ends_where_diffusers_ends()
    {
        Assert.Equal(0.2791, Sample(Table(r1: null)).Mean, 1e-3);
        Assert.False(Math.Abs(Sample(Table(r1: 0.5f)).Mean - 0.2791) <= 1e-3);

        static SamplerTable Table(float? r1)
        {
            float[] t = Times();
            float[] lambda = Array.ConvertAll(t, _model.Process.Lambda);
            return new SamplerTable("2S", [.. Enumerable.Range(0, t.Length / 2).Select(i => 2 * i).SelectMany((i, step) =>
                DpmSolver.Second(_model, t[i], t[i + 2], step, r1 ?? ((lambda[i + 1] - lambda[i]) / (lambda[i + 2] - lambda[i]))))]);
        }
    }

    private static float[] Times() => [.. Respacing.Select(11).Reverse().Select(n => (n + 1) / 1000f)];

    private static (double Sum, double Mean) Sample(SamplerTable table)
    {
        float[] x = TableRunner.Run(table, [.. Enumerable.Range(0, 768).Select(i => i / 768f)], (value, time) => value * time / (time + 1));
        return (x.Sum(value => Math.Abs((double)value)), x.Average(value => Math.Abs((double)value)));
    }
}
