using L2c.Model.Metrics.Inception;

namespace L2c.Model.Tests.Metrics.Inception;

public sealed class InceptionInputTests
{
    private const int Side = 299;

    public static TheoryData<InceptionRecipe, int, int> Sizes =>
    [
        .. from recipe in Enum.GetValues<InceptionRecipe>()
           from size in ((int, int)[])[(1, 1), (2, 3), (32, 48), (256, 256), (310, 299), (1000, 7)]
           select (recipe, size.Item1, size.Item2),
    ];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void It_interpolates_as_the_formula_says(InceptionRecipe recipe, int height, int width)
    {
        byte[] pixels = new byte[height * width * 3];
        new Random(height).NextBytes(pixels);
        float[] found = new float[InceptionPass.ImageLength];
        new InceptionInput(recipe, height, width).Prepare(pixels, found);
        double[] expected = Reference(recipe, pixels, height, width, halfPixel: recipe == InceptionRecipe.PtFid);

        // Positions up to 1000 in binary32 are off by 3e-5, of which neighbouring pixels make as much of their difference, 2 at most.
        Assert.InRange(Worst(found, expected), 0, 2e-4);
    }

    [Fact]
    public void Half_a_pixel_more_is_seen()
    {
        byte[] pixels = new byte[64 * 64 * 3];
        new Random(1).NextBytes(pixels);
        float[] found = new float[InceptionPass.ImageLength];
        new InceptionInput(InceptionRecipe.Adm, 64, 64).Prepare(pixels, found);
        Assert.True(Worst(found, Reference(InceptionRecipe.Adm, pixels, 64, 64, halfPixel: true)) > 0.1);
    }

    [Fact]
    public void Pixels_of_299_stay_as_they_are()
    {
        byte[] pixels = new byte[InceptionPass.ImageLength];
        new Random(2).NextBytes(pixels);
        float[] found = new float[InceptionPass.ImageLength];
        new InceptionInput(InceptionRecipe.Adm, Side, Side).Prepare(pixels, found);
        Assert.Equal(pixels.Select(pixel => (pixel - 128) / 128f), found);
        new InceptionInput(InceptionRecipe.PtFid, Side, Side).Prepare(pixels, found);
        Assert.Equal(pixels.Select(pixel => (2 * (pixel / 255f)) - 1), found);
    }

    [Fact]
    public void An_image_allocates_nothing()
    {
        InceptionInput input = new(InceptionRecipe.Adm, 64, 64);
        byte[] pixels = new byte[64 * 64 * 3];
        float[] image = new float[InceptionPass.ImageLength];
        input.Prepare(pixels, image);
        long before = GC.GetAllocatedBytesForCurrentThread();
        input.Prepare(pixels, image);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void An_image_of_another_size_is_refused() => Assert.Throws<ArgumentException>(
        () => new InceptionInput(InceptionRecipe.Adm, 64, 64).Prepare(new byte[64 * 63 * 3], new float[InceptionPass.ImageLength]));

    private static double[] Reference(InceptionRecipe recipe, byte[] pixels, int height, int width, bool halfPixel)
    {
        double[] image = new double[InceptionPass.ImageLength];
        for (int i = 0; i < image.Length; i++)
        {
            (int y0, int y1, double v) = Between(i / (3 * Side), height);
            (int x0, int x1, double u) = Between(i / 3 % Side, width);
            double top = (Pixel(y0, x0) * (1 - u)) + (Pixel(y0, x1) * u), bottom = (Pixel(y1, x0) * (1 - u)) + (Pixel(y1, x1) * u);
            double value = (top * (1 - v)) + (bottom * v);
            image[i] = recipe == InceptionRecipe.Adm ? (value - 128) / 128 : (2 * value / 255) - 1;

            double Pixel(int y, int x) => pixels[(((y * width) + x) * 3) + (i % 3)];
        }

        return image;

        (int Low, int High, double Share) Between(int i, int length)
        {
            double scale = (double)length / Side, position = halfPixel ? Math.Max(0, (scale * (i + 0.5)) - 0.5) : scale * i;
            int low = (int)position;
            return (low, Math.Min(low + 1, length - 1), position - low);
        }
    }

    private static double Worst(float[] found, double[] expected) => found.Zip(expected, (one, other) => Math.Abs(one - other)).Max();
}
