namespace L2c.Testing.Tests;

public sealed class LinearGradientsReferenceTests
{
    private const int Rows = 4, Outputs = 3, Inputs = 5;

    private readonly float[] _x = Draw(1, Rows * Inputs), _weight = Draw(2, Outputs * Inputs);
    private readonly float[] _bias = Draw(3, Outputs), _dy = Draw(4, Rows * Outputs);

    [Fact]
    public void Gradients_match_sums_by_hand()
    {
        float[] x = [1, 2, 3, 4, 5, 6], dy = [10, 20, 30, 40], weight = [1, 0, -1, 2, 2, 2]; // M = 2, K = 3, N = 2
        Assert.Equal([10 + 120, 20 + 150, 30 + 180, 20 + 160, 40 + 200, 60 + 240], Reference.LinearWeightGradient<double>(dy, x, rows: 2));
        Assert.Equal([130, 170, 210, 180, 240, 300], Reference.LinearWeightGradient<float>(dy, x, rows: 2));
        Assert.Equal([10 + 40, 40, -10 + 40, 30 + 80, 80, -30 + 80], Reference.LinearInputGradient<double>(dy, weight, inputs: 3));
        Assert.Equal([5, 7, 9], Reference.ColumnSums<double>(x, columns: 3));
    }

    [Fact]
    public void The_weights_gradient_matches_finite_differences() =>
        FiniteDifferences.AssertEqual(
            FiniteDifferences.Gradient(weight => Reference.Linear<double>(_x, weight, _bias, Inputs), _weight, _dy),
            Reference.LinearWeightGradient<double>(_dy, _x, Rows),
            1e-11);

    [Fact]
    public void The_inputs_gradient_matches_finite_differences() =>
        FiniteDifferences.AssertEqual(
            FiniteDifferences.Gradient(x => Reference.Linear<double>(x, _weight, _bias, Inputs), _x, _dy),
            Reference.LinearInputGradient<double>(_dy, _weight, Inputs),
            1e-11);

    [Fact]
    public void The_biases_gradient_matches_finite_differences() =>
        FiniteDifferences.AssertEqual(
            FiniteDifferences.Gradient(bias => Reference.Linear<double>(_x, _weight, bias, Inputs), _bias, _dy),
            Reference.ColumnSums<double>(_dy, Outputs),
            1e-11);

    private static float[] Draw(int seed, int count) => FiniteDifferences.OnGrid(RandomData.Normal(seed, count));
}
