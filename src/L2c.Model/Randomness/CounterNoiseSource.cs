namespace L2c.Model.Randomness;

/// <summary>The default noise: image i of seed s is the same alone, in any batch, on any device (<see cref="CounterNoise"/>).</summary>
/// <param name="seed">The seed of the run.</param>
/// <param name="firstImage">Index under the seed of the batch's first row, so that a run in several batches continues; ≥ 0.</param>
public sealed class CounterNoiseSource(ulong seed, int firstImage = 0) : INoiseSource
{
    /// <inheritdoc/>
    /// <remarks>Draws may be asked for in any order and again.</remarks>
    public void Fill(int draw, int imageCount, int elementsPerImage, Span<float> destination)
    {
        INoiseSource.CheckShape(imageCount, elementsPerImage, destination);
        for (int row = 0; row < imageCount; row++)
        {
            CounterNoise.Fill(seed, checked(firstImage + row), draw, destination.Slice(row * elementsPerImage, elementsPerImage));
        }
    }
}
