using System.Text.Json;
using L2c.Model.Caching;
using L2c.Weights;
using L2c.Weights.Layouts;
using ScottPlot;
using ScottPlot.Plottables;
using SkiaSharp;
using static System.FormattableString;

namespace L2c;

/// <summary>A router at one moment of its training.</summary>
/// <param name="Step">Optimisation steps done.</param>
/// <param name="Logits">[evaluations, branches], row-major.</param>
internal sealed record RouterSnapshot(long Step, float[] Logits);

/// <summary>A router over its training as a picture: the share of the branches that it reuses as a curve, and a heat map per snapshot.</summary>
/// <remarks>
/// Blue is computed, the deeper the higher the score; amber is reused, the deeper the lower. At the threshold the colour changes at once, so that
/// what is reused can be told. Rows that no evaluation reads, which training leaves at their first random values, are not drawn.
/// </remarks>
internal sealed class EvolutionPlot
{
    private const int MaxMaps = 12, MaxColumns = 4;
    private const int WidthAimedAt = 1400, Margin = 24, Gap = 26;
    private const int MinCell = 3, MaxCell = 14, MinRow = 5, MaxRow = 14, MapAimedAt = 220;
    private const int CurveHeight = 230;

    // The scale of colours: an image of that many steps.
    private const int ScaleSteps = 80, ScaleStep = 3, ScaleHeight = 14;

    private static readonly Color _mostComputed = Color.FromHex("#1D4E89"), _leastComputed = Color.FromHex("#CBDCEE");
    private static readonly Color _leastReused = Color.FromHex("#FBDD9C"), _mostReused = Color.FromHex("#E89A00");

    private readonly IReadOnlyList<(int Evaluation, int Row)> _rows;
    private readonly int _branches;
    private readonly float _threshold;

    private EvolutionPlot(RouterShape shape, double threshold) =>
        (_rows, _branches, _threshold) = (RouterSchedule.RowsRead(shape), shape.Branches, (float)threshold);

    private int Cells => _rows.Count * _branches;

    /// <summary>Lays the picture out.</summary>
    /// <param name="title">One line above the maps.</param>
    /// <param name="shape">The router's size, and the kind of network, which fixes the rows that are read.</param>
    /// <param name="threshold">Scores above it mean computed.</param>
    /// <param name="snapshots">By increasing step, at least one; of more than twelve, evenly spaced ones with the first and the last have maps.</param>
    public static Picture Draw(string title, RouterShape shape, double threshold, IReadOnlyList<RouterSnapshot> snapshots)
    {
        ArgumentOutOfRangeException.ThrowIfZero(snapshots.Count);
        EvolutionPlot plot = new(shape, threshold);
        string description = JsonSerializer.Serialize(
            new { plot = "router evolution", shape.Evaluations, shape.Branches, threshold, lastStep = snapshots[^1].Step }, ReportJson.Options);
        return plot.Lay(FileText.Printable(title), snapshots, description);
    }

    private static IReadOnlyList<RouterSnapshot> Spread(IReadOnlyList<RouterSnapshot> snapshots) => snapshots.Count <= MaxMaps
        ? snapshots
        : [.. Enumerable.Range(0, MaxMaps).Select(i => snapshots[(int)Math.Round(i * (snapshots.Count - 1) / (MaxMaps - 1.0))])];

    private Picture Lay(string title, IReadOnlyList<RouterSnapshot> snapshots, string description)
    {
        IReadOnlyList<RouterSnapshot> shown = Spread(snapshots);
        BranchMap[] maps = [.. shown.Select(Map)];
        int titleHeight = PictureText.Height(PictureText.Title), lineHeight = PictureText.Height(PictureText.Body) + 4;
        int mapWidth = Math.Max(maps.Max(map => map.Width), (int)MathF.Ceiling(shown.Max(snapshot => PictureText.Body.MeasureText(Caption(snapshot)))));
        int columns = Math.Clamp((WidthAimedAt + Gap) / (mapWidth + Gap), 1, Math.Min(MaxColumns, maps.Length));
        int width = Math.Max((columns * (mapWidth + Gap)) - Gap, 720), mapHeight = lineHeight + maps[0].Height + Gap;
        IReadOnlyList<string> head = [.. PictureText.Wrap(Explanation, PictureText.Body, width)];
        IReadOnlyList<string> titles = PictureText.Wrap(title, PictureText.Title, width);
        int headTop = Margin + (titles.Count * titleHeight) + 6, curveTop = headTop + (head.Count * lineHeight) + 6;
        int scaleTop = curveTop + CurveHeight + 14, mapsTop = scaleTop + lineHeight + 18;
        int rows = (maps.Length + columns - 1) / columns;
        return new Picture(width + (2 * Margin), mapsTop + (rows * mapHeight) - Gap + Margin, description, canvas =>
        {
            WriteLines(canvas, titles, Margin, titleHeight, PictureText.Title, PictureText.Ink);
            WriteLines(canvas, head, headTop, lineHeight, PictureText.Body, PictureText.Faint);
            DrawCurve(canvas, snapshots, new PixelRect(Margin, Margin + width, curveTop + CurveHeight, curveTop));
            DrawScale(canvas, scaleTop);
            for (int i = 0; i < maps.Length; i++)
            {
                int left = Margin + (i % columns * (mapWidth + Gap)), top = mapsTop + (i / columns * mapHeight);
                PictureText.Write(canvas, Caption(shown[i]), left, top, SKTextAlign.Left, PictureText.Body, PictureText.Ink);
                maps[i].Draw(canvas, left, top + lineHeight);
            }
        });
    }

    private static void WriteLines(SKCanvas canvas, IReadOnlyList<string> lines, int top, int height, SKFont font, SKColor colour)
    {
        for (int i = 0; i < lines.Count; i++)
        {
            PictureText.Write(canvas, lines[i], Margin, top + (i * height), SKTextAlign.Left, font, colour);
        }
    }

    private string Explanation => Invariant($"A branch is reused where its score is {_threshold} or less. ")
        + $"Maps: cache evaluations downwards, blocks across; {Cells} branches in all.";

    private string Caption(RouterSnapshot snapshot)
    {
        int reused = Reused(snapshot);
        return Invariant($"step {snapshot.Step}: {reused} reused ({100.0 * reused / Cells:0.0} %)");
    }

    private float Score(RouterSnapshot snapshot, int row, int branch) =>
        RouterSchedule.Score(snapshot.Logits[(_rows[row].Row * _branches) + branch]);

    private int Reused(RouterSnapshot snapshot) =>
        Enumerable.Range(0, Cells).Count(i => Score(snapshot, i / _branches, i % _branches) <= _threshold);

    private BranchMap Map(RouterSnapshot snapshot) => new(
        [
            .. _rows.Select((row, i) =>
                new MapRow(Invariant($"{row.Evaluation}"), branch => new MapCell(Colour(Score(snapshot, i, branch)).ToSKColor()))),
        ],
        _branches / 2,
        Math.Clamp(300 / _branches, MinCell, MaxCell),
        Math.Clamp(MapAimedAt / _rows.Count, MinRow, MaxRow));

    private void DrawCurve(SKCanvas canvas, IReadOnlyList<RouterSnapshot> snapshots, PixelRect at)
    {
        using Plot plot = new();
        plot.RenderManager.ClearCanvasBeforeEachRender = false;
        double[] steps = [.. snapshots.Select(snapshot => (double)snapshot.Step)];
        double[] shares = [.. snapshots.Select(snapshot => 100.0 * Reused(snapshot) / Cells)];
        Scatter line = plot.Add.Scatter(steps, shares, Color.FromHex("#E89A00"));
        (line.LineWidth, line.MarkerSize) = (2.5f, 5);
        PlotFrame.Apply(plot, "", "optimisation step", "branches reused, %");
        double beside = Math.Max((steps[^1] - steps[0]) * 0.02, 0.5), greatest = Math.Max(shares.Max(), 1);
        plot.Axes.Bottom.TickGenerator = PlotTicks.Whole();
        plot.Axes.Left.TickGenerator = PlotTicks.Even(-0.04 * greatest, 1.08 * greatest);
        plot.Axes.SetLimits(steps[0] - beside, steps[^1] + beside, -0.04 * greatest, 1.08 * greatest);
        plot.Layout.Fixed(new PixelPadding(56, 30, 50, 8));
        plot.Render(canvas, at);
    }

    private void DrawScale(SKCanvas canvas, int top)
    {
        float left = Margin + MathF.Ceiling(PictureText.Body.MeasureText("score 0")) + 8, right = left + (ScaleSteps * ScaleStep);
        PictureText.Write(canvas, "score 0", Margin, top, SKTextAlign.Left, PictureText.Body, PictureText.Ink);
        PictureText.Write(canvas, Invariant($"1      reused up to {_threshold}"), right + 8, top, SKTextAlign.Left, PictureText.Body, PictureText.Ink);
        using SKPaint paint = new();
        for (int i = 0; i < ScaleSteps; i++)
        {
            paint.Color = Colour((i + 0.5f) / ScaleSteps).ToSKColor();
            canvas.DrawRect(left + (i * ScaleStep), top + 1, ScaleStep, ScaleHeight, paint);
        }

        paint.Color = PictureText.Ink;
        canvas.DrawRect(left + MathF.Round(_threshold * ScaleSteps * ScaleStep) - 1, top - 2, 2, ScaleHeight + 6, paint);
    }

    private Color Colour(float score) => score > _threshold
        ? _leastComputed.MixedWith(_mostComputed, (score - _threshold) / Math.Max(1 - _threshold, float.Epsilon))
        : _leastReused.MixedWith(_mostReused, (_threshold - score) / Math.Max(_threshold, float.Epsilon));
}
