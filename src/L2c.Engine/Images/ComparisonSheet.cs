using SkiaSharp;

namespace L2c;

/// <summary>Two grids of the same layout side by side, with a title over each: uncached left, cached right.</summary>
/// <param name="grid">The layout.</param>
internal sealed class ComparisonSheet(Grid grid)
{
    private const int Gap = 4;

    private static readonly int _titleHeight = Grid.TextHeight(Grid.TitleFont) + Gap;

    /// <summary>Pixels per row of the sheet.</summary>
    public long Width => 2 * grid.Width;

    /// <summary>Rows of pixels of the sheet.</summary>
    public long Height => _titleHeight + grid.Height;

    /// <summary>Draws the sheet.</summary>
    /// <param name="canvas">Of the sheet's background, at least as large as the sheet.</param>
    /// <param name="uncached">Gives the pictures of the left grid by number.</param>
    /// <param name="cached">Gives the pictures of the right grid by number.</param>
    public void Draw(SKCanvas canvas, Func<int, RgbImage> uncached, Func<int, RgbImage> cached)
    {
        DrawHalf(canvas, uncached, "uncached", 0);
        DrawHalf(canvas, cached, "cached", grid.Width);
    }

    private void DrawHalf(SKCanvas canvas, Func<int, RgbImage> pictures, string title, long left)
    {
        Grid.Write(canvas, title, left + grid.Place(0).Left, Gap, SKTextAlign.Left, Grid.TitleFont);
        canvas.Save();
        canvas.Translate(left, _titleHeight);
        grid.Draw(canvas, pictures);
        canvas.Restore();
    }
}
