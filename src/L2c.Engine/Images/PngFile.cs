using System.Buffers.Binary;
using System.Text;
using L2c.Weights;
using L2c.Weights.PyTorch;

namespace L2c;

/// <summary>What a PNG says about itself: size, kind and text. Every chunk's checksum has been verified; the pixels have not been decoded.</summary>
/// <param name="Width">Pixels per row.</param>
/// <param name="Height">Rows.</param>
/// <param name="BitDepth">Bits per sample.</param>
/// <param name="ColourType">0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha.</param>
/// <param name="Text">Text of the uncompressed tEXt chunks by keyword; of a repeated keyword the first.</param>
public sealed record PngFile(int Width, int Height, int BitDepth, int ColourType, IReadOnlyDictionary<string, string> Text)
{
    private const int MaxTextBytes = 1 << 20;
    private const int MaxTexts = 64;

    /// <summary>Reads the chunks of a file.</summary>
    /// <param name="source">The bytes; they stay the caller's.</param>
    /// <exception cref="MalformedFileException">It is not a PNG, is damaged, or its text exceeds one mebibyte per chunk or 64 chunks.</exception>
    public static PngFile Read(ByteSource source)
    {
        Span<byte> head = stackalloc byte[8];
        source.ReadExactly(0, head);
        if (!head.SequenceEqual(PngWriter.Signature))
        {
            throw new MalformedFileException(source.Path, "is not a PNG; give a .png file");
        }

        Dictionary<string, string> texts = new(StringComparer.Ordinal);
        byte[] header = [];
        byte[] buffer = new byte[64 * 1024];
        int seen = 0;
        for (long offset = 8; ;)
        {
            source.ReadExactly(offset, head);
            uint length = BinaryPrimitives.ReadUInt32BigEndian(head);
            string type = Encoding.Latin1.GetString(head[4..]);
            if (length > int.MaxValue || !type.All(char.IsAsciiLetter))
            {
                throw new MalformedFileException(source.Path, $"has no valid PNG chunk at byte {offset}; fetch it again");
            }

            CheckCrc(source, offset, length, type, buffer);
            switch (type)
            {
                case "IHDR" when offset == 8 && length == 13:
                    header = Content(source, offset, 13);
                    if (BinaryPrimitives.ReadInt32BigEndian(header) < 1 || BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)) < 1)
                    {
                        throw new MalformedFileException(source.Path, "has a PNG header without a usable size; fetch it again");
                    }

                    break;
                case "tEXt" when header.Length > 0:
                    if (length > MaxTextBytes || ++seen > MaxTexts)
                    {
                        throw new MalformedFileException(source.Path, "holds more text than a picture's parameters need; it is refused");
                    }

                    string[] parts = Encoding.Latin1.GetString(Content(source, offset, (int)length)).Split('\0', 2);
                    _ = texts.TryAdd(parts[0], parts.Length > 1 ? parts[1] : "");
                    break;
                case "IEND" when header.Length > 0:
                    int width = BinaryPrimitives.ReadInt32BigEndian(header), height = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4));
                    return new PngFile(width, height, header[8], header[9], texts);
                case var _ when header.Length == 0:
                    throw new MalformedFileException(source.Path, "does not start with a PNG header; fetch it again");
            }

            offset += 12L + length;
        }
    }

    private static byte[] Content(ByteSource source, long chunk, int length)
    {
        byte[] content = new byte[length];
        source.ReadExactly(chunk + 8, content);
        return content;
    }

    private static void CheckCrc(ByteSource source, long chunk, uint length, string type, byte[] buffer)
    {
        uint crc = 0;
        long end = chunk + 8 + length;
        for (long at = chunk + 4; at < end;)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at));
            source.ReadExactly(at, part);
            crc = Crc32.Append(crc, part);
            at += part.Length;
        }

        Span<byte> stored = stackalloc byte[4];
        source.ReadExactly(end, stored);
        if (BinaryPrimitives.ReadUInt32BigEndian(stored) != crc)
        {
            throw new MalformedFileException(source.Path, $"has a wrong checksum in its {type} chunk at byte {chunk}; fetch it again");
        }
    }
}
