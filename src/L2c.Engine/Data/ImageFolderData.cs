using L2c.Model.Training;
using L2c.Model.Training.Data;
using L2c.Weights;
using SkiaSharp;

namespace L2c;

/// <summary>
/// A folder of pictures for models of pixels: a subfolder per class, in ordinal order of their names; PNG, JPEG and WebP at any depth.
/// </summary>
/// <remarks>
/// A picture is decoded when it is read: its centred square, resampled to the model's size (<see cref="PictureScaler"/>), pixels in [-1, 1].
/// Transparency, colour profiles and a camera's orientation mark are ignored, as published loaders do. Other files are left out; <see cref="Name"/>
/// tells how many pictures there are.
/// </remarks>
internal sealed class ImageFolderData : ITrainingData
{
    private static readonly string[] _extensions = [".png", ".jpg", ".jpeg", ".webp"];

    private readonly (string Path, int Label)[] _pictures;
    private readonly EpochOrder _order;

    /// <summary>Lists the pictures.</summary>
    /// <param name="folder">The folder of the classes' folders.</param>
    /// <param name="size">Side of the pictures as they are read.</param>
    /// <param name="seed">Seed of the order in which pictures come.</param>
    /// <param name="cancel">Looked at before every file.</param>
    /// <exception cref="MalformedFileException">There are no classes, or a class has no picture.</exception>
    public ImageFolderData(string folder, int size, ulong seed, CancellationToken cancel = default)
    {
        string[] classes = FolderFiles.FoldersIn(folder, cancel: cancel);
        _pictures = [.. classes.SelectMany((path, label) => Pictures(path, cancel).Select(file => (file, label)))];
        int[] without = [.. Enumerable.Range(0, classes.Length).Except(_pictures.Select(picture => picture.Label))];
        if (classes.Length == 0 || without.Length > 0)
        {
            throw new MalformedFileException(
                without.Length > 0 ? classes[without[0]] : folder,
                without.Length > 0 ? "has no PNG, JPEG or WebP pictures; remove the folder, or fill it" : "has no folders; make one per class");
        }

        Size = size;
        ClassNames = [.. classes.Select(path => Path.GetFileName(path))];
        Name = DataName.Of(
            folder,
            $"{_pictures.Length} pictures of {classes.Length} classes",
            seed,
            _pictures.StoppedBy(cancel).Select(picture => DataName.Line(folder, picture.Path)));
        _order = new EpochOrder(seed, _pictures.Length);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Channels => 3;

    /// <inheritdoc/>
    public int Size { get; }

    /// <inheritdoc/>
    public int Classes => ClassNames.Count;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Pictures of an epoch.</summary>
    public int Count => _pictures.Length;

    /// <inheritdoc/>
    public int Read(long index, Span<float> image)
    {
        (string path, int label) = _pictures[_order[index]];
        using SKBitmap picture = Decode(path);
        PictureScaler.CentreSquare(picture.GetPixelSpan(), picture.Width, picture.Height, Size, image);
        return label;
    }

    private static IEnumerable<string> Pictures(string folder, CancellationToken cancel) => FolderFiles.Below(folder, cancel)
        .Where(path => _extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase))
        .Order(StringComparer.Ordinal);

    /// <summary>Decodes a picture of any of these formats.</summary>
    /// <returns>Four bytes per pixel: red, green, blue as stored, and opacity. The caller's to dispose of.</returns>
    /// <exception cref="MalformedFileException">It is none, too large or damaged; of a PNG, also behind its pixels.</exception>
    public static SKBitmap Decode(string path)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        if (PngFile.IsPng(source))
        {
            // The decoder is content with a file that is cut behind its last pixel, and passes over checksums.
            PngFile.Check(source);
        }

        // From memory: an exception of a stream, as of a file that shrinks, cannot pass through the decoder's native code.
        using MemoryStream bytes = new(source.ReadAll(ReadLimits.PictureBytes), writable: false);
        using SKCodec? codec = SKCodec.Create(bytes, out SKCodecResult known);
        if (codec is null)
        {
            throw Broken(path, $"is not a picture that can be decoded ({known})");
        }

        if ((long)codec.Info.Width * codec.Info.Height > ReadLimits.PicturePixels)
        {
            throw Broken(path, $"has {codec.Info.Width} x {codec.Info.Height} pixels, more than {ReadLimits.PicturePixels}");
        }

        // No colour space: the stored values, unconverted.
        SKBitmap picture = new(new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        SKCodecResult result = codec.GetPixels(picture.Info, picture.GetPixels());
        if (result == SKCodecResult.Success)
        {
            return picture;
        }

        picture.Dispose();
        throw Broken(path, $"cannot be decoded completely ({result})");
    }

    private static MalformedFileException Broken(string path, string problem) => new(path, $"{problem}; repair or remove it");
}
