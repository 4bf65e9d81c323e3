using L2c.Weights.Layouts;

namespace L2c;

/// <summary>Samples as pictures, one cell or pixel of the sample per pixel.</summary>
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

    /// <summary>Converts one sample.</summary>
    /// <param name="architecture">The model, for which <see cref="CanShow"/> holds.</param>
    /// <param name="sample">[C,H,W]. Pixels in [-1, 1] become 127.5 x + 128, clamped to [0, 255] and truncated, as DiT's sample_ddp.py does.</param>
    /// <returns>The picture; of latents a linear false-colour approximation, not what a decoder would show.</returns>
    public static RgbImage Convert(TransformerArchitecture architecture, ReadOnlySpan<float> sample)
    {
        int size = architecture.InputSize;
        int area = size * size;
        RgbImage image = new(size, size);
        for (int i = 0; i < area; i++)
        {
            for (int colour = 0; colour < 3; colour++)
            {
                float value = architecture switch
                {
                    { PixelSpace: true, InChannels: 1 } => sample[i],
                    { PixelSpace: true } => sample[(colour * area) + i],
                    _ => Approximate(sample, area, i, colour),
                };
                image.Pixels[(3 * i) + colour] = ToByte(value);
            }
        }

        return image;
    }

    /// <summary>Pixels as a picture has them.</summary>
    /// <param name="planes">[C,H,W] in [-1, 1]; a single channel counts as three equal ones.</param>
    /// <param name="channels">C: 1 or 3.</param>
    /// <param name="pixels">Receives [H,W,3].</param>
    internal static void Pack(ReadOnlySpan<float> planes, int channels, Span<byte> pixels)
    {
        int area = planes.Length / channels;
        for (int colour = 0; colour < 3; colour++)
        {
            ReadOnlySpan<float> plane = planes.Slice(channels == 1 ? 0 : colour * area, area);
            for (int i = 0; i < area; i++)
            {
                pixels[(3 * i) + colour] = ToByte(plane[i]);
            }
        }
    }

    private static byte ToByte(float value) => (byte)Math.Clamp((127.5f * value) + 128f, 0f, 255f);

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
