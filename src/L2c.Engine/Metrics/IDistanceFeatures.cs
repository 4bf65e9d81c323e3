namespace L2c;

/// <summary>Features of images that Fréchet distances are in.</summary>
internal interface IDistanceFeatures : IDisposable
{
    /// <summary>For reports; another definition has another name.</summary>
    string Name { get; }

    /// <summary>Features of an image.</summary>
    int Length { get; }

    /// <summary>Why such images have no features; null where they have.</summary>
    string? FindProblem(int channels, int height, int width);

    /// <summary>What the features of images take of the host, themselves and while they are computed.</summary>
    /// <param name="channels">C.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="count">Images.</param>
    MemoryNeed Need(int channels, int height, int width, int count);

    /// <summary>Computes.</summary>
    /// <param name="images">A set of such images.</param>
    /// <param name="first">First image.</param>
    /// <param name="count">Images.</param>
    /// <param name="features">Receives [count, <see cref="Length"/>].</param>
    /// <exception cref="Weights.MalformedFileException">An image cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled.</exception>
    void Extract(IImageSet images, long first, int count, double[] features);
}
