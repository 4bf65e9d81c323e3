using L2c.Weights;
using SkiaSharp;

namespace L2c;

/// <summary>The PNG files of a folder in ordinal order of their names, all of one size; 8 bits per channel, transparency ignored.</summary>
internal sealed class PictureFolder : IImageSet
{
    private readonly string[] _paths;

    /// <summary>Looks at the first picture.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="pictures">What <see cref="Find"/> has found in it; at least one.</param>
    /// <exception cref="MalformedFileException">The first picture cannot be read.</exception>
    public PictureFolder(string path, string[] pictures)
    {
        _paths = pictures;
        Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        using SKBitmap first = ImageFolderData.Decode(_paths[0]);
        (Height, Width) = (first.Height, first.Width);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Channels => 3;

    /// <inheritdoc/>
    public int Height { get; }

    /// <inheritdoc/>
    public int Width { get; }

    /// <inheritdoc/>
    public long? Count => _paths.Length;

    /// <summary>The pictures of a folder, not of those in it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="cancel">Looked at before every name.</param>
    public static string[] Find(string folder, CancellationToken cancel) => [.. FolderFiles.In(folder, cancel: cancel)
        .Where(path => Path.GetExtension(path).Equals(".png", StringComparison.OrdinalIgnoreCase))];

    /// <inheritdoc/>
    public void Read(long index, Span<float> image)
    {
        using SKBitmap picture = ImageFolderData.Decode(_paths[index]);
        if ((picture.Height, picture.Width) != (Height, Width))
        {
            throw new MalformedFileException(
                _paths[index], $"has {picture.Width} x {picture.Height} pixels, but {_paths[0]} has {Width} x {Height}; give pictures of the same size");
        }

        ReadOnlySpan<byte> pixels = picture.GetPixelSpan();
        int area = Height * Width;
        for (int i = 0; i < area; i++)
        {
            int at = (i / Width * picture.RowBytes) + (i % Width * picture.BytesPerPixel);
            for (int colour = 0; colour < Channels; colour++)
            {
                image[(colour * area) + i] = (pixels[at + colour] - 127.5f) / 127.5f;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
