namespace L2c;

/// <summary>Images that a distance is measured of, in pixels; not labelled.</summary>
internal interface IImageSet : IDisposable
{
    /// <summary>What it is, for reports: without folders.</summary>
    string Name { get; }

    /// <summary>C: 1 or 3.</summary>
    int Channels { get; }

    /// <summary>H.</summary>
    int Height { get; }

    /// <summary>W.</summary>
    int Width { get; }

    /// <summary>Images that there are; null for an endless set.</summary>
    long? Count { get; }

    /// <summary>Reads an image. May be called from several threads at a time.</summary>
    /// <param name="index">0 or more, below <see cref="Count"/>.</param>
    /// <param name="image">Receives [C, H, W], row-major; what a picture shows lies in [-1, 1].</param>
    /// <exception cref="Weights.MalformedFileException">The image cannot be read, or holds what is no pixel.</exception>
    void Read(long index, Span<float> image);

    /// <summary>Reads images that follow each other. One call at a time.</summary>
    /// <param name="first">First image.</param>
    /// <param name="images">Receives [n, C, H, W].</param>
    /// <param name="options">How many threads read; cancelled to stop.</param>
    /// <exception cref="AggregateException">As of <see cref="Read(long, Span{float})"/>.</exception>
    void Read(long first, Memory<float> images, ParallelOptions options)
    {
        int elements = Channels * Height * Width;
        Parallel.For(0, images.Length / elements, options, i => Read(first + i, images.Span.Slice(i * elements, elements)));
    }
}
