using L2c.Model.Samplers;

namespace L2c.Model.Tests.Samplers;

/// <summary>Times of the solvers' steps, and the process between its timesteps.</summary>
public sealed class TimeGridTests
{
    private static readonly NoiseSchedule[] _processes = [NoiseSchedule.Linear, NoiseSchedule.ScaledLinear];

    public static TheoryData<TimeSpacing> Spacings => [.. Enum.GetValues<TimeSpacing>()];

    [Theory]
    [MemberData(nameof(Spacings))]
    public void Times_lie_at_equal_distances_of_what_the_grid_is_called_by(TimeSpacing spacing)
    {
        foreach (InterpolatedSchedule process in _processes.Select(process => new InterpolatedSchedule(process)))
        {
            float[] times = TimeGrid.Times(spacing, process, 20);
            Assert.Equal(21, times.Length);
            Assert.Equal(1, times[0], 1e-6);
            Assert.Equal(1e-3, times[^1], 1e-6);
            double[] places = [.. times.Select(t => spacing switch
            {
                TimeSpacing.TimeUniform => t,
                TimeSpacing.LogSnr => -process.Lambda(t),
                _ => Math.Sqrt(t),
            })];
            double step = (places[0] - places[^1]) / 20;
            Assert.All(Enumerable.Range(0, 20), i => Assert.Equal(step, places[i] - places[i + 1], 1e-3 * step));
        }
    }

    /// <summary>A router's row was trained at the timestep that fp32 rounds to.</summary>
    [Fact]
    public void Published_times_are_those_of_fp32()
    {
        InterpolatedSchedule process = new(NoiseSchedule.ScaledLinear);
        float[] times = TimeGrid.Times(TimeSpacing.TimeUniform, process, 10);
        Assert.Equal([1000, 900, 800, 700, 600, 501, 401, 301, 201, 101, 1], times.Select(t => MathF.Round(process.NetworkTime(t))));
        double[] exact = [.. Enumerable.Range(0, 11).Select(i => 1 - (i * (1 - 1e-3) / 10))];
        Assert.Equal(500, Math.Round(exact[5] * 1000));
    }

    [Fact]
    public void A_process_between_timesteps_passes_through_them()
    {
        foreach (NoiseSchedule process in _processes)
        {
            InterpolatedSchedule schedule = new(process);
            for (int n = 0; n < process.Count; n += 37)
            {
                float t = (n + 1) / 1000f;
                Assert.Equal(process.TimestepMap[n], schedule.NetworkTime(t), 1e-4);
                Assert.Equal(process.SqrtAlphasCumprod[n], schedule.Alpha(t), 2e-6);
                Assert.Equal(process.SqrtOneMinusAlphasCumprod[n], schedule.Sigma(t), 3e-6);

                float between = t + 0.0004f;
                if (n + 1 < process.Count)
                {
                    Assert.InRange(schedule.Alpha(between), schedule.Alpha(t + 0.001f), schedule.Alpha(t));
                }

                Assert.Equal(between, schedule.Time(schedule.Lambda(between)), 2e-6);
            }
        }
    }
}
