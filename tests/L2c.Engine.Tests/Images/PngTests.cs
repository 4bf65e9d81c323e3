using L2c.Testing;
using L2c.Weights;

namespace L2c.Engine.Tests;

public sealed class PngTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 3)]
    [InlineData(257, 65)]
    public void Decoded_pixels_and_text_equal_what_was_written(int width, int height)
    {
        RgbImage image = new(width, height);
        new Random(5).NextBytes(image.Pixels);
        PngDecoder decoded = PngDecoder.Decode(Encode(image, "l2c", "{\"seed\":1}"));
        Assert.Equal((width, height), (decoded.Width, decoded.Height));
        Assert.Equal(image.Pixels, decoded.Pixels);
        Assert.Equal("{\"seed\":1}", decoded.Text["l2c"]);
    }

    [Fact]
    public void Reading_back_gives_size_and_text()
    {
        using ByteSource source = ByteSource.FromMemory("x.png", Encode(new RgbImage(5, 4), "l2c", "hello"));
        PngFile png = PngFile.Read(source);
        Assert.Equal((5, 4, 8, 2), (png.Width, png.Height, png.BitDepth, png.ColourType));
        Assert.Equal("hello", png.Text["l2c"]);
    }

    [Fact]
    public void Every_flipped_byte_and_every_truncation_is_refused()
    {
        byte[] good = Encode(new RgbImage(3, 2), "l2c", "hello");
        for (int at = 0; at < good.Length; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= 0x10;
            using ByteSource source = ByteSource.FromMemory("x.png", bad);
            Assert.StartsWith("x.png: ", Assert.Throws<MalformedFileException>(() => PngFile.Read(source)).Message, StringComparison.Ordinal);
            using ByteSource cut = ByteSource.FromMemory("x.png", good.AsMemory(0, at));
            Assert.Throws<MalformedFileException>(() => PngFile.Read(cut));
        }
    }

    [Theory]
    [InlineData("", "t")]
    [InlineData("k", "naïve")]
    [InlineData("k\0", "t")]
    public void Text_that_the_chunk_cannot_hold_is_refused(string keyword, string text) =>
        Assert.Throws<ArgumentException>(() => Encode(new RgbImage(1, 1), keyword, text));

    private static byte[] Encode(RgbImage image, string keyword, string text)
    {
        using MemoryStream stream = new();
        PngWriter.Write(stream, image, keyword, text);
        return stream.ToArray();
    }
}
