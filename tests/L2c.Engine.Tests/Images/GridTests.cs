using L2c.Testing;
using L2c.Weights.Layouts;
using SkiaSharp;

namespace L2c.Engine.Tests;

public sealed class GridTests
{
    private static readonly byte[] _pictureColour = [255, 0, 0];

    [Theory]
    [InlineData(10, 80, 32, true, 8, 10, 3)] // the demo
    [InlineData(10, 13, 32, true, 2, 10, 8)] // an incomplete second round
    [InlineData(1, 8, 32, true, 8, 1, 3)]    // one class
    [InlineData(8, 8, 256, false, 4, 2, 1)]  // the published eight
    [InlineData(1, 100, 32, false, 10, 10, 3)]
    [InlineData(3, 2, 8, false, 2, 1, 32)]
    [InlineData(1, 1, 64, false, 1, 1, 4)]
    [InlineData(1000, 1000, 8, false, 32, 32, 12)]
    [InlineData(1000, 2000, 8, false, 45, 45, 12)] // a row per class would be two pictures wide
    public void Pictures_and_labels_have_their_places_and_never_overlap(
        int classes, int count, int size, bool byClass, int columns, int rows, int factor)
    {
        Grid grid = new(Labels(classes), count, size);
        Assert.Equal((byClass, columns, rows, factor), (grid.ByClass, grid.Columns, grid.Rows, grid.Factor));
        using SKBitmap sheet = Draw(grid, size);

        // Every picture is whole: nothing was drawn over it, and no two share a pixel.
        Assert.Equal((long)count * grid.Cell * grid.Cell, sheet.Pixels.LongCount(pixel => pixel == SKColors.Red));
        (string Text, SKRect Box, SKTextAlign Align, SKFont Font)[] texts = [.. grid.Texts()];
        Assert.Equal(byClass ? Math.Min(classes, count) : count, texts.Length);
        RequireFit(grid, texts);

        // Each has ink.
        Assert.All(texts.Take(50), text => Assert.True(HasInk(sheet, text.Box), text.Text));
    }

    [Theory]
    [InlineData(10, 80, 32, true, 8, 2)]
    [InlineData(8, 8, 256, false, 4, 1)]
    [InlineData(10, 1, 32, true, 1, 8)]
    [InlineData(1000, 1000, 32, false, 25, 2)]
    public void Panels_show_every_picture_once_each_and_have_the_labels_once(int classes, int count, int size, bool byClass, int columns, int factor)
    {
        Grid grid = new(Labels(classes), count, size, "without caching", "with caching", "difference");
        Assert.Equal((byClass, columns, factor), (grid.ByClass, grid.Columns, grid.Factor));
        (int Left, int Top)[] places = [.. Enumerable.Range(0, 3).SelectMany(panel => Enumerable.Range(0, count).Select(i => grid.Place(i, panel)))];
        Assert.Equal(3 * count, places.Distinct().Count());
        (string Text, SKRect Box, SKTextAlign Align, SKFont Font)[] texts = [.. grid.Texts()];
        int labels = texts.Count(text => text.Text.StartsWith("label", StringComparison.Ordinal));
        Assert.Equal(byClass ? Math.Min(classes, count) : count, labels);
        Assert.Equal(byClass ? 3 : 3 * grid.Rows, texts.Count(text => text.Text is "without caching" or "with caching" or "difference"));
        RequireFit(grid, texts);
    }

    [Fact]
    public void A_sheet_has_even_margins_and_text_that_ends_before_its_edge()
    {
        Grid grid = new(Labels(1), 1, 32);
        SampleSheet sheet = new(grid)
        {
            Title = $"a model with a name of {new string('m', 200)} letters",
            Lines = ["1 image, ddim, 20 steps, guidance 1.5, seed 18446744073709551615, cache: router of-a-long-name.safetensors, threshold 0.1"],
            Figures = [("45.2 dB", "PSNR"), ("30.6 %", "of the cache evaluations' branches reused"), ("1.180 x", "ideal speed-up"), ("15.2 %", "saved")],
        };
        Picture picture = sheet.Draw("{}", (_, _) => Red(32));
        (IReadOnlyList<SheetText> texts, int bottom) = sheet.Head();
        Assert.All(texts, text => Assert.InRange(text.Left + text.Font.MeasureText(text.Text), 24, picture.Width - 24));
        SheetText[] overlapping = [.. texts.Where(a => texts.Any(b => a != b && Box(a).IntersectsWith(Box(b))))];
        Assert.Empty(overlapping);
        Assert.InRange(texts.Max(text => Box(text).Bottom), 0, bottom);

        using SKBitmap drawn = picture.ToBitmap();
        int[] columns = [.. Enumerable.Range(0, drawn.Width).Where(x => drawn.GetPixel(x, bottom + 5) == SKColors.Red)];
        int rightOfLabel = (int)grid.Place(0).Left;
        Assert.InRange(columns[0] - rightOfLabel - (drawn.Width - 1 - columns[^1]), -1, 1); // label and picture together are in the middle
        int last = Enumerable.Range(0, drawn.Height).Last(y => drawn.GetPixel(columns[0], y) == SKColors.Red);
        Assert.InRange(drawn.Height - 1 - last, 20, 50);

        static SKRect Box(SheetText text) =>
            SKRect.Create(text.Left, text.Top, text.Font.MeasureText(text.Text), text.Font.Size);
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
        Assert.False(new SampleSheet(new Grid(["a"], 200_000, 96)).IsDrawable);
        Assert.True(new SampleSheet(new Grid(["a"], 20_000, 96)).IsDrawable);
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

    private static string[] Labels(int classes) =>
        [.. Enumerable.Range(0, classes).Select(i => $"label {i} of great length, which no cell has room for")];

    private static RgbImage Red(int size)
    {
        RgbImage picture = new(size, size);
        for (int i = 0; i < size * size; i++)
        {
            _pictureColour.CopyTo(picture.Pixels, 3 * i);
        }

        return picture;
    }

    private static SKBitmap Draw(Grid grid, int size)
    {
        RgbImage picture = Red(size);
        SKBitmap sheet = new((int)grid.Width, (int)grid.Height);
        using SKCanvas canvas = new(sheet);
        canvas.Clear(SampleSheet.Background);
        grid.Draw(canvas, (_, _) => picture, SKColors.White);
        return sheet;
    }

    /// <summary>Texts have room, lie on the sheet, and neither on each other nor on a picture.</summary>
    private static void RequireFit(Grid grid, (string Text, SKRect Box, SKTextAlign Align, SKFont Font)[] texts)
    {
        SKRect sheet = new(0, 0, grid.Width, grid.Height);
        Assert.All(texts, text =>
        {
            Assert.InRange(text.Font.MeasureText(text.Text), 0, text.Box.Width + 0.01f);
            Assert.True(sheet.Contains(text.Box), $"{text.Text}: {text.Box} in {sheet}");
        });
        SKRect[] cells =
            [.. Enumerable.Range(0, 60).Select(i => grid.Place(i)).Select(place => SKRect.Create(place.Left, place.Top, grid.Cell, grid.Cell))];
        SKRect[] boxes = [.. texts.Take(200).Select(text => text.Box)];
        Assert.DoesNotContain(boxes, box => cells.Any(box.IntersectsWith));
        Assert.DoesNotContain(Enumerable.Range(0, boxes.Length), i => boxes.Skip(i + 1).Any(boxes[i].IntersectsWith));
    }

    private static bool HasInk(SKBitmap sheet, SKRect at)
    {
        for (int y = (int)at.Top; y < at.Bottom && y < sheet.Height; y++)
        {
            for (int x = (int)at.Left; x < at.Right && x < sheet.Width; x++)
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
