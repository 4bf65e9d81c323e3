using L2c.Kernels;

namespace L2c.Model.Autoencoder;

/// <summary>A residual block: x + conv2(silu(norm2(conv1(silu(norm1(x)))))).</summary>
/// <param name="Norm1">Before the first convolution.</param>
/// <param name="Convolution1">3 x 3, C_in -> C_out.</param>
/// <param name="Norm2">Before the second.</param>
/// <param name="Convolution2">3 x 3, C_out -> C_out.</param>
/// <param name="Shortcut">1 x 1, C_in -> C_out, in place of x itself; null where the two agree.</param>
internal sealed record ResidualWeights(
    GroupNormWeights Norm1,
    ConvolutionWeights Convolution1,
    GroupNormWeights Norm2,
    ConvolutionWeights Convolution2,
    ConvolutionWeights? Shortcut)
{
    /// <summary>Carves one.</summary>
    public static ResidualWeights Take(WeightLoader w, string name, int inputs, int outputs) => new(
        GroupNormWeights.Take(w, $"{name}.norm1", inputs),
        w.Convolution($"{name}.conv1", outputs, inputs, CoderWeights.Same),
        GroupNormWeights.Take(w, $"{name}.norm2", outputs),
        w.Convolution($"{name}.conv2", outputs, outputs, CoderWeights.Same),
        inputs == outputs ? null : w.Convolution($"{name}.nin_shortcut", outputs, inputs, Window.Square(1)));
}

/// <summary>The blocks at the smallest resolution: residual, attention of one head, residual.</summary>
/// <param name="Block1">Before the attention.</param>
/// <param name="Norm">Of the attention.</param>
/// <param name="Qkv">C -> 3C: three stored maps as one.</param>
/// <param name="Projection">C -> C.</param>
/// <param name="Block2">After the attention.</param>
internal sealed record MiddleWeights(
    ResidualWeights Block1, GroupNormWeights Norm, LinearWeights Qkv, LinearWeights Projection, ResidualWeights Block2)
{
    /// <summary>Carves them.</summary>
    public static MiddleWeights Take(WeightLoader w, string name, int channels)
    {
        ResidualWeights block1 = ResidualWeights.Take(w, $"{name}.block_1", channels, channels);
        GroupNormWeights norm = GroupNormWeights.Take(w, $"{name}.attn_1.norm", channels);
        LinearStack qkv = w.Stack(3 * channels, channels);
        string[] maps = ["q", "k", "v"];
        for (int map = 0; map < maps.Length; map++)
        {
            qkv = w.Map(qkv, $"{name}.attn_1.{maps[map]}", map * channels, channels);
        }

        return new MiddleWeights(
            block1,
            norm,
            new LinearWeights(qkv.Weight, qkv.Bias),
            w.Linear($"{name}.attn_1.proj_out", channels, channels, InputGradient.Never),
            ResidualWeights.Take(w, $"{name}.block_2", channels, channels));
    }
}
