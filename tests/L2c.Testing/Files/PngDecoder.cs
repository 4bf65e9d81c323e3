using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace L2c.Testing;

/// <summary>A PNG decoder of its own, for 8-bit RGB without interlace: shares no code with the program.</summary>
public sealed class PngDecoder
{
    private PngDecoder(int width, int height, byte[] pixels, Dictionary<string, string> text) =>
        (Width, Height, Pixels, Text) = (width, height, pixels, text);

    public int Width { get; }

    public int Height { get; }

    public byte[] Pixels { get; }

    public Dictionary<string, string> Text { get; }

    public static PngDecoder Decode(byte[] file)
    {
        Assert.Equal("89504E470D0A1A0A", Convert.ToHexString(file, 0, 8));
        int width = 0, height = 0;
        Dictionary<string, string> text = [];
        using MemoryStream compressed = new();
        string type = "";
        for (int at = 8; type != "IEND";)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            type = Encoding.ASCII.GetString(file, at + 4, 4);
            Span<byte> data = file.AsSpan(at + 8, length);
            Assert.Equal(Crc(file.AsSpan(at + 4, length + 4)), BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 8 + length)));
            switch (type)
            {
                case "IHDR":
                    width = BinaryPrimitives.ReadInt32BigEndian(data);
                    height = BinaryPrimitives.ReadInt32BigEndian(data[4..]);
                    Assert.Equal([8, 2, 0, 0, 0], data[8..].ToArray());
                    break;
                case "tEXt":
                    string[] parts = Encoding.Latin1.GetString(data).Split('\0');
                    text.Add(parts[0], parts[1]);
                    break;
                case "IDAT":
                    compressed.Write(data);
                    break;
                case not "IEND" when char.IsAsciiLetterLower(type[0]):
                    break; // a chunk that pixels do not depend on
                default:
                    Assert.Equal("IEND", type);
                    Assert.Equal(file.Length, at + 12);
                    break;
            }

            at += 12 + length;
        }

        compressed.Position = 0;
        using ZLibStream zlib = new(compressed, CompressionMode.Decompress);
        using MemoryStream raw = new();
        zlib.CopyTo(raw);
        return new PngDecoder(width, height, Unfilter(raw.ToArray(), width, height), text);
    }

    private static byte[] Unfilter(byte[] raw, int width, int height)
    {
        int stride = 3 * width;
        Assert.Equal(height * (stride + 1), raw.Length);
        byte[] pixels = new byte[height * stride];
        for (int y = 0; y < height; y++)
        {
            int filter = raw[y * (stride + 1)];
            for (int i = 0; i < stride; i++)
            {
                int a = i < 3 ? 0 : pixels[(y * stride) + i - 3];
                int b = y == 0 ? 0 : pixels[((y - 1) * stride) + i];
                int c = i < 3 || y == 0 ? 0 : pixels[((y - 1) * stride) + i - 3];
                Assert.InRange(filter, 0, 4);
                int add = filter switch { 0 => 0, 1 => a, 2 => b, 3 => (a + b) >> 1, _ => Nearest(a, b, c) };
                pixels[(y * stride) + i] = (byte)(raw[(y * (stride + 1)) + 1 + i] + add);
            }
        }

        return pixels;
    }

    // Of a, b, c the one nearest to a + b - c; ties in this order.
    private static int Nearest(int a, int b, int c) => new[] { a, b, c }.MinBy(value => Math.Abs(a + b - c - value));

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320u);
            }
        }

        return ~crc;
    }
}
