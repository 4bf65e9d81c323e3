using L2c.Kernels;
using L2c.Weights.Layouts;

namespace L2c.Model.Autoencoder;

/// <summary>The blocks of one resolution.</summary>
/// <param name="Blocks">In order.</param>
/// <param name="Resample">The convolution that halves the side, or follows its doubling; null at the last level.</param>
internal sealed record LevelWeights(ResidualWeights[] Blocks, ConvolutionWeights? Resample);

/// <summary>Weights of the encoder or of the decoder, under the names of the latent-diffusion code.</summary>
/// <param name="In">3 x 3, from the image or the latents.</param>
/// <param name="Levels">In the order in which they run: the encoder's resolutions fall, the decoder's rise.</param>
/// <param name="Middle">At the smallest resolution.</param>
/// <param name="NormOut">Before the last convolution.</param>
/// <param name="Out">3 x 3, to the moments or the image.</param>
/// <param name="Quantization">1 x 1 between moments or latents and the network: the last op of the encoder, the first of the decoder.</param>
internal sealed record CoderWeights(
    ConvolutionWeights In,
    LevelWeights[] Levels,
    MiddleWeights Middle,
    GroupNormWeights NormOut,
    ConvolutionWeights Out,
    ConvolutionWeights Quantization)
{
    /// <summary>The convolution through which latents enter the decoder.</summary>
    public const string PostQuantization = "post_quant_conv";

    /// <summary>3 x 3 that keeps the size.</summary>
    public static Window Same { get; } = Window.Square(3, padding: 1);

    /// <summary>3 x 3 that halves the side. The published code pads below and to the right alone.</summary>
    public static Window Halving { get; } = new(3, 3, Stride: 2, Bottom: 1, Right: 1);

    /// <summary>Carves the encoder's.</summary>
    public static CoderWeights TakeEncoder(VaeArchitecture a, WeightLoader w)
    {
        int last = a.ChannelMultipliers.Count - 1, width = a.Channels, moments = a.DoubleZ ? 2 : 1;
        ConvolutionWeights input = w.Convolution("encoder.conv_in", width, a.InChannels, Same);
        var levels = new LevelWeights[last + 1];
        for (int level = 0; level <= last; level++)
        {
            string name = $"encoder.down.{level}";
            ResidualWeights[] blocks = TakeBlocks(w, name, a.ResBlocks, ref width, a.Channels * a.ChannelMultipliers[level]);
            levels[level] = new(blocks, level < last ? w.Convolution($"{name}.downsample.conv", width, width, Halving) : null);
        }

        return new CoderWeights(
            input,
            levels,
            MiddleWeights.Take(w, "encoder.mid", width),
            GroupNormWeights.Take(w, "encoder.norm_out", width),
            w.Convolution("encoder.conv_out", moments * a.ZChannels, width, Same),
            w.Convolution("quant_conv", moments * a.LatentChannels, moments * a.ZChannels, Window.Square(1)));
    }

    /// <summary>Carves the decoder's.</summary>
    public static CoderWeights TakeDecoder(VaeArchitecture a, WeightLoader w)
    {
        int last = a.ChannelMultipliers.Count - 1, width = a.Channels * a.ChannelMultipliers[last];
        ConvolutionWeights input = w.Convolution("decoder.conv_in", width, a.ZChannels, Same);
        MiddleWeights middle = MiddleWeights.Take(w, "decoder.mid", width);
        var levels = new LevelWeights[last + 1];
        for (int level = last; level >= 0; level--)
        {
            string name = $"decoder.up.{level}";
            ResidualWeights[] blocks = TakeBlocks(w, name, a.ResBlocks + 1, ref width, a.Channels * a.ChannelMultipliers[level]);
            levels[last - level] = new(blocks, level > 0 ? w.Convolution($"{name}.upsample.conv", width, width, Same) : null);
        }

        return new CoderWeights(
            input,
            levels,
            middle,
            GroupNormWeights.Take(w, "decoder.norm_out", width),
            w.Convolution("decoder.conv_out", a.OutChannels, width, Same),
            w.Convolution(PostQuantization, a.ZChannels, a.LatentChannels, Window.Square(1)));
    }

    private static ResidualWeights[] TakeBlocks(WeightLoader w, string name, int count, ref int width, int outputs)
    {
        var blocks = new ResidualWeights[count];
        for (int block = 0; block < count; block++, width = outputs)
        {
            blocks[block] = ResidualWeights.Take(w, $"{name}.block.{block}", width, outputs);
        }

        return blocks;
    }
}
