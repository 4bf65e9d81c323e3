namespace L2c.Testing.Tests;

/// <summary>References of the backward pass: by hand, and against differences of the forward references in double precision.</summary>
public sealed class GradientReferenceTests
{
    [Theory]
    [InlineData(0, 0.5, 0.5, 0.5)]
    [InlineData(1, 0.92767051187148673, 1.0829640838457826, 1.0833154705876864)]
    [InlineData(-1, 0.07232948812851327, -0.0829640838457826, -0.0833154705876864)]
    public void Activation_gradients_match_hand_computed_values(double x, double silu, double tanh, double erf)
    {
        Assert.Equal(silu, Reference.SiluGradient(x), 1e-14);
        Assert.Equal(tanh, Reference.GeluTanhGradient(x), 1e-9);
        Assert.Equal(erf, Reference.GeluErfGradient(x), 1e-14);
        Assert.Equal((float)erf, Reference.GeluErfGradient((float)x), 1e-6f);
    }

    [Fact]
    public void Activation_gradients_match_differences()
    {
        float[] x = FiniteDifferences.OnGrid(RandomData.Normal(seed: 1, 50, deviation: 3));
        Check(Reference.Silu, Reference.SiluGradient);
        Check(Reference.GeluTanh, Reference.GeluTanhGradient);
        Check(Reference.GeluErf, Reference.GeluErfGradient);

        void Check(Func<double, double> function, Func<double, double> gradient) =>
            FiniteDifferences.AssertEqual(FiniteDifferences.Gradient(p => p.Sum(v => function(v)), x), [.. x.Select(v => gradient(v))]);
    }

    [Fact]
    public void Blend_and_its_gradient_match_hand_computed_values()
    {
        Assert.Equal([4, 8], Reference.Blend<double>([1, 5], [5, 9], 0.25f));
        (double[] dFresh, double[] dWeight) = Reference.BlendBackward<double>([1, 2, 3, 4], [5, 6, 7, 8], [1, 1, 1, 1], 0.25f, channels: 2);
        Assert.Equal([0.25, 0.5, 0.75, 1], dFresh);
        Assert.Equal([4 + 10, 18 + 28], dWeight);
    }

    [Fact]
    public void Residual_term_gradient_sums_over_the_tokens_of_an_image()
    {
        // B = 2, T = 2, C = 1.
        (double[] dBranch, double[] dGate) = Reference.ResidualTermBackward<double>([1, 2, 3, 4], [5, 6, 7, 8], [10, 100], tokens: 2, channels: 1);
        Assert.Equal([10, 20, 300, 400], dBranch);
        Assert.Equal([5 + 12, 21 + 32], dGate);
        Assert.Equal([10, 20, 30, 40], Reference.ResidualTermBackward<double>([1, 2, 3, 4], [5, 6, 7, 8], [10], tokens: 2, channels: 1).DBranch);
        Assert.Equal([1, 2, 3, 4], Reference.ResidualTermBackward<double>([1, 2, 3, 4], [5, 6, 7, 8], null, tokens: 2, channels: 1).DBranch);
    }

    [Fact]
    public void Residual_branch_gradients_weigh_every_source_and_sum_slopes_over_a_row()
    {
        // B = 1, T = 2, C = 2; weights 2 and 3 * 0.5; slopes 1 and -1.
        ReferenceTerm[] terms = [new([1, 2, 3, 4], [10, 100], Weight: 2), new([5, 6, 7, 8], Weight: 3, Scalar: 0.5f, Joins: true)];
        (double[][] dSources, double[] dGate, double[] dScalar) =
            Reference.ResidualBranchBackward<double>([1, 2, 3, 4], terms, [1, -1], tokens: 2, channels: 2);
        Assert.Equal([20, 400, 60, 800], dSources[0]);
        Assert.Equal([15, 300, 45, 600], dSources[1]);
        Assert.Equal([1 * (2 + 7.5) + 3 * (6 + 10.5), 2 * (4 + 9) + 4 * (8 + 12)], dGate);
        Assert.Equal([(10 + 200) * -4.0, (30 + 400) * -4.0], dScalar);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Norm_gradients_match_differences(bool isAffine)
    {
        const int Images = 2, Tokens = 3, Channels = 5, Size = Images * Tokens * Channels;
        const double Epsilon = 1e-3;
        int vector = isAffine ? Channels : Images * Channels;
        float[] x = Draw(1, Size), dy = Draw(2, Size), dxIn = Draw(3, Size), scale = Draw(4, vector), shift = Draw(5, vector);
        (double[] dx, double[] dScale, double[] dShift) = Reference.NormBackward<double>(x, scale, isAffine, dy, dxIn, Tokens, Channels, Epsilon);
        FiniteDifferences.AssertEqual(FiniteDifferences.Gradient(p => Loss(p, scale, shift), x), dx, 1e-6);
        FiniteDifferences.AssertEqual(FiniteDifferences.Gradient(p => Loss(x, p, shift), scale), dScale);
        FiniteDifferences.AssertEqual(FiniteDifferences.Gradient(p => Loss(x, scale, p), shift), dShift);

        double Loss(float[] x, float[] scale, float[] shift)
        {
            double[] values = Array.ConvertAll(x, v => (double)v), normal = Reference.LayerNorm(values, Channels, Epsilon);
            double[] y = isAffine ? Reference.Affine(normal, scale, shift, Channels) : Reference.Modulate(normal, scale, shift, Tokens, Channels);
            return y.Select((v, i) => v * dy[i]).Sum() + values.Select((v, i) => v * dxIn[i]).Sum();
        }
    }

    [Fact]
    public void Norm_gradient_shares_the_last_row_of_scales()
    {
        float[] x = Draw(1, 24), dy = Draw(2, 24), few = Draw(3, 8);
        float[] all = [.. few, .. few[4..]];
        double[] expected = Reference.NormBackward<double>(x, all, false, dy, null, tokens: 2, channels: 4, 1e-6).DxOut;
        Assert.Equal(expected, Reference.NormBackward<double>(x, few, false, dy, null, tokens: 2, channels: 4, 1e-6).DxOut);
    }

    [Fact]
    public void Unpatchify_gradient_is_its_inverse()
    {
        float[] tokens = RandomData.Normal(seed: 6, 2 * 3 * 4 * 6);
        Assert.Equal(tokens, Reference.UnpatchifyBackward(Reference.Unpatchify(tokens, 2, 3, 4, 6, 2), 2, 3, 4, 6, 2));
    }

    [Fact]
    public void Image_convolution_gradient_matches_differences()
    {
        float[] x = FiniteDifferences.OnGrid(Draw(1, 2 * 3 * 4 * 5)), weight = Draw(2, 2 * 3 * 9), dy = Draw(3, 2 * 2 * 4 * 5);
        FiniteDifferences.AssertEqual(
            FiniteDifferences.Gradient(values => Reference.ImageConvolution<double>(values, weight, null, 3, 4, 5), x, dy),
            Reference.ImageConvolutionBackward<double>(dy, weight, 3, 4, 5));
    }

    [Fact]
    public void Conditioning_gradient_sums_rows_of_one_label()
    {
        (double[] dTime, double[] dTable) = Reference.ConditioningBackward<double>([2, 4, 8], [0, 0, 0], [2, 0, 2], tableRows: 4); // silu'(0) = 1/2
        Assert.Equal([1, 2, 4], dTime);
        Assert.Equal([2, 0, 5, 0], dTable);
    }

    [Fact]
    public void Squared_error_matches_hand_computed_values()
    {
        (double[] dA, double[] sums) = Reference.SquaredError<double>([1, 2, 3, 4], [0, 4, 3, 1], counted: 2, scale: 0.5f, images: 2);
        Assert.Equal([0.5, -1, 0, 1.5], dA);
        Assert.Equal([1 + 4, 9], sums);
        (dA, sums) = Reference.SquaredError<double>([1, 2, 3, 4], [0, 4, 3, 1], counted: 1, scale: 0.5f, images: 2);
        Assert.Equal([0.5, 0, 0, 0], dA);
        Assert.Equal([1, 0], sums);
    }

    [Fact]
    public void AdamW_matches_its_first_step_by_hand()
    {
        // At the first step m and v, corrected, are g and g^2: w goes down by the rate, whatever the gradient's size.
        var step = new ReferenceAdamW(LearningRate: 0.5, Beta1: 0.75, Beta2: 0.5, Epsilon: 0, WeightDecay: 0.25, Step: 1, EmaDecay: 0.75);
        (double[] w, double[] m, double[] v, double[] ema) = Reference.AdamW<double>([8, 8], [4, -100], [0, 0], [0, 0], [0, 8], step);
        Assert.Equal([8 - 1 - 0.5, 8 - 1 + 0.5], w);
        Assert.Equal([1, -25], m);
        Assert.Equal([8, 5000], v);
        Assert.Equal([0.25 * 6.5, 6 + 0.25 * 7.5], ema);
    }

    [Fact]
    public void AdamW_keeps_its_moments()
    {
        var step = new ReferenceAdamW(LearningRate: 1, Beta1: 0.5, Beta2: 0.75, Epsilon: 1, WeightDecay: 0, Step: 2, EmaDecay: 1);
        (double[] w, double[] m, double[] v, double[] ema) = Reference.AdamW<double>([10], [2], [6], [5], [3], step);
        Assert.Equal(4, m[0]); // (6 + 2) / 2
        Assert.Equal(4.75, v[0]); // 0.75 x 5 + 0.25 x 4
        Assert.Equal(10 - 4 / 0.75 / (Math.Sqrt(4.75 / (1 - 0.5625)) + 1), w[0], 1e-14);
        Assert.Equal(3, ema[0]);
    }

    [Fact]
    public void AdamW_scales_the_gradient_first()
    {
        var step = new ReferenceAdamW(LearningRate: 1, Beta1: 0.5, Beta2: 0.75, Epsilon: 1, WeightDecay: 0, Step: 2, EmaDecay: 1, GradientScale: 0.5);
        (_, double[] m, double[] v, _) = Reference.AdamW<double>([10], [4], [6], [5], [3], step);
        Assert.Equal((4, 4.75), (m[0], v[0])); // as with a gradient of 2
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(2.5f, 0.5)]
    public void A_gradient_that_is_too_long_is_scaled_to_the_norm(float most, double scale)
    {
        (double norm, double actual) = Reference.ClipNorm<double>([3, 0, -4], most);
        Assert.Equal(5, norm);
        Assert.Equal(scale, actual, 1e-6);
    }

    private static float[] Draw(int seed, int count) => FiniteDifferences.OnGrid(RandomData.Normal(seed, count));
}
