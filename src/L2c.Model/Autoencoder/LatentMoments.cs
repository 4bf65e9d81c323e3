namespace L2c.Model.Autoencoder;

/// <summary>Latents drawn from what an encoder says of an image: a normal distribution for every value.</summary>
/// <remarks>Source: U-ViT libs/autoencoder.py, FrozenAutoencoderKL.sample.</remarks>
public static class LatentMoments
{
    private const float LeastLogVariance = -30, LargestLogVariance = 20;

    /// <summary>z = scale (mean + exp(clamp(logvar, -30, 20) / 2) noise), as the diffusion model reads it.</summary>
    /// <param name="moments">[N,2L,h,w]: means, then logarithms of variances.</param>
    /// <param name="noise">[N,L,h,w], standard normal.</param>
    /// <param name="scale">See <see cref="L2c.Weights.Layouts.VaeArchitecture.LatentScale"/>.</param>
    /// <param name="latentsPerImage">L h w.</param>
    /// <param name="latents">Receives [N,L,h,w].</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Sample(ReadOnlySpan<float> moments, ReadOnlySpan<float> noise, double scale, int latentsPerImage, Span<float> latents)
    {
        if (latents.Length % latentsPerImage != 0 || noise.Length != latents.Length || moments.Length != 2 * latents.Length)
        {
            throw new ArgumentException(
                $"{moments.Length} moments, {noise.Length} values of noise and {latents.Length} of latents of {latentsPerImage} do not fit");
        }

        float factor = (float)scale;
        for (int i = 0; i < latents.Length; i++)
        {
            int mean = i + (i / latentsPerImage * latentsPerImage);
            float logVariance = Math.Clamp(moments[mean + latentsPerImage], LeastLogVariance, LargestLogVariance);
            latents[i] = factor * (moments[mean] + (MathF.Exp(0.5f * logVariance) * noise[i]));
        }
    }
}
