namespace L2c.Testing.Tests;

public sealed class HybridLossReferenceTests
{
    // Timesteps 0 and 500 of 1000 linear betas, 1e-4 to 2e-2, to four digits.
    private static readonly ReferenceTimestep _first = new(1.00005f, 0.0100005f, 1, 0, -9.8198f, -9.2103f, IsFirst: true);
    private static readonly ReferenceTimestep _middle = new(3.568f, 3.425f, 0.003053f, 0.9942f, -4.6072f, -4.5995f, IsFirst: false);

    [Theory]
    [InlineData(0, 0, 0, 0, 0)]
    [InlineData(1, 0, -1, 0, 2)]
    [InlineData(0, 0, 0, 0.69314718055994531, 0.5 * (0.69314718055994531 - 0.5))]
    [InlineData(2, 0.69314718055994531, 2, 0, 0.5 * (1 - 0.69314718055994531))]
    public void Divergence_matches_hand_computed_values(double mean1, double logVariance1, double mean2, double logVariance2, double nats) =>
        Assert.Equal(nats, Reference.Divergence(mean1, logVariance1, mean2, logVariance2).Nats, 1e-15);

    [Fact]
    public void Likelihoods_of_all_grid_values_add_up_to_one()
    {
        double total = Enumerable.Range(0, 256).Sum(i => Math.Exp(-Reference.NegativeLogLikelihood(i / 127.5 - 1, 0.3, -2).Nats));
        Assert.Equal(1, total, 1e-12);
    }

    [Fact]
    public void A_likelihood_is_near_the_density_times_the_step_and_is_cut_far_away()
    {
        // Standard normal at 0.5: density 0.35207 exp(0.125 - 0.125).
        double density = Math.Exp(-0.125) / Math.Sqrt(2 * Math.PI);
        Assert.Equal(-Math.Log(density * 2 / 255), Reference.NegativeLogLikelihood(0.5, 0, 0.0).Nats, 2e-3);
        (double nats, double slope) = Reference.NegativeLogLikelihood(0.5, -0.5, -9.0);
        Assert.Equal(12 * Math.Log(10), nats, 1e-12);
        Assert.Equal(0, slope);
    }

    [Fact]
    public void A_weight_of_the_error_is_one_of_its_gradient_alone()
    {
        (double[] losses, double[] gradient) = Reference.HybridLoss<double>([0.5f, 0.25f], [0], [0.5f], [0.1f], [_middle]);
        (double[] same, double[] weighted) = Reference.HybridLoss<double>([0.5f, 0.25f], [0], [0.5f], [0.1f], [_middle with { ErrorWeight = 0.25f }]);
        Assert.Equal(losses, same);
        Assert.Equal([gradient[0] / 4, gradient[1]], weighted);
        Assert.Equal(1, gradient[0]); // 2 x 0.5
    }

    [Fact]
    public void Gradients_match_differences_and_the_variance_does_not_move_the_mean()
    {
        // Three images of one channel: at the first step the values are edges, inside, and far off.
        ReferenceTimestep[] timesteps = [_first, _middle, _first];
        float[] x0 = [-1, 1, 0.25f, -0.5f, 0.5f, 1, -1, 0.25f, -1, 1, 0, 0.5f];
        float[] noise = FiniteDifferences.OnGrid(RandomData.Normal(seed: 1, 12)), xt = new float[12];
        for (int i = 0; i < 12; i++)
        {
            ReferenceTimestep step = timesteps[i / 4];
            xt[i] = (x0[i] + step.EpsToX0 * noise[i]) / step.XToX0;
        }

        float[] output = FiniteDifferences.OnGrid(RandomData.Normal(seed: 2, 24));
        double[] gradient = Reference.HybridLoss<double>(output, noise, x0, xt, timesteps).DOutput;
        double[] ofMse = FiniteDifferences.Gradient(p => Mean(p, 0), output), ofBound = FiniteDifferences.Gradient(p => Mean(p, 1), output);
        for (int image = 0; image < 3; image++)
        {
            Range eps = (image * 8)..(image * 8 + 4), v = (image * 8 + 4)..(image * 8 + 8);
            FiniteDifferences.AssertEqual(ofMse[eps], gradient[eps]);
            FiniteDifferences.AssertEqual(ofBound[v], gradient[v]);
            Assert.Contains(ofBound[eps], d => Math.Abs(d) > 1e-6); // which the gradient leaves out
        }

        double Mean(float[] p, int term) =>
            Reference.HybridLoss<double>(p, noise, x0, xt, timesteps).Losses.Where((_, i) => i % 2 == term).Average();
    }
}
