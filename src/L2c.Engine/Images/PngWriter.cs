using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using SkiaSharp;

namespace L2c;

/// <summary>Writes pictures as PNG with one text chunk.</summary>
public static class PngWriter
{
    // The signature and the chunk IHDR, which come first: W3C, Portable Network Graphics (PNG) Specification, third edition, section 5.6.
    private const int HeadBytes = 8 + 12 + 13;

    /// <summary>The eight bytes that every PNG starts with.</summary>
    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Writes a whole file of 8-bit RGB.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="image">The picture.</param>
    /// <param name="keyword">Keyword of the text chunk: 1 to 79 printable ASCII characters.</param>
    /// <param name="text">Its text, ASCII.</param>
    /// <exception cref="ArgumentException">The chunk cannot hold keyword or text.</exception>
    public static void Write(Stream stream, RgbImage image, string keyword, string text)
    {
        using SKBitmap bitmap = image.ToBitmap();
        Write(stream, bitmap, keyword, text);
    }

    /// <summary>Writes a whole file.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="bitmap">The picture; 8-bit RGB where it is opaque.</param>
    /// <param name="keyword">Keyword of the text chunk: 1 to 79 printable ASCII characters.</param>
    /// <param name="text">Its text, ASCII.</param>
    /// <exception cref="ArgumentException">The chunk cannot hold keyword or text.</exception>
    internal static void Write(Stream stream, SKBitmap bitmap, string keyword, string text)
    {
        if (keyword.Length is < 1 or > 79 || !Ascii.IsValid(keyword) || !Ascii.IsValid(text) || keyword.Contains('\0') || text.Contains('\0'))
        {
            throw new ArgumentException("PNG: the keyword must be 1 to 79 ASCII characters and the text ASCII, both without NUL");
        }

        using SKPixmap pixels = bitmap.PeekPixels();
        using SKData encoded = pixels.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.AllFilters, zLibLevel: 9))
            ?? throw new InvalidOperationException($"PNG: a picture of {bitmap.Width} x {bitmap.Height} cannot be encoded");
        stream.Write(encoded.AsSpan()[..HeadBytes]);
        WriteChunk(stream, "tEXt"u8, Encoding.ASCII.GetBytes($"{keyword}\0{text}"));
        stream.Write(encoded.AsSpan()[HeadBytes..]);
    }

    private static void WriteChunk(Stream stream, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, data.Length);
        stream.Write(word);
        stream.Write(type);
        stream.Write(data);
        Crc32 crc = new();
        crc.Append(type);
        crc.Append(data);
        BinaryPrimitives.WriteUInt32BigEndian(word, crc.GetCurrentHashAsUInt32());
        stream.Write(word);
    }
}
