namespace L2c.Model.Randomness;

/// <summary>The noise of one sampling run: x_T and what the sampler adds after each evaluation.</summary>
public interface INoiseSource
{
    /// <summary>Writes one draw for a batch.</summary>
    /// <param name="draw">0 is x_T; draw k ≥ 1 belongs to the k-th evaluation in sampling order.</param>
    /// <param name="imageCount">Images in the batch, N; guidance does not double it.</param>
    /// <param name="elementsPerImage">C · H · W.</param>
    /// <param name="destination">float32 [N, C, H, W], exactly N · C · H · W values.</param>
    /// <exception cref="ArgumentException">The destination's length is not N · C · H · W.</exception>
    /// <exception cref="InvalidOperationException">The source is a stream and this is not its next draw.</exception>
    void Fill(int draw, int imageCount, int elementsPerImage, Span<float> destination);

    /// <summary>The check that every source makes of its arguments.</summary>
    /// <exception cref="ArgumentException">The sizes are not positive, or the destination's length is not their product.</exception>
    static void CheckShape(int imageCount, int elementsPerImage, ReadOnlySpan<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(imageCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(elementsPerImage);
        if (destination.Length != (long)imageCount * elementsPerImage)
        {
            throw new ArgumentException(
                $"noise: destination has {destination.Length} values, not {imageCount} images of {elementsPerImage}", nameof(destination));
        }
    }
}
