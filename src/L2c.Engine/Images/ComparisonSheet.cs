namespace L2c;

/// <summary>Two grids of the same layout side by side, with a title over each: uncached left, cached right.</summary>
/// <param name="grid">The layout.</param>
public sealed class ComparisonSheet(Grid grid)
{
    private const int Gap = 4;
    private const byte Background = 24;
    private const byte Ink = 232;
    private const string LeftTitle = "uncached";
    private const string RightTitle = "cached";

    private int Scale => grid.Place(0).Left + BitmapFont.Width(LeftTitle.Length, 2) <= grid.Width ? 2 : 1;

    /// <summary>Pixels per row of the sheet.</summary>
    public long Width => 2 * grid.Width;

    /// <summary>Rows above the grids, for their titles.</summary>
    public int TitleHeight => Gap + (BitmapFont.GlyphHeight * Scale);

    /// <summary>Rows of pixels of the sheet.</summary>
    public long Height => TitleHeight + grid.Height;

    /// <summary>Whether the sheet is small enough to be drawn: fewer than 2^31 bytes.</summary>
    public bool IsDrawable => 3 * Width * Height <= Array.MaxLength;

    /// <summary>Draws the sheet.</summary>
    /// <param name="uncached">Gives the pictures of the left grid by number.</param>
    /// <param name="cached">Gives the pictures of the right grid by number.</param>
    public RgbImage Draw(Func<int, RgbImage> uncached, Func<int, RgbImage> cached)
    {
        RgbImage sheet = new(checked((int)Width), checked((int)Height));
        sheet.Fill(Background);
        DrawHalf(sheet, uncached, LeftTitle, 0);
        DrawHalf(sheet, cached, RightTitle, checked((int)grid.Width));
        return sheet;
    }

    private void DrawHalf(RgbImage sheet, Func<int, RgbImage> pictures, string title, int left)
    {
        sheet.Write(title, left + grid.Place(0).Left, Gap, Scale, Ink);
        sheet.Draw(grid.Draw(pictures), left, TitleHeight, factor: 1);
    }
}
