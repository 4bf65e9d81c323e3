using SkiaSharp;

namespace L2c.Engine.Tests;

public sealed class PictureDifferenceTests
{
    private const int Side = 16;

    private static readonly SKColor _none = PictureDifference.Colour(0);

    [Fact]
    public void Equal_pictures_differ_nowhere()
    {
        RgbImage picture = Picture();
        var difference = PictureDifference.Of(2, _ => picture, _ => picture);
        Assert.Equal((8, 0, null), (difference.Scale, difference.Greatest, difference.Psnr));
        Assert.All(difference.Draw(picture, picture).Pixels.Chunk(3), pixel => Assert.Equal([_none.Red, _none.Green, _none.Blue], pixel));
    }

    [Fact]
    public void A_planted_difference_is_seen_where_it_is_and_nowhere_else()
    {
        RgbImage picture = Picture(), other = Picture();
        other[5, 3][1] += 60;
        var difference = PictureDifference.Of(1, _ => other, _ => picture);
        RgbImage drawn = difference.Draw(other, picture);
        for (int y = 0; y < Side; y++)
        {
            for (int x = 0; x < Side; x++)
            {
                SKColor colour = new(drawn[x, y][0], drawn[x, y][1], drawn[x, y][2]);
                Assert.Equal((x, y) == (5, 3) ? PictureDifference.Colour(60.0 / difference.Scale) : _none, colour);
            }
        }

        // One pixel of 256 is more than the thousandth that a scale leaves out.
        Assert.Equal((64, 60), (difference.Scale, difference.Greatest));
        Assert.Equal(10 * Math.Log10(255.0 * 255 * 3 * Side * Side / (60 * 60)), difference.Psnr!.Value, 9);
    }

    [Fact]
    public void A_few_pixels_that_differ_far_more_than_all_others_do_not_darken_them()
    {
        RgbImage[] pictures = [.. Enumerable.Range(0, 8).Select(_ => Picture())], others = [.. Enumerable.Range(0, 8).Select(_ => Picture())];
        foreach (RgbImage other in others)
        {
            for (int i = 0; i < other.Pixels.Length; i++)
            {
                other.Pixels[i] += 20;
            }
        }

        others[0][0, 0][0] += 140; // 1 of 2048 pixels
        var difference = PictureDifference.Of(8, i => pictures[i], i => others[i]);
        Assert.Equal((32, 160), (difference.Scale, difference.Greatest));
    }

    [Fact]
    public void Colours_grow_lighter_with_the_difference()
    {
        double[] lightness = [.. Enumerable.Range(0, 101).Select(i => PictureDifference.Colour(i / 100.0))
            .Select(colour => (0.2126 * colour.Red) + (0.7152 * colour.Green) + (0.0722 * colour.Blue))];
        Assert.All(Enumerable.Range(1, 100), i => Assert.True(lightness[i] > lightness[i - 1], $"{i} %"));
        Assert.Equal(PictureDifference.Colour(1), PictureDifference.Colour(7));
    }

    [Fact]
    public void A_comparison_shows_the_difference_in_its_own_panel()
    {
        RgbImage picture = Picture(), other = Picture();
        other[5, 3][1] += 60;
        var difference = PictureDifference.Of(1, _ => other, _ => picture);
        Grid grid = new(["a"], 1, Side, "without caching", "with caching", "difference");
        SampleSheet sheet = new(grid) { Difference = difference };
        RgbImage drawn = difference.Draw(other, picture);
        using SKBitmap bitmap = sheet.Draw("{}", (panel, _) => panel switch { 0 => picture, 1 => other, _ => drawn }).ToBitmap();

        // Above the scale, which has these colours, too.
        SKColor[] pixels = [.. bitmap.Pixels.Take(bitmap.Width * (bitmap.Height - 60))];
        int square = grid.Factor * grid.Factor;
        Assert.Equal(square, pixels.Count(pixel => pixel == PictureDifference.Colour(60.0 / 64)));
        Assert.Equal(((Side * Side) - 1) * square, pixels.Count(pixel => pixel == _none));
    }

    private static RgbImage Picture()
    {
        RgbImage picture = new(Side, Side);
        for (int i = 0; i < picture.Pixels.Length; i++)
        {
            picture.Pixels[i] = (byte)(40 + (i * 7 % 50));
        }

        return picture;
    }
}
