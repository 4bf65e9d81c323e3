using L2c.Model.Training;

namespace L2c.Model.Tests.Training;

public sealed class RouterObjectiveTests
{
    private const int Branches = 3;

    [Fact]
    public void Weights_are_the_scores_or_straight_through_zeros_and_ones()
    {
        var objective = new RouterObjective([0, 2, -2, 9, 9, 9], Branches);
        float[] weights = new float[Branches];
        objective.Weights(0, weights);
        Assert.Equal([0.5f, 0.8807971f, 0.1192029f], weights, (a, b) => Math.Abs(a - b) < 1e-7);
        Assert.Equal(1.5, objective.Penalty(0), 1e-12);
        objective.StraightThroughThreshold = 0.5;
        objective.Weights(0, weights);
        Assert.Equal([0, 1, 0], weights); // strictly above: 0.5 is not
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.4)]
    public void Gradient_is_that_of_the_loss_through_the_score(double? threshold)
    {
        float[] logits = [0.5f, -1.25f, 2];
        double[] dWeights = [0.3, -0.7, 0.1];
        var objective = new RouterObjective([.. logits], Branches) { Lambda = 0.2, StraightThroughThreshold = threshold };
        objective.Accumulate(0, dWeights);
        for (int i = 0; i < Branches; i++)
        {
            double at = logits[i], above = Sigmoid(at + 1e-5), below = Sigmoid(at - 1e-5);
            Assert.Equal((dWeights[i] + 0.2) * (above - below) / 2e-5, objective.Gradient[i], 1e-9);
        }

        static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
    }

    [Fact]
    public void First_step_moves_by_the_learning_rate_against_the_gradients_sign()
    {
        var objective = new RouterObjective(new float[Branches], Branches) { LearningRate = 0.01 };
        objective.Accumulate(0, [4, -4, 0]);
        objective.Step(1);
        Assert.Equal([-0.01f, 0.01f, 0], objective.Logits.ToArray(), (a, b) => Math.Abs(a - b) < 1e-7);
        Assert.Equal([0.1f, -0.1f, 0], objective.FirstMoment.ToArray(), (a, b) => Math.Abs(a - b) < 1e-7);
        Assert.Equal([1e-3f, 1e-3f, 0], objective.SecondMoment.ToArray(), (a, b) => Math.Abs(a - b) < 1e-8);
    }

    [Fact]
    public void Routers_without_a_gradient_do_not_move()
    {
        var objective = new RouterObjective([1, 1, 1, 2, 2, 2], Branches) { LearningRate = 0.1, Lambda = 1 };
        objective.Accumulate(0, [1, 1, 1]);
        objective.Accumulate(1, [1, 1, 1]);
        objective.Step(2);
        float[] logits = objective.Logits[Branches..].ToArray(), moments = objective.FirstMoment[Branches..].ToArray();
        objective.Accumulate(0, [1, 1, 1]);
        Assert.False(objective.HasGradient(1));
        objective.Step(1);
        Assert.Equal([2, 1], objective.Steps.ToArray());
        Assert.Equal(logits, objective.Logits[Branches..].ToArray());
        Assert.Equal(moments, objective.FirstMoment[Branches..].ToArray());
        Assert.NotEqual(1, objective.Logits[0]);
    }

    [Fact]
    public void Summed_gradients_are_divided_by_all_draws()
    {
        var one = new RouterObjective(new float[2 * Branches], Branches) { LearningRate = 0.1 };
        one.Accumulate(0, [3, -1, 0.5]);
        one.Step(1);
        var four = new RouterObjective(new float[2 * Branches], Branches) { LearningRate = 0.1 };
        four.Accumulate(0, [8, -3, 1]);
        four.Accumulate(0, [4, -1, 1]);
        four.Accumulate(1, [1, 1, 1]);
        four.Step(4);
        Assert.Equal(one.FirstMoment[..Branches].ToArray(), four.FirstMoment[..Branches].ToArray());
        Assert.Equal(one.Logits[..Branches].ToArray(), four.Logits[..Branches].ToArray());
    }

    [Theory]
    [InlineData(5.0, 5)]
    [InlineData(null, 6)]
    public void Logits_stay_within_the_clamp(double? clamp, float expected)
    {
        var objective = new RouterObjective([4, -4, 0], Branches) { LearningRate = 2, Clamp = clamp };
        objective.Accumulate(0, [-1, 1, 0]);
        objective.Step(1);
        Assert.Equal([expected, -expected, 0], objective.Logits.ToArray(), (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void Logits_that_are_not_whole_routers_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new RouterObjective(new float[4], Branches));
        Assert.Throws<ArgumentException>(() => new RouterObjective([], Branches));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RouterObjective(new float[3], Branches).Step(0));
    }
}
