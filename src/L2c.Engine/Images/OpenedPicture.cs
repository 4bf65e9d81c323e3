using L2c.Weights;
using SkiaSharp;

namespace L2c;

/// <summary>A picture in a file whose size is known and whose pixels have not been decoded: PNG, JPEG, WebP, told apart by content.</summary>
/// <remarks>Transparency, colour profiles and a camera's orientation mark are ignored, as published loaders do.</remarks>
internal sealed class OpenedPicture : IDisposable
{
    private readonly string _path;
    private readonly MemoryStream _bytes;
    private readonly SKCodec _codec;

    private OpenedPicture(string path, MemoryStream bytes, SKCodec codec) => (_path, _bytes, _codec) = (path, bytes, codec);

    /// <summary>Pixels per row.</summary>
    public int Width => _codec.Info.Width;

    /// <summary>Rows.</summary>
    public int Height => _codec.Info.Height;

    /// <summary>Reads a file.</summary>
    /// <exception cref="MalformedFileException">It is no picture or too large; or a PNG that is damaged, also behind its pixels.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static OpenedPicture Open(string path)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        return Open(source);
    }

    /// <inheritdoc cref="Open(string)"/>
    /// <param name="source">The file; it stays the caller's.</param>
    public static OpenedPicture Open(ByteSource source)
    {
        string path = source.Path;
        MemoryStream bytes = ReadAll(source);

        // From memory: an exception of a stream, as of a file that shrinks, cannot pass through the decoder's native code.
        SKCodec? codec = SKCodec.Create(bytes, out SKCodecResult known);
        if (codec is null)
        {
            bytes.Dispose();
            throw Broken(path, $"is not a picture that can be decoded ({known})");
        }

        OpenedPicture picture = new(path, bytes, codec);
        if ((long)picture.Width * picture.Height <= ReadLimits.PicturePixels)
        {
            return picture;
        }

        picture.Dispose();
        throw Broken(path, $"has {picture.Width} x {picture.Height} pixels, more than {ReadLimits.PicturePixels}");
    }

    /// <summary>Decodes.</summary>
    /// <returns>Four bytes per pixel: red, green, blue as stored, and opacity. The caller's to dispose of.</returns>
    /// <exception cref="MalformedFileException">The pixels are damaged or incomplete.</exception>
    public SKBitmap Decode()
    {
        // No colour space: the stored values, unconverted.
        SKBitmap picture = new(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        SKCodecResult result = _codec.GetPixels(picture.Info, picture.GetPixels());
        if (result == SKCodecResult.Success)
        {
            return picture;
        }

        picture.Dispose();
        throw Broken(_path, $"cannot be decoded completely ({result})");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _codec.Dispose();
        _bytes.Dispose();
    }

    private static MemoryStream ReadAll(ByteSource source)
    {
        if (PngFile.IsPng(source))
        {
            // The decoder is content with a file that is cut behind its last pixel, and passes over checksums.
            PngFile.Check(source);
        }

        return new MemoryStream(source.ReadAll(ReadLimits.PictureBytes), writable: false);
    }

    private static MalformedFileException Broken(string path, string problem) => new(path, $"{problem}; repair or remove it");
}
