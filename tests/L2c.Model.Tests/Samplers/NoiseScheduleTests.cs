using L2c.Model.Samplers;

namespace L2c.Model.Tests.Samplers;

/// <summary>Properties that follow from the definitions of Ho et al. 2020, derived here in other ways than the tables are computed.</summary>
public class NoiseScheduleTests
{
    public static TheoryData<string> Respacings => ["1000", "250", "50", "25", "20", "9", "2", "ddim50", "10,15,20"];

    [Fact]
    public void Roots_of_scaled_betas_are_linear_from_0_00085_to_0_012()
    {
        NoiseSchedule schedule = NoiseSchedule.ScaledLinear;
        Assert.Equal(1000, schedule.Count);
        Assert.Equal(0.00085, schedule.Betas[0], 1e-18);
        Assert.Equal(0.012, schedule.Betas[^1], 1e-17);
        double step = (Math.Sqrt(0.012) - Math.Sqrt(0.00085)) / 999;
        Assert.All(Enumerable.Range(1, 999), t => Assert.Equal(step, Math.Sqrt(schedule.Betas[t]) - Math.Sqrt(schedule.Betas[t - 1]), 1e-15));
    }

    [Fact]
    public void Betas_are_linear_from_1e_4_to_2e_2()
    {
        NoiseSchedule schedule = NoiseSchedule.Linear;
        Assert.Equal(1000, schedule.Count);
        Assert.Equal(1e-4, schedule.Betas[0]);
        Assert.Equal(2e-2, schedule.Betas[^1]);
        Assert.All(Enumerable.Range(1, 999), t => Assert.Equal(1.99e-2 / 999, schedule.Betas[t] - schedule.Betas[t - 1], 1e-16));
    }

    [Theory]
    [MemberData(nameof(Respacings))]
    public void Respacing_keeps_the_cumulative_products(string steps)
    {
        NoiseSchedule schedule = NoiseSchedule.Linear.Respace(Respacing.Select(steps));
        double product = 1;
        for (int i = 0; i < schedule.Count; i++)
        {
            double expected = PaperReference.AlphaBar(schedule.TimestepMap[i]);
            Assert.Equal(product, schedule.AlphasCumprodPrev[i], 1e-14 * product);
            product *= 1 - schedule.Betas[i];
            Assert.Equal(expected, schedule.AlphasCumprod[i], 1e-12 * expected);
            Assert.Equal(product, schedule.AlphasCumprod[i], 1e-14 * product);
        }
    }

    [Theory]
    [MemberData(nameof(Respacings))]
    public void The_posterior_is_what_Bayes_rule_gives(string steps)
    {
        NoiseSchedule schedule = NoiseSchedule.Linear.Respace(Respacing.Select(steps));
        for (int i = 1; i < schedule.Count; i++)
        {
            // Likelihood q(x_t | x_{t-1}) = N(√α x_{t-1}, β) times prior q(x_{t-1} | x_0) = N(√ᾱ' x_0, 1 - ᾱ'): precisions add.
            double alpha = 1 - schedule.Betas[i];
            double priorVariance = 1 - schedule.AlphasCumprodPrev[i];
            double variance = 1 / ((alpha / schedule.Betas[i]) + (1 / priorVariance));
            AssertClose(variance, schedule.PosteriorVariance[i]);
            AssertClose(Math.Log(variance), schedule.PosteriorLogVarianceClipped[i]);
            AssertClose(variance * Math.Sqrt(schedule.AlphasCumprodPrev[i]) / priorVariance, schedule.PosteriorMeanCoef1[i]);
            AssertClose(variance * Math.Sqrt(alpha) / schedule.Betas[i], schedule.PosteriorMeanCoef2[i]);
        }

        Assert.Equal(0, schedule.PosteriorVariance[0]);
        Assert.Equal(schedule.PosteriorLogVarianceClipped[1], schedule.PosteriorLogVarianceClipped[0]);
        AssertClose(1, schedule.PosteriorMeanCoef1[0]);
        Assert.Equal(0, schedule.PosteriorMeanCoef2[0]);
    }

    [Theory]
    [MemberData(nameof(Respacings))]
    public void The_prediction_of_x0_inverts_the_forward_process(string steps)
    {
        NoiseSchedule schedule = NoiseSchedule.Linear.Respace(Respacing.Select(steps));
        for (int i = 0; i < schedule.Count; i++)
        {
            double alphaBar = schedule.AlphasCumprod[i];
            double noised = (Math.Sqrt(alphaBar) * 0.7) + (Math.Sqrt(1 - alphaBar) * -1.3);
            double x0 = (schedule.SqrtRecipAlphasCumprod[i] * noised) - (schedule.SqrtRecipm1AlphasCumprod[i] * -1.3);
            Assert.Equal(0.7, x0, 1e-11);
        }
    }

    [Fact]
    public void A_single_step_has_finite_tables()
    {
        NoiseSchedule schedule = NoiseSchedule.Linear.Respace([999]);
        Assert.Equal(PaperReference.AlphaBar(999), 1 - schedule.Betas[0], 1e-12);
        Assert.Equal(Math.Log(schedule.Betas[0]), schedule.PosteriorLogVarianceClipped[0]);
    }

    [Fact]
    public void Respacing_a_respaced_schedule_keeps_the_training_timesteps()
    {
        NoiseSchedule twice = NoiseSchedule.Linear.Respace([10, 20, 30, 40]).Respace([1, 3]);
        Assert.Equal([20, 40], twice.TimestepMap);
        Assert.Equal(NoiseSchedule.Linear.AlphasCumprod[40], twice.AlphasCumprod[1], 1e-14);
    }

    [Fact]
    public void Timesteps_that_do_not_ascend_or_exist_are_refused()
    {
        Assert.Throws<ArgumentException>(() => NoiseSchedule.Linear.Respace([]));
        Assert.Throws<ArgumentException>(() => NoiseSchedule.Linear.Respace([5, 5]));
        Assert.Throws<ArgumentException>(() => NoiseSchedule.Linear.Respace([-1]));
        Assert.Throws<ArgumentException>(() => NoiseSchedule.Linear.Respace([1000]));
    }

    private static void AssertClose(double expected, double actual) => Assert.Equal(expected, actual, 1e-12 * Math.Abs(expected));
}
