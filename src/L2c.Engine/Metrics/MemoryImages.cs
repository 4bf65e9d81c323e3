namespace L2c;

/// <summary>Images in memory, as samples are.</summary>
/// <param name="name">What they are, for messages.</param>
/// <param name="pixels">[N, C, H, W].</param>
/// <param name="channels">C.</param>
/// <param name="height">H.</param>
/// <param name="width">W.</param>
internal sealed class MemoryImages(string name, float[] pixels, int channels, int height, int width) : IImageSet
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public int Channels => channels;

    /// <inheritdoc/>
    public int Height => height;

    /// <inheritdoc/>
    public int Width => width;

    /// <inheritdoc/>
    public long? Count => pixels.Length / (channels * height * width);

    /// <inheritdoc/>
    public void Read(long index, Span<float> image) => pixels.AsSpan((int)index * image.Length, image.Length).CopyTo(image);

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
