using SkiaSharp;

namespace L2c;

/// <summary>
/// Where pictures and labels go: a row per class with its name on the left, or tiles with the name at each. Several panels show the same pictures
/// in several states, and have the labels once.
/// </summary>
/// <remarks>
/// Picture i is of class i mod K. With two to sixteen pictures of every one of not too many classes the rows are the classes, in the order given,
/// the columns the rounds, and panels stand side by side; otherwise there are tiles in reading order, and panels are rows below each other.
/// </remarks>
internal sealed class Grid
{
    private const int Gap = 4, LabelGap = 12, PanelGap = 28, RowGap = 14;
    private const int MinCell = 96, MinPanelCell = 64, MaxCell = 256, WidthAimedAt = 1000, PanelWidthAimedAt = 1700;
    private const int MaxRounds = 16, MaxClassRows = 40;
    private const int MaxLabel = 180;

    private static readonly SKFont _large = PictureFont.OfSize(15), _small = PictureFont.OfSize(11);

    private readonly IReadOnlyList<string> _panels;
    private readonly string[] _labels;
    private readonly int _count, _left, _top, _labelHeight;
    private readonly SKFont _font;

    /// <summary>Lays the pictures out, from the upper left corner of the first label or picture.</summary>
    /// <param name="labels">One label per class, K of them.</param>
    /// <param name="count">Number of pictures, at least 1.</param>
    /// <param name="size">Side of the square pictures.</param>
    /// <param name="panels">Names of the panels; none for one without a name.</param>
    public Grid(IReadOnlyList<string> labels, int count, int size, params IReadOnlyList<string> panels)
    {
        (_count, _panels) = (count, panels);
        int rounds = (count + labels.Count - 1) / labels.Count;
        bool isSmall = rounds <= MaxRounds && labels.Count <= MaxClassRows;
        ByClass = isSmall && (rounds > 1 || (count == 1 && HasPanels));
        int aim = HasPanels ? PanelWidthAimedAt : WidthAimedAt, least = HasPanels ? MinPanelCell : MinCell;
        int leastFactor = Math.Max(1, (least + size - 1) / size);
        Columns = ByClass ? rounds : TileColumns(HasPanels ? aim / ((leastFactor * size) + Gap) : Math.Max(4, (int)Math.Ceiling(Math.Sqrt(count))));
        Rows = ByClass ? Math.Min(count, labels.Count) : (count + Columns - 1) / Columns;
        int across = ByClass ? Columns * Panels : Columns;
        Factor = Math.Max(leastFactor, Math.Min(MaxCell / size, aim / (across * size)));
        Cell = Factor * size;
        _font = ByClass || labels.All(label => _large.MeasureText(label) <= Cell) ? _large : _small;
        _labels = [.. labels.Select(label => PictureText.Shorten(label, _font, ByClass ? MaxLabel : Cell))];
        _labelHeight = ByClass || labels.All(label => label.Length == 0) ? 0 : PictureText.Height(_font) + 2;
        IEnumerable<string> beside = ByClass ? _labels.Take(count) : panels;
        float widest = beside.Select(text => _large.MeasureText(text)).DefaultIfEmpty(0).Max();
        _left = widest > 0 ? (int)MathF.Ceiling(widest) + LabelGap : 0;
        _top = ByClass && HasPanels ? PictureText.Height(_large) + 6 : 0;
    }

    /// <summary>Whether the rows are the classes.</summary>
    public bool ByClass { get; }

    /// <summary>Pictures side by side in a panel.</summary>
    public int Columns { get; }

    /// <summary>Rows of pictures of a panel.</summary>
    public int Rows { get; }

    /// <summary>Side of the square that stands for one pixel of a picture.</summary>
    public int Factor { get; }

    /// <summary>Side of a picture on the sheet.</summary>
    public int Cell { get; }

    /// <summary>Pixels from the left of the labels to the right of the last picture.</summary>
    public long Width => _left + (ByClass ? ((long)Panels * (PanelWidth + PanelGap)) - PanelGap : PanelWidth);

    /// <summary>Pixels from the top to the lower edge of the last picture or label.</summary>
    public long Height => _top + ((long)Rows * RowHeight) - RowSpace;

    private bool HasPanels => _panels.Count > 0;

    private int Panels => Math.Max(1, _panels.Count);

    private long PanelWidth => ((long)Columns * (Cell + Gap)) - Gap;

    private int RowSpace => ByClass ? Gap : RowGap;

    private int RowHeight => ByClass ? Cell + RowSpace : _labelHeight + (Panels * (Cell + Gap)) - Gap + RowSpace;

    // Tiles of one panel have their labels below them, those of several above the first.
    private bool LabelsAbove => !ByClass && HasPanels;

    /// <summary>Upper left corner of a picture.</summary>
    /// <param name="picture">0 .. count - 1.</param>
    /// <param name="panel">Number of the panel.</param>
    public (int Left, int Top) Place(int picture, int panel = 0)
    {
        if (ByClass)
        {
            (int round, int row) = (picture / _labels.Length, picture % _labels.Length);
            return (_left + (int)(panel * (PanelWidth + PanelGap)) + (round * (Cell + Gap)), _top + (row * RowHeight));
        }

        int top = (picture / Columns * RowHeight) + (LabelsAbove ? _labelHeight : 0) + (panel * (Cell + Gap));
        return (_left + (picture % Columns * (Cell + Gap)), top);
    }

    /// <summary>Draws pictures and labels.</summary>
    /// <param name="canvas">Where to.</param>
    /// <param name="picture">Gives the pictures of a panel by panel and number.</param>
    /// <param name="ink">Colour of the labels.</param>
    public void Draw(SKCanvas canvas, Func<int, int, RgbImage> picture, SKColor ink)
    {
        for (int panel = 0; panel < Panels; panel++)
        {
            for (int i = 0; i < _count; i++)
            {
                (int left, int top) = Place(i, panel);
                using SKBitmap bitmap = picture(panel, i).ToBitmap();
                using SKImage image = SKImage.FromBitmap(bitmap);
                canvas.DrawImage(image, SKRect.Create(left, top, Cell, Cell), new SKSamplingOptions(SKFilterMode.Nearest));
            }
        }

        foreach ((string text, SKRect box, SKTextAlign align, SKFont font) in Texts())
        {
            float x = align switch { SKTextAlign.Left => box.Left, SKTextAlign.Right => box.Right, _ => box.MidX };
            PictureText.Write(canvas, text, x, box.Top, align, font, ink);
        }
    }

    /// <summary>What is written, and the room that each text has.</summary>
    internal IEnumerable<(string Text, SKRect Box, SKTextAlign Align, SKFont Font)> Texts()
    {
        int lineHeight = PictureText.Height(_font), largeHeight = PictureText.Height(_large);
        for (int i = 0; i < (ByClass ? Math.Min(_count, _labels.Length) : _count); i++)
        {
            (int left, int top) = Place(i);
            float y = ByClass ? top + ((Cell - lineHeight) / 2f) : LabelsAbove ? top - _labelHeight : top + Cell + 2;
            SKRect box = ByClass ? SKRect.Create(0, y, _left - LabelGap, lineHeight) : SKRect.Create(left, y, Cell, lineHeight);
            yield return (_labels[i % _labels.Length], box, ByClass ? SKTextAlign.Right : SKTextAlign.Center, _font);
        }

        for (int panel = 0; panel < _panels.Count; panel++)
        {
            for (int row = 0; row < (ByClass ? 1 : Rows); row++)
            {
                (int left, int top) = Place(ByClass ? 0 : row * Columns, panel);
                yield return ByClass
                    ? (_panels[panel], SKRect.Create(left, 0, PanelWidth, largeHeight), SKTextAlign.Left, _large)
                    : (_panels[panel], SKRect.Create(0, top + ((Cell - largeHeight) / 2f), _left - LabelGap, largeHeight), SKTextAlign.Right, _large);
            }
        }
    }

    /// <summary>Columns of tiles, up to as many as there is room for, so that no row is much shorter than the others.</summary>
    private int TileColumns(int room)
    {
        int most = Math.Clamp(room, 1, _count), rows = (_count + most - 1) / most;
        return HasPanels ? (_count + rows - 1) / rows : most;
    }
}
