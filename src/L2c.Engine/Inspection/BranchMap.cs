using SkiaSharp;
using static System.FormattableString;

namespace L2c;

/// <summary>A table of coloured cells: evaluations downwards, blocks across, once for the attention and once for the MLP.</summary>
internal sealed class BranchMap
{
    private const int Kinds = 2;
    private const int ThinHeight = 4;
    private const int BarWidth = 90, BarHeight = 32;
    private const int LabelGap = 6, PanelGap = 18, SideGap = 14;

    // Smaller cells have no line between them, and no room for a mark.
    private const int MinWithGap = 4, MinWithMark = 6;

    private static readonly string[] _kinds = ["attention", "MLP"];
    private static readonly SKColor _barRoom = new(0xEC, 0xEE, 0xF1);

    private readonly IReadOnlyList<MapRow> _rows;
    private readonly IReadOnlyList<string> _sideTitles;
    private readonly int _blocks, _cell;
    private readonly int[] _tops;
    private readonly float _labelWidth, _panelWidth;
    private readonly float[] _sideWidths;
    private readonly int _headHeight, _numbersHeight;

    /// <summary>Lays the table out.</summary>
    /// <param name="rows">From the top.</param>
    /// <param name="blocks">Columns of each half.</param>
    /// <param name="cell">Width of a cell in pixels.</param>
    /// <param name="rowHeight">Height of a row that is not thin.</param>
    /// <param name="sideTitles">What stands above the columns at the side.</param>
    public BranchMap(IReadOnlyList<MapRow> rows, int blocks, int cell, int rowHeight, params IReadOnlyList<string> sideTitles)
    {
        (_rows, _blocks, _cell, _sideTitles) = (rows, blocks, cell, sideTitles);
        LabelFont = PictureFont.OfSize(Math.Clamp(rowHeight - 2, 9, 12));
        _headHeight = PictureText.Height(PictureText.Body) + 4;
        _numbersHeight = PictureText.Height(PictureText.Small) + 2;
        _tops = new int[rows.Count + 1];
        for (int row = 0; row < rows.Count; row++)
        {
            _tops[row + 1] = _tops[row] + (rows[row].IsThin ? ThinHeight : rowHeight);
        }

        _labelWidth = MathF.Ceiling(rows.Where(row => !row.IsThin).Select(row => LabelFont.MeasureText(row.Label)).DefaultIfEmpty(0).Max());
        _panelWidth = Math.Max(blocks * cell, MathF.Ceiling(_kinds.Max(kind => PictureText.Body.MeasureText(kind))));
        _sideWidths = [.. Enumerable.Range(0, rows.Max(row => row.Side.Count)).Select(SideWidth)];
    }

    /// <summary>Bars under the blocks, by branch, 0 to 1; null for none.</summary>
    public IReadOnlyList<double>? BranchShares { get; init; }

    /// <summary>What the bars say.</summary>
    public string ShareTitle { get; init; } = "";

    /// <summary>Colour of all bars.</summary>
    public SKColor BarColour { get; init; } = PictureText.Faint;

    /// <summary>The font of labels and sides, no higher than a row where it can be read.</summary>
    public SKFont LabelFont { get; }

    /// <summary>Pixels of the table with all that is around it.</summary>
    public int Width => (int)MathF.Ceiling(Math.Max(
        SideLeft(_sideWidths.Length) - (_sideWidths.Length > 0 ? SideGap : PanelGap),
        BranchShares is null ? 0 : PanelLeft(0) + PictureText.Small.MeasureText(ShareTitle)));

    /// <summary>Pixels of the table with all that is around it.</summary>
    public int Height => _headHeight + _tops[^1] + _numbersHeight
        + (BranchShares is null ? 0 : BarHeight + PictureText.Height(PictureText.Small) + 10);

    private bool HasBars => _rows.Any(row => row.Share is not null);

    /// <summary>Where a cell is, from the table's upper left corner.</summary>
    public SKRect Place(int row, int branch)
    {
        int gap = _cell >= MinWithGap ? 1 : 0, height = _tops[row + 1] - _tops[row];
        return SKRect.Create(
            PanelLeft(branch % Kinds) + (branch / Kinds * _cell), _headHeight + _tops[row], _cell - gap, height >= MinWithGap ? height - 1 : height);
    }

    /// <summary>Draws the table.</summary>
    /// <param name="canvas">Where to.</param>
    /// <param name="left">Left edge of all that is around it.</param>
    /// <param name="top">Upper edge.</param>
    public void Draw(SKCanvas canvas, float left, float top)
    {
        canvas.Save();
        canvas.Translate(left, top);
        DrawCells(canvas);
        DrawLabels(canvas);
        DrawSides(canvas);
        for (int kind = 0; kind < Kinds; kind++)
        {
            PictureText.Write(canvas, _kinds[kind], PanelLeft(kind), 0, SKTextAlign.Left, PictureText.Body, PictureText.Ink);
            DrawNumbers(canvas, kind);
        }

        if (BranchShares is { } shares)
        {
            DrawShares(canvas, shares);
        }

        canvas.Restore();
    }

    /// <summary>Draws a cell as the table does.</summary>
    public static void DrawCell(SKCanvas canvas, SKRect at, MapCell cell, SKPaint paint)
    {
        (paint.Color, paint.IsAntialias, paint.Style) = (cell.Fill, false, SKPaintStyle.Fill);
        canvas.DrawRect(at, paint);
        if (cell.Mark == CellMark.None || at.Width < MinWithMark || at.Height < MinWithMark)
        {
            return;
        }

        (paint.Color, paint.IsAntialias, paint.Style, paint.StrokeWidth) = (PictureText.Ink, true, SKPaintStyle.Stroke, 1.4f);
        float inset = at.Height / 4, half = (at.Height / 2) - inset;
        float rise = cell.Mark == CellMark.Dash ? 0 : (at.Height / 2) - inset;
        canvas.DrawLine(at.MidX - half, at.MidY + rise, at.MidX + half, at.MidY - rise, paint);
        if (cell.Mark == CellMark.Cross)
        {
            canvas.DrawLine(at.MidX - half, at.Top + inset, at.MidX + half, at.Bottom - inset, paint);
        }
    }

    private float PanelLeft(int kind) => _labelWidth + LabelGap + (kind * (_panelWidth + PanelGap));

    private float SideLeft(int column) =>
        PanelLeft(Kinds) + (HasBars ? BarWidth + 8 : 0) + _sideWidths.Take(column).Sum(width => width + SideGap);

    private float SideWidth(int column)
    {
        float title = column < _sideTitles.Count ? PictureText.Small.MeasureText(_sideTitles[column]) : 0;
        return MathF.Ceiling(_rows.Where(row => column < row.Side.Count).Select(row => LabelFont.MeasureText(row.Side[column])).Append(title).Max());
    }

    private void DrawCells(SKCanvas canvas)
    {
        using SKPaint paint = new();
        for (int row = 0; row < _rows.Count; row++)
        {
            for (int branch = 0; branch < Kinds * _blocks; branch++)
            {
                DrawCell(canvas, Place(row, branch), _rows[row].Cell(branch), paint);
            }
        }
    }

    private void DrawLabels(SKCanvas canvas)
    {
        int height = PictureText.Height(LabelFont);
        float free = 0;
        foreach ((int row, float top) in LabelledRows(height))
        {
            if (top >= free)
            {
                PictureText.Write(canvas, _rows[row].Label, _labelWidth, top, SKTextAlign.Right, LabelFont, PictureText.Ink);
                free = top + LabelFont.Size;
            }
        }
    }

    private IEnumerable<(int Row, float Top)> LabelledRows(int textHeight) => Enumerable.Range(0, _rows.Count)
        .Where(row => !_rows[row].IsThin)
        .Select(row => (row, _headHeight + ((_tops[row] + _tops[row + 1] - 1 - textHeight) / 2f)));

    private void DrawSides(SKCanvas canvas)
    {
        int height = PictureText.Height(LabelFont);
        float free = 0;
        using SKPaint paint = new();
        foreach ((int row, float top) in LabelledRows(height))
        {
            if (_rows[row].Share is { } share)
            {
                SKRect room = Place(row, 0) with { Left = PanelLeft(Kinds), Right = PanelLeft(Kinds) + BarWidth };
                paint.Color = _barRoom;
                canvas.DrawRect(room, paint);
                paint.Color = BarColour;
                canvas.DrawRect(room with { Right = room.Left + (float)(share * BarWidth) }, paint);
            }

            if (top < free)
            {
                continue;
            }

            for (int column = 0; column < _rows[row].Side.Count; column++)
            {
                float right = SideLeft(column) + _sideWidths[column];
                PictureText.Write(canvas, _rows[row].Side[column], right, top, SKTextAlign.Right, LabelFont, PictureText.Ink);
            }

            free = top + LabelFont.Size;
        }

        for (int column = 0; column < _sideTitles.Count && column < _sideWidths.Length; column++)
        {
            float right = SideLeft(column) + _sideWidths[column];
            PictureText.Write(canvas, _sideTitles[column], right, 3, SKTextAlign.Right, PictureText.Small, PictureText.Faint);
        }
    }

    /// <summary>Numbers under the blocks, as many as have room.</summary>
    private void DrawNumbers(SKCanvas canvas, int kind)
    {
        float room = PictureText.Small.MeasureText(Invariant($"{_blocks - 1}")) + 4;
        int step = Step(_cell, room);
        for (int block = 0; block < _blocks; block += step)
        {
            SKRect cell = Place(0, (Kinds * block) + kind);
            PictureText.Write(
                canvas, Invariant($"{block}"), cell.MidX, _headHeight + _tops[^1], SKTextAlign.Center, PictureText.Small, PictureText.Faint);
        }
    }

    private void DrawShares(SKCanvas canvas, IReadOnlyList<double> shares)
    {
        float top = _headHeight + _tops[^1] + _numbersHeight + 4;
        using SKPaint paint = new();
        for (int branch = 0; branch < shares.Count; branch++)
        {
            SKRect room = Place(0, branch) with { Top = top, Bottom = top + BarHeight };
            paint.Color = _barRoom;
            canvas.DrawRect(room, paint);
            paint.Color = BarColour;
            canvas.DrawRect(room with { Top = room.Bottom - (float)(shares[branch] * BarHeight) }, paint);
        }

        PictureText.Write(canvas, ShareTitle, PanelLeft(0), top + BarHeight + 4, SKTextAlign.Left, PictureText.Small, PictureText.Faint);
    }

    /// <summary>The smallest of 1, 2, 5, 10, 20, ... that leaves a label its room.</summary>
    private static int Step(int pixels, float room)
    {
        int decade = 1;
        while (10 * decade * pixels < room)
        {
            decade *= 10;
        }

        return Array.Find([decade, 2 * decade, 5 * decade, 10 * decade], step => step * pixels >= room);
    }
}
