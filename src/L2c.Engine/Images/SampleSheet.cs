using SkiaSharp;

namespace L2c;

/// <summary>A sheet of pictures: what they are, figures about them, and the pictures, within even margins.</summary>
/// <param name="grid">Where the pictures go.</param>
internal sealed class SampleSheet(Grid grid)
{
    private const int Margin = 24, MinWidth = 420, FigureGap = 36;

    // The scale of a difference: an image of that many steps.
    private const int ScaleSteps = 128, ScaleHeight = 14;

    // Room for text above the pictures, which is not known before the pictures are.
    private const int MostTextHeight = 400;

    private static readonly SKFont _figureFont = PictureFont.OfSize(22), _nameFont = PictureFont.OfSize(12);
    private static readonly SKColor _ink = new(0xF0, 0xF1, 0xF3), _faint = new(0xA4, 0xAC, 0xB6);

    /// <summary>The colour of sheets, which makes no picture look brighter than it is.</summary>
    public static SKColor Background { get; } = new(0x18, 0x19, 0x1C);

    /// <summary>Above the pictures, large.</summary>
    public string Title { get; init; } = "";

    /// <summary>Under the title.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>Values that a reader looks for first, each with its name.</summary>
    public IReadOnlyList<(string Value, string Name)> Figures { get; init; } = [];

    /// <summary>What the colours of a panel of differences mean; null where there is none.</summary>
    public PictureDifference? Difference { get; init; }

    /// <summary>Whether a sheet is small enough to be drawn, whatever is written on it: fewer than 2^31 bytes.</summary>
    public bool IsDrawable => sizeof(int) * Pixels <= Array.MaxLength;

    /// <summary>Pixels of a sheet, whatever is written on it, at most.</summary>
    public long Pixels => (Math.Max(grid.Width, MinWidth) + (2 * Margin)) * (grid.Height + MostTextHeight);

    private int InnerWidth => (int)Math.Max(grid.Width, MinWidth);

    /// <summary>The sheet as a picture.</summary>
    /// <param name="description">See <see cref="Picture.Description"/>.</param>
    /// <param name="picture">Gives the pictures by panel and number.</param>
    public Picture Draw(string description, Func<int, int, RgbImage> picture)
    {
        (IReadOnlyList<SheetText> texts, int top) = Head();
        int gridLeft = Margin + ((InnerWidth - (int)grid.Width) / 2), gridBottom = top + (int)grid.Height;
        int height = gridBottom + Margin + (Difference is null ? 0 : ScaleHeight + Margin);
        return new Picture(InnerWidth + (2 * Margin), height, description, canvas =>
        {
            foreach (SheetText text in texts)
            {
                PictureText.Write(canvas, text.Text, text.Left, text.Top, SKTextAlign.Left, text.Font, text.Colour);
            }

            canvas.Save();
            canvas.Translate(gridLeft, top);
            grid.Draw(canvas, picture, _ink);
            canvas.Restore();
            if (Difference is { } difference)
            {
                DrawScale(canvas, difference, gridBottom + Margin);
            }
        })
        { Background = Background };
    }

    /// <summary>What is written above the pictures, and where they begin.</summary>
    internal (IReadOnlyList<SheetText> Texts, int Bottom) Head()
    {
        List<SheetText> texts = [];
        int top = Margin;
        AddLines(PictureText.Wrap(Title, PictureText.Title, InnerWidth), PictureText.Title, _ink, 4);
        AddLines([.. Lines.SelectMany(line => PictureText.Wrap(line, PictureText.Body, InnerWidth))], PictureText.Body, _faint, 3);
        AddFigures();
        return (texts, top > Margin ? top + 12 : top);

        void AddLines(IReadOnlyList<string> lines, SKFont font, SKColor colour, int space)
        {
            foreach (string line in lines)
            {
                texts.Add(new SheetText(line, Margin, top, font, colour));
                top += PictureText.Height(font) + space;
            }
        }

        void AddFigures()
        {
            int valueHeight = PictureText.Height(_figureFont), lineHeight = valueHeight + PictureText.Height(_nameFont) + 6;
            float left = Margin;
            top += Figures.Count > 0 ? 8 : 0;
            foreach ((string value, string name) in Figures)
            {
                float width = MathF.Ceiling(Math.Max(_figureFont.MeasureText(value), _nameFont.MeasureText(name)));
                if (left > Margin && left + width > Margin + InnerWidth)
                {
                    (left, top) = (Margin, top + lineHeight);
                }

                texts.Add(new SheetText(value, left, top, _figureFont, _ink));
                texts.Add(new SheetText(name, left, top + valueHeight, _nameFont, _faint));
                left += width + FigureGap;
            }

            top += Figures.Count > 0 ? lineHeight : 0;
        }
    }

    private static void DrawScale(SKCanvas canvas, PictureDifference difference, int top)
    {
        const string name = "difference: 0";
        float left = Margin + MathF.Ceiling(PictureText.Body.MeasureText(name)) + 8;
        PictureText.Write(canvas, name, Margin, top - 1, SKTextAlign.Left, PictureText.Body, _faint);
        using SKPaint paint = new();
        for (int i = 0; i < ScaleSteps; i++)
        {
            paint.Color = PictureDifference.Colour(i / (ScaleSteps - 1.0));
            canvas.DrawRect(left + i, top, 1, ScaleHeight, paint);
        }

        string end = $"{difference.Scale}{(difference.Greatest > difference.Scale ? " or more" : "")} ({PictureDifference.Levels} is the most possible)";
        string most = difference.Greatest == 0 ? "; nothing differs" : $"; largest difference {difference.Greatest}";
        PictureText.Write(canvas, end + most, left + ScaleSteps + 8, top - 1, SKTextAlign.Left, PictureText.Body, _faint);
    }
}

/// <summary>A line on a sheet.</summary>
/// <param name="Text">The line.</param>
/// <param name="Left">Its left edge.</param>
/// <param name="Top">Its upper edge.</param>
/// <param name="Font">Its font.</param>
/// <param name="Colour">Its colour.</param>
internal sealed record SheetText(string Text, float Left, float Top, SKFont Font, SKColor Colour);
