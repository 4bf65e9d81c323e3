using L2c.Model.Training;

namespace L2c.Model.Tests.Training;

public sealed class LambdaControlTests
{
    /// <summary>A share that follows ln lambda with a delay, as logits do: the controller must bring it to the target and hold it there.</summary>
    [Theory]
    [InlineData(0.3, 1e-6)]
    [InlineData(0.7, 1e-2)]
    public void The_share_settles_at_the_target(double target, double initial)
    {
        const double Rate = 0.01;
        LambdaControl control = new(initial, target, Rate);
        double share = 0, largest = 0;
        for (int step = 0; step < 6000; step++)
        {
            double settled = Math.Clamp((Math.Log10(control.Lambda) + 6) / 5, 0, 1); // none below 1e-6, all above 1e-1
            share += Rate * (settled - share);
            control.Update(share);
            largest = Math.Max(largest, share);
        }

        Assert.Equal(target, share, 0.01);
        Assert.InRange(largest, 0, target + 0.15);
    }

    [Fact]
    public void Lambda_stays_within_its_bounds_and_comes_back_at_once()
    {
        LambdaControl control = new(1e-3, 0.5, learningRate: 1);
        for (int step = 0; step < 1000; step++)
        {
            control.Update(0);
        }

        Assert.Equal(1, control.Lambda);
        for (int step = 0; step < 3; step++)
        {
            control.Update(1);
        }

        Assert.True(control.Lambda < 0.1, "the sum has not run away while lambda was at its bound");
        Assert.Throws<ArgumentException>(() => new LambdaControl(0, 0.5, 1));
    }
}
