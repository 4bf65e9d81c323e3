using System.Runtime.InteropServices;
using System.Text.Json;
using L2c.Testing;
using L2c.Weights;
using SkiaSharp;

namespace L2c.Engine.Tests;

/// <summary>The crop of the published training, held against the Python Imaging Library that it is published with.</summary>
public sealed class CentreCropTests : IDisposable
{
    private const int Size = 32, Channels = 3;

    // As dev/make-crop-fixtures.py, for a file, a size, and a file of the square's bytes.
    private const string Pillow = """
        import sys
        from PIL import Image
        picture, size = Image.open(sys.argv[1]).convert("RGB"), int(sys.argv[2])
        while min(picture.size) >= 2 * size:
            picture = picture.resize((picture.width // 2, picture.height // 2), Image.BOX)
        factor = size / min(picture.size)
        picture = picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.BICUBIC)
        left, top = (picture.width - size) // 2, (picture.height - size) // 2
        open(sys.argv[3], "wb").write(picture.crop((left, top, left + size, top + size)).tobytes())
        """;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Recorded => RepositoryPaths.Root is null ? [] : [.. Pictures()];

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Every_kind_of_picture_gives_the_square_that_Pillow_gives(string name)
    {
        byte[] expected = Expected(name);
        byte[] actual = Crop(Fixture(name), Size);

        // The same bits, up to the decoders' own rounding where colours are stored at half the resolution or as inks.
        bool isLossy = !name.EndsWith(".png", StringComparison.Ordinal) && name != "lossless.webp";
        AssertWithin(isLossy ? 1 : 0, expected, actual);
    }

    [Theory]
    [InlineData("halved.png")]
    [InlineData("shrunk.png")]
    [InlineData("enlarged.png")]
    public void A_filter_without_the_steps_and_roundings_of_Pillow_is_told_from_it(string name)
    {
        using SKBitmap picture = ImageFolderData.Decode(Fixture(name));
        float[] other = new float[Channels * Size * Size];
        PictureScaler.CentreSquare(picture.GetPixelSpan(), picture.Width, picture.Height, Size, other);
        byte[] expected = Expected(name);
        Assert.Contains(Enumerable.Range(0, expected.Length), i =>
            Math.Abs(expected[i] - ((other[((i % Channels) * Size * Size) + (i / Channels)] + 1) * 127.5f)) > 1.5f);
    }

    [Theory]
    [InlineData(500, 375, 256)]
    [InlineData(1400, 1100, 256)]
    [InlineData(341, 700, 512)]
    [InlineData(2049, 1031, 512)]
    public void Pictures_of_real_sizes_give_the_bits_of_the_Pillow_at_hand(int width, int height, int size)
    {
        Assert.SkipUnless(Python.Has("PIL"), "Debian's python3-pil is not installed");
        (string picture, string square) = (_folder.File("x.png"), _folder.File("square"));
        RgbImage noise = new(width, height);
        RandomData.Integers(width, noise.Pixels.Length, 256).Select(v => (byte)v).ToArray().CopyTo(noise.Pixels, 0);
        using (FileStream file = File.Create(picture))
        {
            PngWriter.Write(file, noise, "l2c", "test");
        }

        _ = Python.Run(Pillow, picture, size.ToString(), square);
        AssertWithin(0, File.ReadAllBytes(square), Crop(picture, size));
    }

    [Theory]
    [InlineData(64, 45, 20, 31)]
    [InlineData(9, 30, 50, 77)]
    public void A_window_has_the_pixels_of_the_whole(int width, int height, int targetWidth, int targetHeight)
    {
        uint[] pixels = [.. RandomData.Integers(width, width * height, int.MaxValue).Select(v => (uint)v)];
        uint[] whole = new uint[targetWidth * targetHeight], window = new uint[5 * 7];
        PillowResampler.Resize(pixels, width, Axis(width, targetWidth, 0, targetWidth), Axis(height, targetHeight, 0, targetHeight), whole);
        PillowResampler.Resize(pixels, width, Axis(width, targetWidth, 6, 5), Axis(height, targetHeight, 11, 7), window);
        for (int i = 0; i < window.Length; i++)
        {
            Assert.Equal(whole[((11 + (i / 5)) * targetWidth) + 6 + (i % 5)], window[i]);
        }

        static ResampleAxis Axis(int source, int target, int begin, int count) => new(ResampleFilter.Bicubic, source, target, begin, count);
    }

    [Fact]
    public void A_picture_as_long_as_pictures_may_be_costs_its_middle_alone()
    {
        // The whole would have 2 thousand million pixels.
        const int Length = 1 << 20;
        uint[] square = new uint[512 * 512];
        CentreCrop.Crop(Enumerable.Repeat(0xFF804020u, Length * 8).ToArray(), Length, 8, 512, square);
        Assert.All(square, pixel => Assert.Equal(0xFF804020u, pixel));
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Crop(string path, int size)
    {
        using SKBitmap picture = ImageFolderData.Decode(path);
        uint[] square = new uint[size * size];
        CentreCrop.Crop(MemoryMarshal.Cast<byte, uint>(picture.GetPixelSpan()), picture.Width, picture.Height, size, square);
        return [.. square.SelectMany(pixel => (byte[])[(byte)pixel, (byte)(pixel >> 8), (byte)(pixel >> 16)])];
    }

    private static void AssertWithin(int difference, byte[] expected, byte[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        int worst = expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(worst <= difference, $"differs by up to {worst} of 255, where {difference} is allowed");
    }

    private static string Fixture(string name) => Path.Combine(RepositoryPaths.Root!, "tests", "fixtures", "crops", name);

    private static string[] Pictures()
    {
        using TensorFile file = TensorFiles.Open(Fixture("squares.safetensors"));
        return JsonSerializer.Deserialize<string[]>(file.Metadata["pictures"])!;
    }

    private static byte[] Expected(string name)
    {
        using TensorFile file = TensorFiles.Open(Fixture("squares.safetensors"));
        byte[] square = new byte[Channels * Size * Size];
        file.ReadBytes(file.Find("squares")!, (long)Array.IndexOf(Pictures(), name) * square.Length, square);
        return square;
    }
}
