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
    private readonly PictureListing _pictures;
    private readonly EpochOrder _order;

    /// <summary>Lists the pictures.</summary>
    /// <param name="folder">The folder of the classes' folders.</param>
    /// <param name="size">Side of the pictures as they are read.</param>
    /// <param name="seed">Seed of the order in which pictures come.</param>
    /// <param name="cancel">Looked at before every file.</param>
    /// <exception cref="MalformedFileException">There are no classes, or a class has no picture.</exception>
    public ImageFolderData(string folder, int size, ulong seed, CancellationToken cancel = default)
    {
        _pictures = PictureListing.OfClasses(folder, cancel);
        Size = size;
        Name = DataName.Of(
            folder,
            $"{Count} pictures of {Classes} classes",
            seed,
            Enumerable.Range(0, Count).StoppedBy(cancel).Select(_pictures.Line));
        _order = new EpochOrder(seed, Count);
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
    public IReadOnlyList<string> ClassNames => _pictures.Classes;

    /// <summary>Pictures of an epoch.</summary>
    public int Count => _pictures.Count;

    /// <inheritdoc/>
    public int Read(long index, Span<float> image)
    {
        (string path, int label) = _pictures.Pictures[(int)_order[index]];
        using SKBitmap picture = Decode(path);
        PictureScaler.CentreSquare(picture.GetPixelSpan(), picture.Width, picture.Height, Size, image);
        return label;
    }

    /// <summary>Decodes a picture of any of these formats.</summary>
    /// <returns>As <see cref="OpenedPicture.Decode"/>.</returns>
    /// <exception cref="MalformedFileException">It is none, too large or damaged; of a PNG, also behind its pixels.</exception>
    public static SKBitmap Decode(string path)
    {
        using OpenedPicture picture = OpenedPicture.Open(path);
        return picture.Decode();
    }
}
