namespace L2c.Model.Metrics;

/// <summary>Feature vectors of a set of images, in memory.</summary>
/// <param name="Name">What the set is called in messages.</param>
/// <param name="Values">[N, D], row-major.</param>
/// <param name="Dimension">D.</param>
public sealed record FeatureRows(string Name, ReadOnlyMemory<float> Values, int Dimension)
{
    /// <summary>N.</summary>
    public int Count => Values.Length / Dimension;

    /// <summary>Some of the vectors, [count, D].</summary>
    public ReadOnlySpan<float> Slice(int first, int count) => Values.Span.Slice(first * Dimension, count * Dimension);
}
