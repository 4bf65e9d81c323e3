namespace L2c.Testing.Tests;

public sealed class AttentionBackwardReferenceTests
{
    [Fact]
    public void One_token_hands_its_gradient_to_its_value()
    {
        float[] qkv = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], dy = [0.5f, -1, 2, 3]; // B = T = 1, H = D = 2
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 0, 0.5, -1, 2, 3], Reference.AttentionBackward<double>(qkv, dy, tokens: 1, heads: 2, headWidth: 2));
    }

    [Fact]
    public void Two_tokens_match_a_sum_by_hand()
    {
        float[] qkv = [1, 2, 10, 3, 4, 20], dy = [1, 0]; // T = 2, H = D = 1: q = 1, 3; k = 2, 4; v = 10, 20
        double p = 1 / (1 + Math.Exp(2)), slope = p * (1 - p) * (10 - 20); // of the first query's score with the first key
        FiniteDifferences.Check(
            [slope * (2 - 4), slope, p, 0, -slope, 1 - p],
            Reference.AttentionBackward<double>(qkv, dy, tokens: 2, heads: 1, headWidth: 1),
            1e-14);
    }

    [Theory]
    [InlineData(1, 5, 2, 3)]
    [InlineData(2, 3, 1, 4)]
    public void Gradients_match_finite_differences(int batch, int tokens, int heads, int width)
    {
        float[] qkv = RandomData.Normal(seed: 5, batch * tokens * 3 * heads * width), dy = RandomData.Normal(seed: 6, qkv.Length / 3);
        double[] expected = FiniteDifferences.Of(x => Reference.Attention<double>(x, tokens, heads, width), qkv, dy);
        FiniteDifferences.Check(expected, Reference.AttentionBackward<double>(qkv, dy, tokens, heads, width), 1e-5);
        Assert.Throws<Xunit.Sdk.EqualException>(
            () => FiniteDifferences.Check(expected, Reference.AttentionBackward<double>(qkv, dy, tokens, heads, width, scale: 1), 1e-5));
    }
}
