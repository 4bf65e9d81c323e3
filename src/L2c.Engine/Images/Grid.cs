namespace L2c;

/// <summary>Where pictures and labels go on one sheet: a row per class with its name on the left, or tiles with the name under each.</summary>
/// <remarks>
/// Picture i is of class i mod K. With two to sixteen pictures of every class the rows are the classes, in the order given, and the columns the
/// rounds; otherwise tiles in reading order.
/// </remarks>
public sealed class Grid
{
    private const int Gap = 4;
    private const int MinCell = 96;
    private const int MaxColumns = 16;
    private const int MaxLabel = 20;
    private const byte Background = 24;
    private const byte Ink = 232;

    private readonly string[] _labels;
    private readonly int _count;
    private readonly int _margin;
    private readonly int _captionHeight;
    private readonly int _scale;

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
        int longest = Math.Min(MaxLabel, labels.Max(label => label.Length));
        _scale = ByClass || BitmapFont.Width(longest, 2) <= Cell ? 2 : 1;
        int room = ByClass ? MaxLabel : (Cell + 1) / BitmapFont.Advance / _scale;
        _labels = [.. labels.Select(label => Shorten(label, Math.Max(1, room)))];
        _margin = ByClass ? BitmapFont.Width(longest, _scale) + (2 * Gap) : Gap;
        _captionHeight = ByClass ? 0 : (BitmapFont.GlyphHeight * _scale) + Gap;
    }

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

    /// <summary>Whether the sheet is small enough to be drawn: fewer than 2^31 bytes.</summary>
    public bool IsDrawable => 3 * Width * Height <= Array.MaxLength;

    /// <summary>Upper left corner of a picture.</summary>
    public (int Left, int Top) Place(int picture)
    {
        (int column, int row) = ByClass ? (picture / _labels.Length, picture % _labels.Length) : (picture % Columns, picture / Columns);
        return (_margin + (column * (Cell + Gap)), Gap + (row * (Cell + _captionHeight + Gap)));
    }

    /// <summary>Draws the sheet.</summary>
    /// <param name="picture">Gives the pictures by number, 0 .. count - 1.</param>
    public RgbImage Draw(Func<int, RgbImage> picture)
    {
        RgbImage sheet = new(checked((int)Width), checked((int)Height));
        sheet.Fill(Background);
        int textHeight = BitmapFont.GlyphHeight * _scale;
        for (int i = 0; i < _count; i++)
        {
            (int left, int top) = Place(i);
            sheet.Draw(picture(i), left, top, Factor);
            string label = _labels[i % _labels.Length];
            if (!ByClass)
            {
                int width = BitmapFont.Width(label.Length, _scale);
                sheet.Write(label, left + (Math.Max(0, Cell - width) / 2), top + Cell + (Gap / 2), _scale, Ink);
            }
            else if (i < _labels.Length)
            {
                sheet.Write(label, Gap, top + ((Cell - textHeight) / 2), _scale, Ink);
            }
        }

        return sheet;
    }

    private static string Shorten(string label, int room) => label.Length <= room ? label : room <= 2 ? label[..room] : $"{label[..(room - 2)]}..";
}
