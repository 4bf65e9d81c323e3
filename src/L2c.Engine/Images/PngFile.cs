using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using L2c.Weights;

namespace L2c;

/// <summary>What a PNG says about itself: size, kind and text. Every chunk's checksum has been verified; the pixels have not been decoded.</summary>
/// <param name="Width">Pixels per row.</param>
/// <param name="Height">Rows.</param>
/// <param name="BitDepth">Bits per sample.</param>
/// <param name="ColourType">0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha.</param>
/// <param name="Text">Text of the uncompressed tEXt chunks by keyword; of a repeated keyword the first.</param>
public sealed record PngFile(int Width, int Height, int BitDepth, int ColourType, IReadOnlyDictionary<string, string> Text)
{
    private const int HeaderBytes = 13;

    /// <summary>Whether a file begins as every PNG does.</summary>
    public static bool IsPng(ByteSource source)
    {
        Span<byte> head = stackalloc byte[PngWriter.Signature.Length];
        head = head[..(int)Math.Min(head.Length, source.Length)];
        source.ReadExactly(0, head);
        return head.SequenceEqual(PngWriter.Signature);
    }

    /// <summary>Reads the chunks of a file.</summary>
    /// <param name="source">The bytes; they stay the caller's.</param>
    /// <exception cref="MalformedFileException">It is no PNG, is damaged or cut, or its text exceeds a limit of <see cref="ReadLimits"/>.</exception>
    public static PngFile Read(ByteSource source)
    {
        Dictionary<string, string> texts = new(StringComparer.Ordinal);
        int seen = 0;
        byte[] header = Walk(source, (type, chunk, length) =>
        {
            if (type != "tEXt")
            {
                return;
            }

            if (length > ReadLimits.PictureTextBytes || ++seen > ReadLimits.PictureTexts)
            {
                throw new MalformedFileException(source.Path, "holds more text than a picture's parameters need; it is refused");
            }

            string[] parts = Encoding.Latin1.GetString(Content(source, chunk, (int)length)).Split('\0', 2);
            _ = texts.TryAdd(parts[0], parts.Length > 1 ? parts[1] : "");
        });
        return new PngFile(Extent(header, 0), Extent(header, sizeof(int)), header[8], header[9], texts);
    }

    /// <summary>Verifies the checksums of all chunks up to the last one.</summary>
    /// <param name="source">The bytes; they stay the caller's.</param>
    /// <exception cref="MalformedFileException">It is no PNG, or is damaged or cut.</exception>
    public static void Check(ByteSource source) => Walk(source, (_, _, _) => { });

    /// <summary>Visits the chunks behind the header: type, offset, and length of their content. Returns the header's.</summary>
    private static byte[] Walk(ByteSource source, Action<string, long, uint> visit)
    {
        if (!IsPng(source))
        {
            throw new MalformedFileException(source.Path, "is not a PNG; give a .png file");
        }

        byte[] header = [];
        byte[] buffer = new byte[64 * 1024];
        Span<byte> head = stackalloc byte[8];
        for (long chunk = PngWriter.Signature.Length; ;)
        {
            source.ReadExactly(chunk, head);
            uint length = BinaryPrimitives.ReadUInt32BigEndian(head);
            string type = Encoding.Latin1.GetString(head[4..]);
            if (length > int.MaxValue || !type.All(char.IsAsciiLetter))
            {
                throw new MalformedFileException(source.Path, $"does not have a valid PNG chunk at byte {chunk}; fetch it again");
            }

            CheckCrc(source, chunk, length, type, buffer);
            if (header.Length == 0)
            {
                header = type == "IHDR" && length == HeaderBytes
                    ? Content(source, chunk, HeaderBytes)
                    : throw new MalformedFileException(source.Path, "does not start with a PNG header; fetch it again");
                if (Extent(header, 0) < 1 || Extent(header, sizeof(int)) < 1)
                {
                    throw new MalformedFileException(source.Path, "has a PNG header without a usable size; fetch it again");
                }
            }
            else if (type == "IEND")
            {
                return header;
            }
            else
            {
                visit(type, chunk, length);
            }

            chunk += 12L + length;
        }
    }

    private static int Extent(byte[] header, int at) => BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(at));

    private static byte[] Content(ByteSource source, long chunk, int length)
    {
        byte[] content = new byte[length];
        source.ReadExactly(chunk + 8, content);
        return content;
    }

    private static void CheckCrc(ByteSource source, long chunk, uint length, string type, byte[] buffer)
    {
        Crc32 crc = new();
        long end = chunk + 8 + length;
        for (long at = chunk + 4; at < end;)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at));
            source.ReadExactly(at, part);
            crc.Append(part);
            at += part.Length;
        }

        Span<byte> stored = stackalloc byte[4];
        source.ReadExactly(end, stored);
        if (BinaryPrimitives.ReadUInt32BigEndian(stored) != crc.GetCurrentHashAsUInt32())
        {
            throw new MalformedFileException(source.Path, $"has a wrong checksum in its {type} chunk at byte {chunk}; fetch it again");
        }
    }
}
