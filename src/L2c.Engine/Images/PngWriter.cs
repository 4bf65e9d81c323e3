using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace L2c;

/// <summary>Writes 8-bit RGB pictures as PNG with one text chunk.</summary>
/// <remarks>
/// Each row takes the filter with the smallest sum of absolute differences.
/// Source: W3C, Portable Network Graphics (PNG) Specification, third edition, section "Filter selection".
/// </remarks>
public static class PngWriter
{
    /// <summary>The eight bytes that every PNG starts with.</summary>
    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Writes a whole file.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="image">The picture.</param>
    /// <param name="keyword">Keyword of the text chunk: 1 to 79 printable ASCII characters.</param>
    /// <param name="text">Its text, ASCII.</param>
    public static void Write(Stream stream, RgbImage image, string keyword, string text)
    {
        if (keyword.Length is < 1 or > 79 || !Ascii.IsValid(keyword) || !Ascii.IsValid(text) || keyword.Contains('\0') || text.Contains('\0'))
        {
            throw new ArgumentException("PNG: the keyword must be 1 to 79 ASCII characters and the text ASCII, both without NUL");
        }

        stream.Write(Signature);
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, image.Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), image.Height);
        header[8] = 8; // bits per sample
        header[9] = 2; // RGB; compression, filter method and interlace stay 0
        WriteChunk(stream, "IHDR"u8, header);
        WriteChunk(stream, "tEXt"u8, Encoding.ASCII.GetBytes($"{keyword}\0{text}"));
        WriteChunk(stream, "IDAT"u8, Compress(image));
        WriteChunk(stream, "IEND"u8, []);
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

    private static byte[] Compress(RgbImage image)
    {
        using MemoryStream compressed = new();
        using (ZLibStream zlib = new(compressed, CompressionLevel.SmallestSize))
        {
            int length = 3 * image.Width;
            byte[] above = new byte[length];
            byte[] candidate = new byte[1 + length];
            byte[] best = new byte[1 + length];
            for (int y = 0; y < image.Height; y++)
            {
                Span<byte> row = image.Pixels.AsSpan(y * length, length);
                long bestCost = long.MaxValue;
                for (byte filter = 0; filter <= 4; filter++)
                {
                    long cost = Filter(filter, row, above, candidate);
                    if (cost < bestCost)
                    {
                        bestCost = cost;
                        (best, candidate) = (candidate, best);
                    }
                }

                zlib.Write(best);
                row.CopyTo(above);
            }
        }

        return compressed.ToArray();
    }

    /// <summary>Filters a row and returns the sum of its differences' magnitudes, read as signed bytes.</summary>
    private static long Filter(byte filter, ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, Span<byte> destination)
    {
        destination[0] = filter;
        long cost = 0;
        for (int i = 0; i < row.Length; i++)
        {
            int left = i >= 3 ? row[i - 3] : 0;
            int aboveLeft = i >= 3 ? above[i - 3] : 0;
            int prediction = filter switch
            {
                1 => left,
                2 => above[i],
                3 => (left + above[i]) / 2,
                4 => Paeth(left, above[i], aboveLeft),
                _ => 0,
            };
            byte difference = (byte)(row[i] - prediction);
            destination[i + 1] = difference;
            cost += Math.Abs((int)(sbyte)difference);
        }

        return cost;
    }

    private static int Paeth(int left, int above, int aboveLeft)
    {
        int estimate = left + above - aboveLeft;
        int toLeft = Math.Abs(estimate - left), toAbove = Math.Abs(estimate - above), toAboveLeft = Math.Abs(estimate - aboveLeft);
        return toLeft <= toAbove && toLeft <= toAboveLeft ? left : toAbove <= toAboveLeft ? above : aboveLeft;
    }
}
