using SkiaSharp;

namespace L2c;

/// <summary>Where pictures and labels go on one sheet: a row per class with its name on the left, or tiles with the name under each.</summary>
/// <remarks>
/// Picture i is of class i mod K. With two to sixteen pictures of every class the rows are the classes, in the order given, and the columns the
/// rounds; otherwise tiles in reading order.
/// </remarks>
internal sealed class Grid
{
    private const int Gap = 4;
    private const int MinCell = 96;
    private const int MaxColumns = 16;
    private const int MaxLabel = 180;

    private static readonly SKFont _large = PictureFont.OfSize(15), _small = PictureFont.OfSize(11);

    private readonly string[] _labels;
    private readonly int _count;
    private readonly int _margin;
    private readonly int _captionHeight;
    private readonly SKFont _font;

    /// <summary>Lays the sheet out.</summary>
    /// <param name="labels">One label per class, K of them.</param>
    /// <param name="count">Number of pictures, at least 1.</param>
    /// <param name="size">Side of the square pictures.</param>
    public Grid(IReadOnlyList<string> labels, int count, int size)
    {
        _count = count;
        Factor = Math.Max(1, MinCell / size);
        Cell = Factor * size;
        int rounds = (count + labels.Count - 1) / labels.Count;
        ByClass = rounds is > 1 and <= MaxColumns;
        Columns = ByClass ? rounds : Math.Min(count, Math.Max(4, (int)Math.Ceiling(Math.Sqrt(count))));
        Rows = ByClass ? labels.Count : (count + Columns - 1) / Columns;
        _font = ByClass || labels.All(label => _large.MeasureText(label) <= Cell) ? _large : _small;
        _labels = [.. labels.Select(label => Shorten(label, ByClass ? MaxLabel : Cell))];
        _margin = ByClass ? (int)MathF.Ceiling(_labels.Max(label => _font.MeasureText(label))) + (3 * Gap) : Gap;
        _captionHeight = ByClass ? 0 : TextHeight(_font) + Gap;
    }

    /// <summary>The colour of sheets, which makes no picture look brighter than it is.</summary>
    public static SKColor Background { get; } = new(24, 24, 24);

    /// <summary>The font of titles.</summary>
    public static SKFont TitleFont => _large;

    /// <summary>Whether the rows are the classes.</summary>
    public bool ByClass { get; }

    /// <summary>Pictures side by side.</summary>
    public int Columns { get; }

    /// <summary>Rows of pictures.</summary>
    public int Rows { get; }

    /// <summary>Side of the square that stands for one pixel of a picture: small pictures are enlarged to about 96 pixels.</summary>
    public int Factor { get; }

    /// <summary>Side of a picture on the sheet.</summary>
    public int Cell { get; }

    /// <summary>Pixels per row of the sheet.</summary>
    public long Width => _margin + ((long)Columns * (Cell + Gap));

    /// <summary>Rows of pixels of the sheet.</summary>
    public long Height => Gap + ((long)Rows * (Cell + _captionHeight + Gap));

    /// <summary>Whether a sheet is small enough to be drawn: fewer than 2^31 bytes.</summary>
    public static bool IsDrawable(long width, long height) => 4 * width * height <= Array.MaxLength;

    /// <summary>Height of a line of text.</summary>
    public static int TextHeight(SKFont font) => (int)MathF.Ceiling(font.Metrics.Descent - font.Metrics.Ascent);

    /// <summary>Upper left corner of a picture.</summary>
    public (int Left, int Top) Place(int picture)
    {
        (int column, int row) = ByClass ? (picture / _labels.Length, picture % _labels.Length) : (picture % Columns, picture / Columns);
        return (_margin + (column * (Cell + Gap)), Gap + (row * (Cell + _captionHeight + Gap)));
    }

    /// <summary>Draws the pictures and labels.</summary>
    /// <param name="canvas">Of the sheet's background, at least as large as the sheet.</param>
    /// <param name="picture">Gives the pictures by number, 0 .. count - 1.</param>
    public void Draw(SKCanvas canvas, Func<int, RgbImage> picture)
    {
        for (int i = 0; i < _count; i++)
        {
            (int left, int top) = Place(i);
            using (SKBitmap bitmap = picture(i).ToBitmap())
            using (SKImage image = SKImage.FromBitmap(bitmap))
            {
                canvas.DrawImage(image, SKRect.Create(left, top, Cell, Cell), new SKSamplingOptions(SKFilterMode.Nearest));
            }

            string label = _labels[i % _labels.Length];
            if (!ByClass)
            {
                Write(canvas, label, left + (Cell / 2f), top + Cell + (Gap / 2f), SKTextAlign.Center, _font);
            }
            else if (i < _labels.Length)
            {
                Write(canvas, label, _margin - (2 * Gap), top + ((Cell - TextHeight(_font)) / 2f), SKTextAlign.Right, _font);
            }
        }
    }

    /// <summary>Writes a line of text.</summary>
    /// <param name="canvas">Where to.</param>
    /// <param name="text">The text.</param>
    /// <param name="x">What it is aligned to.</param>
    /// <param name="top">Upper edge of the line.</param>
    /// <param name="align">Which end of the text is at <paramref name="x"/>.</param>
    /// <param name="font">Its font.</param>
    public static void Write(SKCanvas canvas, string text, float x, float top, SKTextAlign align, SKFont font)
    {
        using SKPaint ink = new() { Color = new SKColor(232, 232, 232), IsAntialias = true };
        canvas.DrawText(text, x, MathF.Round(top - font.Metrics.Ascent), align, font, ink);
    }

    private string Shorten(string label, float room)
    {
        if (_font.MeasureText(label) <= room)
        {
            return label;
        }

        int fit = _font.BreakText(label, room - _font.MeasureText("…"));
        return $"{label[..Math.Max(fit, 1)]}…";
    }
}
