using System.IO.Compression;
using L2c.Model.Networks;
using L2c.Testing;
using L2c.Weights;
using L2c.Weights.Npy;

namespace L2c.Engine.Tests.Metrics;

public sealed class NpzImageSetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void Images_are_the_same_one_by_one_and_many_at_once(CompressionLevel level)
    {
        const int Count = 9, Height = 6, Width = 4, Length = 3 * Height * Width;
        byte[] pixels = new byte[Count * Length];
        new Random(1).NextBytes(pixels);
        using NpzImageSet images = NpzImageSet.TryOpen(Write(pixels, TensorType.U8, [Count, Height, Width, 3], level))!;
        Assert.Equal((3, Height, Width, Count), (images.Channels, images.Height, images.Width, images.Count));
        float[] many = new float[4 * Length], one = new float[Length];
        ((IImageSet)images).Read(3, many, new ParallelOptions());
        for (int image = 0; image < 4; image++)
        {
            images.Read(3 + image, one);
            Assert.Equal(one, many[(image * Length)..((image + 1) * Length)]);
            for (int i = 0; i < Length; i++)
            {
                int stored = pixels[((3 + image) * Length) + (i % (Height * Width) * 3) + (i / (Height * Width))];
                Assert.Equal((stored - 127.5f) / 127.5f, one[i]);
            }
        }
    }

    [Fact]
    public void Every_byte_comes_back_from_the_pixel_that_it_is_read_as() => Assert.All(
        Enumerable.Range(byte.MinValue, byte.MaxValue + 1), value => Assert.Equal(value, PixelRule.Bytes.Apply((value - 127.5f) / 127.5f)));

    [Fact]
    public void Other_files_are_not_such_a_set()
    {
        Assert.Null(NpzImageSet.TryOpen(Write(new byte[4 * 12], TensorType.F32, [1, 2, 2, 3], CompressionLevel.NoCompression)));
        File.WriteAllBytes(_folder.File("a.bin"), new byte[100]);
        Assert.Null(NpzImageSet.TryOpen(_folder.File("a.bin")));
    }

    public void Dispose() => _folder.Dispose();

    private string Write(byte[] bytes, TensorType type, long[] shape, CompressionLevel level)
    {
        NpyFile.Write(_folder.File("array.npy"), type, shape, bytes, overwrite: false);
        using ZipArchive archive = ZipFile.Open(_folder.File("images.npz"), ZipArchiveMode.Create);
        _ = archive.CreateEntryFromFile(_folder.File("array.npy"), "arr_0.npy", level);
        return _folder.File("images.npz");
    }
}
