using L2c.Model.Networks;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>Values as 8-bit pixels: the one place where a picture is made of a sample or of what an autoencoder decodes.</summary>
public static class SampleImage
{
    // Least-squares fit of decoded pixels in [-1, 1] to Stable Diffusion 1.x latents (scaled by 0.18215), which DiT shares:
    // "Decoding latents to RGB without upscaling", Hugging Face forum, topic 23204, 2022. A row per latent channel: red, green, blue.
    private static readonly float[,] _latentToRgb =
    {
        { 0.298f, 0.207f, 0.208f },
        { 0.187f, 0.286f, 0.173f },
        { -0.158f, 0.189f, 0.264f },
        { -0.184f, -0.271f, -0.473f },
    };

    /// <summary>Whether samples of this model can be shown: pixels of one or three channels, or latents of four.</summary>
    public static bool CanShow(TransformerArchitecture architecture) =>
        architecture.PixelSpace ? architecture.InChannels is 1 or 3 : architecture.InChannels == 4;

    /// <summary>Converts one sample, a pixel or cell of it to a pixel.</summary>
    /// <param name="architecture">The model, for which <see cref="CanShow"/> holds.</param>
    /// <param name="sample">[C,H,W]: pixels, or latents.</param>
    /// <returns>The picture; of latents a linear false-colour approximation, not what a decoder would show.</returns>
    public static RgbImage Convert(TransformerArchitecture architecture, ReadOnlySpan<float> sample)
    {
        int side = architecture.InputSize, area = side * side;
        if (architecture.PixelSpace)
        {
            return OfPixels(NetworkFamilies.Describe(architecture).Pixels, architecture.InChannels, side, side, sample);
        }

        RgbImage image = new(side, side);
        for (int i = 0; i < area; i++)
        {
            for (int colour = 0; colour < 3; colour++)
            {
                image.Pixels[(3 * i) + colour] = PixelRule.Bytes.Apply(Approximate(sample, area, i, colour));
            }
        }

        return image;
    }

    /// <summary>Pixels in [-1, 1] as a picture.</summary>
    /// <param name="rule">How they become bytes: see <see cref="NetworkInfo.Pixels"/>.</param>
    /// <param name="channels">C: 3, or 1 for grey.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="pixels">[C,H,W].</param>
    public static RgbImage OfPixels(PixelRule rule, int channels, int height, int width, ReadOnlySpan<float> pixels)
    {
        int area = height * width;
        RgbImage image = new(width, height);
        for (int i = 0; i < area; i++)
        {
            for (int colour = 0; colour < 3; colour++)
            {
                image.Pixels[(3 * i) + colour] = rule.Apply(pixels[channels == 1 ? i : (colour * area) + i]);
            }
        }

        return image;
    }

    private static float Approximate(ReadOnlySpan<float> latent, int area, int cell, int colour)
    {
        float value = 0;
        for (int channel = 0; channel < _latentToRgb.GetLength(0); channel++)
        {
            value += latent[(channel * area) + cell] * _latentToRgb[channel, colour];
        }

        return value;
    }
}
