namespace L2c.Kernels;

/// <summary>Where the two halves of a group norm meet: means and squared differences of parts, and what each channel of an image is normed by.</summary>
/// <remarks>A part is a fixed number of pixels of one image, so that statistics depend on the image alone. The memory is the device's for sums of
/// parts: the second half directly follows the first.</remarks>
internal sealed unsafe class GroupStatistics
{
    private const int PixelsPerPart = 128;

    private readonly PartialSums _partials;

    /// <param name="shape">[B,H,W,C].</param>
    /// <param name="groups">G.</param>
    /// <param name="partials">The device's.</param>
    public GroupStatistics(Shape shape, int groups, PartialSums partials)
    {
        (Images, Pixels, Channels, Groups) = (shape[0], shape[1] * shape[2], shape[3], groups);
        PartsPerImage = (Pixels + PixelsPerPart - 1) / PixelsPerPart;
        _partials = partials;
        _partials.Reserve((long)Images * (2 * Channels + PartsPerImage * 2L * Groups), Images);
    }

    /// <summary>B.</summary>
    public int Images { get; }

    /// <summary>H W.</summary>
    public int Pixels { get; }

    /// <summary>C.</summary>
    public int Channels { get; }

    /// <summary>G.</summary>
    public int Groups { get; }

    /// <summary>Parts of an image.</summary>
    public int PartsPerImage { get; }

    /// <summary>[2,C] of an image: means, and what differences to them are multiplied by.</summary>
    public float* Norm(int image) => _partials.Values + (long)image * 2 * Channels;

    /// <summary>[2,G] of a part: means, and sums of squared differences to them.</summary>
    public float* Part(int image, int part) => Norm(Images) + ((long)image * PartsPerImage + part) * 2 * Groups;

    /// <summary>First pixel of an image's part, and their number.</summary>
    public (int First, int Count) PixelsOf(int part) => (part * PixelsPerPart, Math.Min(PixelsPerPart, Pixels - part * PixelsPerPart));

    /// <summary>Says that a part is written; true for the last one of its image.</summary>
    public bool IsLast(int image) => _partials.IsLast(image, PartsPerImage);
}
