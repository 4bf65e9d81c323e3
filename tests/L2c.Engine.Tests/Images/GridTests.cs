using L2c.Testing;
using L2c.Weights.Layouts;
using SkiaSharp;

namespace L2c.Engine.Tests;

public sealed class GridTests
{
    private static readonly byte[] _pictureColour = [255, 0, 0];

    [Theory]
    [InlineData(10, 80, 32, true, 8, 10, 3)] // the demo
    [InlineData(10, 13, 32, true, 2, 10, 3)] // an incomplete second round
    [InlineData(1, 8, 32, true, 8, 1, 3)]    // one class
    [InlineData(8, 8, 256, false, 4, 2, 1)]  // the published eight
    [InlineData(1, 100, 32, false, 10, 10, 3)]
    [InlineData(3, 2, 8, false, 2, 1, 12)]
    [InlineData(1, 1, 64, false, 1, 1, 1)]
    public void Pictures_and_labels_have_their_places_and_never_overlap(
        int classes, int count, int size, bool byClass, int columns, int rows, int factor)
    {
        string[] labels = [.. Enumerable.Range(0, classes).Select(i => $"label {i} of great length")];
        Grid grid = new(labels, count, size);
        Assert.Equal((byClass, columns, rows, factor), (grid.ByClass, grid.Columns, grid.Rows, grid.Factor));

        RgbImage picture = new(size, size);
        for (int i = 0; i < size * size; i++)
        {
            _pictureColour.CopyTo(picture.Pixels, 3 * i);
        }

        using SKBitmap sheet = new((int)grid.Width, (int)grid.Height);
        using (SKCanvas canvas = new(sheet))
        {
            canvas.Clear(Grid.Background);
            grid.Draw(canvas, _ => picture);
        }

        // Every picture is whole: nothing was drawn over it, and no two share a pixel.
        Assert.Equal((long)count * grid.Cell * grid.Cell, sheet.Pixels.LongCount(pixel => pixel == SKColors.Red));

        // Every label has ink: left of its row, or under its picture. None leaves the sheet.
        for (int i = 0; i < (byClass ? classes : count); i++)
        {
            (int left, int top) = grid.Place(i);
            bool ink = byClass ? HasInk(sheet, 0, top, left, grid.Cell) : HasInk(sheet, left, top + grid.Cell, grid.Cell, 18);
            Assert.True(ink, $"label {i}");
        }

        Assert.False(HasInk(sheet, 0, 0, 2, sheet.Height));
        Assert.False(HasInk(sheet, 0, sheet.Height - 2, sheet.Width, 2));
    }

    [Fact]
    public void By_class_picture_i_is_in_row_i_mod_K_and_round_i_div_K()
    {
        Grid grid = new(["a", "b", "c"], 7, 32);
        Assert.Equal(grid.Place(1).Top, grid.Place(4).Top);
        Assert.True(grid.Place(4).Left > grid.Place(1).Left);
        Assert.True(grid.Place(2).Top > grid.Place(1).Top);
    }

    [Fact]
    public void A_sheet_of_more_than_two_gigabytes_is_not_drawable()
    {
        Grid grid = new(["a"], 200_000, 96);
        Assert.False(Grid.IsDrawable(grid.Width, grid.Height));
        Assert.True(Grid.IsDrawable(20_000, 20_000));
    }

    [Fact]
    public void Pixels_are_scaled_clamped_and_truncated_as_published()
    {
        DitArchitecture architecture = TinyModel.Pixels with { InputSize = 2, PatchSize = 1 };
        float[] sample = [-1, 1, 0, 0.002f, -2, 2, 0.5f, -0.5f, 0.9999f, -1.004f, float.NaN, 0.1f];
        RgbImage image = SampleImage.Convert(architecture, sample);
        Assert.Equal([0, 0, 255], image[0, 0].ToArray());      // 0.5 -> 0; below -> 0; 255.49 -> 255
        Assert.Equal([255, 255, 0], image[1, 0].ToArray());    // 255.5 -> 255; above -> 255; -0.01 -> 0
        Assert.Equal([128, 191, 0], image[0, 1].ToArray());    // 128; 191.75 truncated; NaN -> 0
        Assert.Equal([128, 64, 140], image[1, 1].ToArray());   // 128.255; 64.25; 140.75 truncated
    }

    [Fact]
    public void The_latent_preview_is_the_documented_linear_map()
    {
        DitArchitecture architecture = TinyModel.Latents with { InputSize = 1, PatchSize = 1 };
        RgbImage image = SampleImage.Convert(architecture, [1, 0.5f, -0.25f, -0.5f]);
        // 127.5 (0.298 + 0.0935 + 0.0395 + 0.092) + 128 = 194.7; green 0.207 + 0.143 - 0.04725 + 0.1355; blue 0.208 + 0.0865 - 0.066 + 0.2365
        Assert.Equal([194, 183, 187], image[0, 0].ToArray());
    }

    private static bool HasInk(SKBitmap sheet, int left, int top, int width, int height)
    {
        for (int y = top; y < top + height; y++)
        {
            for (int x = left; x < left + width; x++)
            {
                if (sheet.GetPixel(x, y) is { Red: > 150, Green: > 150, Blue: > 150 })
                {
                    return true;
                }
            }
        }

        return false;
    }
}
