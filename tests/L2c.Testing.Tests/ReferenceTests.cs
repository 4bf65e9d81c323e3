namespace L2c.Testing.Tests;

/// <summary>The oracle is tested by hand-computed values and by identities, in both precisions.</summary>
public sealed class ReferenceTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.5, 0.52049987781304654)]
    [InlineData(1, 0.84270079294971487)]
    [InlineData(2.9, 0.99995890212190054)]
    [InlineData(3.1, 0.99998835134263280)]
    [InlineData(-2, -0.99532226501895273)]
    [InlineData(6, 1)]
    public void Erf_matches_tables(double x, double expected) => Assert.Equal(expected, Reference.Erf(x), 1e-15);

    [Fact]
    public void Erf_does_not_jump_where_its_two_forms_meet() =>
        Assert.Equal(2 / Math.Sqrt(Math.PI) * Math.Exp(-9) * 2e-9, Reference.Erf(3 + 1e-9) - Reference.Erf(3 - 1e-9), 4e-16);

    [Theory]
    [InlineData(1, 0.84134474606854293, 0.84119199060827670, 0.73105857863000490)]
    [InlineData(-1, -0.15865525393145707, -0.15880800939172330, -0.26894142136999510)]
    [InlineData(0, 0, 0, 0)]
    public void Activations_match_hand_computed_values(double x, double erf, double tanh, double silu)
    {
        Assert.Equal(erf, Reference.GeluErf(x), 1e-14);
        Assert.Equal(tanh, Reference.GeluTanh(x), 1e-9);
        Assert.Equal(silu, Reference.Silu(x), 1e-14);
        Assert.Equal((float)erf, Reference.GeluErf((float)x), 1e-6f);
        Assert.Equal((float)tanh, Reference.GeluTanh((float)x), 1e-6f);
        Assert.Equal((float)silu, Reference.Silu((float)x), 1e-6f);
    }

    [Fact]
    public void Relu_and_its_gradient_keep_what_is_positive_and_what_is_not_a_number()
    {
        double[] x = [double.NegativeInfinity, -2, 0, 0.5, double.PositiveInfinity, double.NaN];
        Assert.Equal([0, 0, 0, 0.5, double.PositiveInfinity, double.NaN], Array.ConvertAll(x, Reference.Relu));
        Assert.Equal([0, 0, 0, 1, 1, double.NaN], Array.ConvertAll(x, Reference.ReluGradient));
        Assert.Equal([0, 0, 0, 1, 1, float.NaN], x.Select(value => Reference.ReluGradient((float)value)));
    }

    [Fact]
    public void Gelu_of_x_less_gelu_of_minus_x_is_x()
    {
        for (double x = -5; x <= 5; x += 0.37)
        {
            Assert.Equal(x, Reference.GeluErf(x) - Reference.GeluErf(-x), 1e-14);
            Assert.Equal(x, Reference.GeluTanh(x) - Reference.GeluTanh(-x), 1e-14);
        }
    }

    [Fact]
    public void Linear_is_exact_on_integers()
    {
        float[] x = [1, 2, 3, -1, 0, 4], weight = [1, 0, -1, 2, 2, 2], bias = [10, -20];
        double[] expected = [8, -8, 5, -14];
        Assert.Equal(expected, Reference.Linear<double>(x, weight, bias, inputs: 3));
        Assert.Equal(Array.ConvertAll(expected, v => (float)v), Reference.Linear<float>(x, weight, bias, inputs: 3));
        Assert.Equal([-2, 12, -5, 6], Reference.Linear<double>(x, weight, null, inputs: 3));
        Assert.Equal([64, 64, 25, 196], Reference.Linear<double>(x, weight, bias, inputs: 3, v => v * v));
        Assert.Equal([9, -6, 8, -10], Reference.Linear<double>(x, weight, bias, inputs: 3, before: [1, 2, 3, 4]));
    }

    [Fact]
    public void Softmax_sums_to_one_and_does_not_see_a_shift()
    {
        double[] x = [0.3, -1, 2.5, 2.5], y = Reference.Softmax(x), shifted = Reference.Softmax(Array.ConvertAll(x, v => v + 1000));
        Assert.Equal(1, y.Sum(), 1e-15);
        Assert.Equal(Math.Exp(0.3 - 2.5), y[0] / y[2], 1e-15);
        Assert.Equal(y[3], shifted[3], 1e-13);
    }

    [Fact]
    public void Attention_of_one_token_returns_its_value()
    {
        float[] qkv = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]; // B = T = 1, H = D = 2
        Assert.Equal([9, 10, 11, 12], Reference.Attention<double>(qkv, tokens: 1, heads: 2, headWidth: 2));
    }

    [Fact]
    public void Attention_of_two_tokens_matches_a_sum_by_hand()
    {
        float[] qkv = [1, 2, 10, 3, 4, 20]; // T = 2, H = D = 1: q = 1, 3; k = 2, 4; v = 10, 20
        double first = 1 / (1 + Math.Exp(2)), second = 1 / (1 + Math.Exp(6));
        double[] y = Reference.Attention<double>(qkv, tokens: 2, heads: 1, headWidth: 1);
        Assert.Equal(10 * first + 20 * (1 - first), y[0], 1e-13);
        Assert.Equal(10 * second + 20 * (1 - second), y[1], 1e-13);
    }

    [Fact]
    public void Attention_scales_by_the_root_of_the_head_width()
    {
        float[] qkv = RandomData.Normal(seed: 1, 2 * 3 * 3 * 2 * 4);
        Assert.Equal(Reference.Attention<double>(qkv, 3, 2, 4, scale: 0.5), Reference.Attention<double>(qkv, 3, 2, 4));
        Assert.NotEqual(Reference.Attention<double>(qkv, 3, 2, 4, scale: 0.25), Reference.Attention<double>(qkv, 3, 2, 4));
    }

    [Fact]
    public void Layer_norm_has_mean_zero_and_variance_one()
    {
        double[] x = Array.ConvertAll(RandomData.Normal(seed: 2, 3 * 50, deviation: 4, mean: 7), v => (double)v);
        foreach (double[] row in Reference.LayerNorm(x, channels: 50, epsilon: 0).Chunk(50))
        {
            Assert.Equal(0, row.Average(), 1e-13);
            Assert.Equal(1, row.Average(v => v * v), 1e-13);
        }
    }

    [Fact]
    public void Layer_norm_adds_epsilon_to_the_variance() => Assert.Equal([-0.5, 0.5], Reference.LayerNorm([1.0, 3.0], channels: 2, epsilon: 3));

    [Fact]
    public void Modulation_and_affine_form_differ_by_the_one()
    {
        double[] x = [1, 2, 3, 4]; // B = 2, T = 1, C = 2
        Assert.Equal([21, 62, 123, 204], Reference.Modulate(x, [10, 20, 30, 40], [10, 20, 30, 40], tokens: 1, channels: 2));
        Assert.Equal([15, 46, 35, 86], Reference.Affine(x, [10, 20], [5, 6], channels: 2));
    }

    [Fact]
    public void Residual_adds_gated_terms_and_repeats_positions()
    {
        // B = 2, T = 2, C = 1; x is [T,C]; the gate is per image, the second term has none.
        double[] sum = Reference.Residual<double>([100, 200], [new([1, 2, 3, 4], [10, 20]), new([5, 6, 7, 8])], batch: 2, tokens: 2, channels: 1);
        Assert.Equal([115, 226, 167, 288], sum);
    }

    [Fact]
    public void Residual_gates_a_branch_once_whatever_number_of_terms_it_is_the_sum_of()
    {
        // B = 2, T = 1, C = 1: 100 + 10 (2 1 + 3 0.5 (-4)) + 5, and 200 + 20 (2 2 + 3 0.5 (-6)) + 7.
        ReferenceTerm[] terms = [new([1, 2], [10, 20], Weight: 2), new([-4, -6], Weight: 3, Scalar: 0.5f, Joins: true), new([5, 7])];
        Assert.Equal([65, 107], Reference.Residual<double>([100, 200], terms, batch: 2, tokens: 1, channels: 1));
    }

    [Fact]
    public void Patchify_orders_by_channel_row_column()
    {
        float[] image = [.. Enumerable.Range(0, 16).Select(i => (float)i)]; // one image, 2 channels of 2 x 4
        Assert.Equal([0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15], Reference.Patchify(image, 1, 2, 2, 4, 2));
        Assert.Equal(Reference.Patchify(image, 1, 2, 2, 4, 2), Reference.Patchify(image, 2, 2, 2, 4, 2)[16..]);
    }

    [Fact]
    public void Leading_tokens_are_zeros_before_each_images_patches_and_are_not_read()
    {
        float[] image = [1, 2, 3, 4, 5, 6, 7, 8]; // two images of 2 x 2
        float[] tokens = [0, 0, 1, 2, 3, 4, 0, 0, 5, 6, 7, 8];
        Assert.Equal(tokens, Reference.Patchify(image, 2, 1, 2, 2, 1, leading: 2));
        Assert.Equal(tokens, Reference.UnpatchifyBackward(image, 2, 1, 2, 2, 1, leading: 2));
        Assert.Equal(image, Reference.Unpatchify([9, 9, 1, 2, 3, 4, 9, 9, 5, 6, 7, 8], 2, 1, 2, 2, 1, leading: 2));
    }

    [Fact]
    public void Image_convolution_correlates_and_sees_zeros_outside()
    {
        float[] taps = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        Assert.Equal([9, 8, 7, 6, 5, 4, 3, 2, 1], Reference.ImageConvolution<double>([0, 0, 0, 0, 1, 0, 0, 0, 0], taps, null, 1, 3, 3));
        Assert.Equal([5.5, 4.5], Reference.ImageConvolution<double>([1, 0], taps, [0.5f], 1, 1, 2));

        // Two channels in, two out: the second output is the second input's left neighbour.
        float[] two = [.. new float[18 + 9], 0, 0, 0, 1, 0, 0, 0, 0, 0];
        Assert.Equal([10, 10, 20, 23], Reference.ImageConvolution<double>([1, 2, 3, 4], two, [10, 20], 2, 1, 2));
    }

    [Fact]
    public void Unpatchify_has_the_channel_innermost()
    {
        float[] tokens = [.. Enumerable.Range(0, 8).Select(i => (float)i)]; // one token, (p, q, c) = 2 x 2 x 2
        Assert.Equal([0, 2, 4, 6, 1, 3, 5, 7], Reference.Unpatchify(tokens, 1, 2, 2, 2, 2));
    }

    [Fact]
    public void Unpatchify_undoes_patchify_when_there_is_one_channel()
    {
        float[] image = RandomData.Normal(seed: 3, 2 * 6 * 4);
        Assert.Equal(image, Reference.Unpatchify(Reference.Patchify(image, 2, 1, 6, 4, 2), 2, 1, 6, 4, 2));
    }

    [Fact]
    public void Conditioning_repeats_times_over_labels()
    {
        // Two evaluations of two labels, one channel.
        Assert.Equal([1 + 30, 1 + 10, 2 + 30, 2 + 10], Reference.Conditioning<double>([1, 2], [10, 20, 30], [2, 0], rows: 4, channels: 1));
    }

    [Fact]
    public void Sampler_update_matches_an_evaluation_by_hand()
    {
        // One image, two channels of one pixel, the first guided: eps = 1 + 3 (4 - 1) = 10; x0 = 2 x 6 - 5 = 7. The second: eps = 8; x0 = 10 - 4 = 6.
        (Dictionary<string, double[]> targets, double[] guided) = Reference.SamplerUpdate<double>(
            [4, 8, 1, 2],
            scale: 3,
            guidedChannels: 1,
            new ReferencePrediction("u", A: 2, B: 0.5f),
            [
                new ReferenceUpdate("x", ("x0", 0.25f), ("eps", 3), ("x", 7), ("noise", 10)),
                new ReferenceUpdate("u", ("x", 2), ("h1", -1)),
                new ReferenceUpdate("h1", ("x0", 1)),
            ],
            new Dictionary<string, float[]> { ["u"] = [6, 5], ["x"] = [1, 2], ["h1"] = [30, 40] },
            noise: [1, -1],
            images: 1,
            channels: 2);
        Assert.Equal([10, 8, 10, 2], guided);
        Assert.Equal([1.75 + 30 + 7 + 10, 1.5 + 24 + 14 - 10], targets["x"]);
        Assert.Equal([2 - 30, 4 - 40], targets["u"]);
        Assert.Equal([7, 6], targets["h1"]);
    }

    [Fact]
    public void Sampler_update_clips_and_learns_its_variance()
    {
        // x0 = 5 - 2 = 3, clipped to 1, so eps = (5 - 1) / 2 = 2. v = 0: f = 1/2, log variance 2, deviation e.
        (Dictionary<string, double[]> targets, _) = Reference.SamplerUpdate<double>(
            [1, 0],
            scale: null,
            guidedChannels: 0,
            new ReferencePrediction("x", A: 1, B: 2, LogVariances: (0, 4), Clip: true),
            [new ReferenceUpdate("x", ("x0", 1), ("eps", 1), ("noise", 1)), new ReferenceUpdate("x0", ("x0", 1))],
            new Dictionary<string, float[]> { ["x"] = [5] },
            noise: [1],
            images: 1,
            channels: 1);
        Assert.Equal([1], targets["x0"]);
        Assert.Equal(3 + Math.E, targets["x"][0], 1e-14);
    }
}
