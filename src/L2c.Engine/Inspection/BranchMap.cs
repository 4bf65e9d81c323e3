using ScottPlot;
using ScottPlot.TickGenerators;
using SkiaSharp;
using static System.FormattableString;

namespace L2c;

/// <summary>A table of coloured cells, evaluations downwards and branches across, with its title, its axes and, to its right, a legend.</summary>
internal sealed class BranchMap : IDisposable
{
    // Narrower cells leave no room for a line between them.
    private const int MinCellWithGap = 5;
    private const int Gap = 8, Swatch = 13, LegendLine = 21;

    private static readonly SKFont _font = PictureFont.OfSize(12);

    private readonly Plot _plot = new();
    private readonly int _cell, _rows, _columns;
    private readonly Func<int, int, Color> _colour;
    private readonly Func<int, int, bool> _dotted;
    private readonly PixelPadding _around;
    private readonly (string Name, Color Colour)[] _legend;
    private readonly int _plotWidth;

    /// <summary>Lays the table out.</summary>
    /// <param name="cell">Side of a cell in pixels.</param>
    /// <param name="evaluations">Numbers of the rows.</param>
    /// <param name="branches">Columns, two per block.</param>
    /// <param name="colour">Of a cell by row and column.</param>
    /// <param name="dotted">Whether a cell has a dot.</param>
    /// <param name="title">A line above, or none.</param>
    /// <param name="axes">Titles of the axes, or none.</param>
    /// <param name="legend">What colours mean, or nothing.</param>
    public BranchMap(
        int cell,
        IReadOnlyList<int> evaluations,
        int branches,
        Func<int, int, Color> colour,
        Func<int, int, bool> dotted,
        string title,
        (string Down, string Across)? axes = null,
        IEnumerable<(string Name, Color Colour)>? legend = null)
    {
        (_cell, _rows, _columns, _colour, _dotted) = (cell, evaluations.Count, branches, colour, dotted);
        _plot.PlottableList.Add(new Cells(this));
        _plot.Axes.SetLimits(0, branches, evaluations.Count, 0);
        _plot.HideGrid();
        _plot.Axes.Frame(false);
        _plot.Axes.Left.TickGenerator = Ticks(evaluations.Count, 1, cell, 18, row => evaluations[row]);
        _plot.Axes.Bottom.TickGenerator = Ticks(branches / 2, 2, 2 * cell, 8 + (9 * Invariant($"{branches / 2}").Length), block => block);
        foreach (IAxis axis in _plot.Axes.GetAxes())
        {
            axis.MajorTickStyle.Length = 0;
        }

        _plot.Title(title);
        (_plot.Axes.Left.Label.Text, _plot.Axes.Bottom.Label.Text) = axes ?? ("", "");
        _legend = [.. legend ?? []];
        _plot.HideLegend();
        _plot.RenderManager.ClearCanvasBeforeEachRender = false;
        PictureFont.Apply(_plot);
        _around = Measure();
        _plot.Layout.Fixed(_around);
        _plotWidth = (int)_around.Horizontal + (branches * cell);
        Width = _plotWidth + (_legend.Length == 0 ? 0 : (int)_legend.Max(entry => _font.MeasureText(entry.Name)) + (2 * LegendLine));
        Height = Math.Max((int)_around.Vertical + (evaluations.Count * cell), (int)_around.Top + (_legend.Length * LegendLine) + Gap);
    }

    /// <summary>Pixels of the table with all that is around it.</summary>
    public int Width { get; }

    /// <summary>Pixels of the table with all that is around it.</summary>
    public int Height { get; }

    /// <summary>Draws the table.</summary>
    /// <param name="canvas">Where to.</param>
    /// <param name="left">Left edge of all that is around it.</param>
    /// <param name="top">Upper edge.</param>
    public void Draw(SKCanvas canvas, int left, int top)
    {
        _plot.Render(canvas, new PixelRect(left, left + _plotWidth, top + (int)_around.Vertical + (_rows * _cell), top));
        using SKPaint paint = new() { IsAntialias = true };
        for (int i = 0; i < _legend.Length; i++)
        {
            float x = left + _plotWidth + Gap, y = top + _around.Top + (i * LegendLine);
            paint.Color = _legend[i].Colour.ToSKColor();
            canvas.DrawRect(x, y, Swatch, Swatch, paint);
            paint.Color = SKColors.Black;
            canvas.DrawText(_legend[i].Name, x + LegendLine, y + Swatch - 2, _font, paint);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _plot.Dispose();

    /// <summary>Room that axes and title need around the cells, in whole pixels, so that cells have sharp edges.</summary>
    private PixelPadding Measure()
    {
        _plot.RenderInMemory();
        PixelPadding around = _plot.LastRender.Padding;
        using Paint paint = Paint.NewDisposablePaint();
        LabelStyle title = _plot.Axes.Title.Label;
        float beside = Math.Max(0, (title.Measure(title.Text, paint).Width - (_columns * _cell)) / 2) + Gap;
        return new PixelPadding(
            MathF.Ceiling(Math.Max(around.Left, beside)),
            MathF.Ceiling(Math.Max(around.Right, beside)),
            MathF.Ceiling(around.Bottom),
            MathF.Ceiling(around.Top));
    }

    /// <summary>Labels in the middle of rows or blocks, as many as have room.</summary>
    /// <param name="count">Rows or blocks.</param>
    /// <param name="span">Cells of each.</param>
    /// <param name="pixels">Their side.</param>
    /// <param name="room">Pixels that a label needs.</param>
    /// <param name="number">What is written at each.</param>
    private static NumericManual Ticks(int count, int span, int pixels, int room, Func<int, int> number)
    {
        NumericManual ticks = new();
        for (int i = 0; i < count; i += Step(pixels, room))
        {
            ticks.AddMajor((i + 0.5) * span, Invariant($"{number(i)}"));
        }

        return ticks;
    }

    /// <summary>The smallest of 1, 2, 5, 10, 20, ... that leaves a label its room.</summary>
    private static int Step(int pixels, int room)
    {
        int decade = 1;
        while (10 * decade * pixels < room)
        {
            decade *= 10;
        }

        return Array.Find([decade, 2 * decade, 5 * decade, 10 * decade], step => step * pixels >= room);
    }

    /// <summary>The cells, for the plot that has the axes.</summary>
    private sealed class Cells(BranchMap map) : IPlottable
    {
        public bool IsVisible { get; set; } = true;

        public IAxes Axes { get; set; } = new Axes();

        public IEnumerable<LegendItem> LegendItems => [];

        public AxisLimits GetAxisLimits() => new(0, map._columns, 0, map._rows);

        public void Render(RenderPack rp)
        {
            using SKPaint paint = new();
            int cell = map._cell, side = cell - (cell < MinCellWithGap ? 0 : 1);
            float dot = MathF.Max(1, side / 7f);
            for (int row = 0; row < map._rows; row++)
            {
                for (int column = 0; column < map._columns; column++)
                {
                    SKRect at = SKRect.Create(rp.DataRect.Left + (column * cell), rp.DataRect.Top + (row * cell), side, side);
                    (paint.Color, paint.IsAntialias) = (map._colour(row, column).ToSKColor(), false);
                    rp.Canvas.DrawRect(at, paint);
                    if (map._dotted(row, column))
                    {
                        (paint.Color, paint.IsAntialias) = (SKColors.Black.WithAlpha(160), true);
                        rp.Canvas.DrawCircle(at.MidX, at.MidY, dot, paint);
                    }
                }
            }
        }
    }
}
