using L2c.Model.Metrics.Inception;
using L2c.Testing;

namespace L2c.Model.Tests.Metrics.Inception;

public sealed class FoldedBatchNormTests
{
    private const string Name = "Conv2d_1a_3x3";

    private readonly Dictionary<string, float[]> _tensors = new()
    {
        [$"{Name}.conv.weight"] = RandomData.Normal(1, 32 * 27),
        [$"{Name}.bn.weight"] = RandomData.Normal(2, 32, 0.1, 1),
        [$"{Name}.bn.bias"] = RandomData.Normal(3, 32),
        [$"{Name}.bn.running_mean"] = RandomData.Normal(4, 32),
        [$"{Name}.bn.running_var"] = [.. RandomData.Normal(5, 32).Select(value => value * value)],
        ["fc.weight"] = [1, 2, 3],
    };

    [Fact]
    public void Convolution_and_norm_are_one_convolution()
    {
        float[] weight = new float[32 * 27], bias = new float[32], input = RandomData.Normal(6, 27);
        FoldedBatchNorm folded = new(Read);
        folded.Read($"{Name}.weight", weight);
        folded.Read($"{Name}.bias", bias);
        for (int output = 0; output < 32; output++)
        {
            double plain = 0, one = bias[output];
            for (int i = 0; i < 27; i++)
            {
                plain += (double)input[i] * _tensors[$"{Name}.conv.weight"][(output * 27) + i];
                one += (double)input[i] * weight[(output * 27) + i];
            }

            double root = Math.Sqrt(Norm("running_var", output) + 1e-3), other = Math.Sqrt(Norm("running_var", output) + 1e-5);
            double centred = plain - Norm("running_mean", output);
            double expected = (centred / root * Norm("weight", output)) + Norm("bias", output);
            double wrong = (centred / other * Norm("weight", output)) + Norm("bias", output);

            // Each of 28 numbers was rounded once to 24 bits; the variances' least root is some 0.03.
            Assert.InRange(one - expected, -1e-4, 1e-4);
            Assert.True(Math.Abs(wrong - expected) > 1e-4 || root > 1, $"channel {output} does not tell the epsilons apart");
        }
    }

    [Fact]
    public void What_has_no_norm_is_handed_on()
    {
        float[] values = new float[3];
        new FoldedBatchNorm(Read).Read("fc.weight", values);
        Assert.Equal([1, 2, 3], values);
    }

    private double Norm(string part, int channel) => _tensors[$"{Name}.bn.{part}"][channel];

    private void Read(string name, Span<float> destination) => _tensors[name].CopyTo(destination);
}
