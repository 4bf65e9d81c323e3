using System.Text.Json;
using L2c.Model.Caching;
using L2c.Weights;
using L2c.Weights.Layouts;
using ScottPlot;
using SkiaSharp;
using static System.FormattableString;

namespace L2c;

/// <summary>A router at one moment of its training.</summary>
/// <param name="Step">Optimisation steps done.</param>
/// <param name="Logits">[evaluations, branches], row-major.</param>
internal sealed record RouterSnapshot(long Step, float[] Logits);

/// <summary>The router's scores over its training as a picture: a heat map cache evaluation x branch per snapshot.</summary>
/// <remarks>
/// Blue is computed, the deeper the higher the score; amber with a dot is reused, the deeper the lower; white is the threshold. Rows that no
/// evaluation reads, which training leaves at their first random values, are not drawn.
/// </remarks>
internal sealed class EvolutionPlot
{
    private const int MaxMaps = 12;
    private const int WidthAimedAt = 1400;
    private const int MaxCell = 14;
    private const int MinCell = 4;
    private const int Gap = 12, LineHeight = 26;
    private const string Explanation =
        "Branches reused at each optimisation step. Down: cache evaluations in sampling order. Across: blocks, each with attention and MLP.";

    // The scale of colours: an image of that many steps between the numbers of its ends.
    private const int ScaleSteps = 50, ScaleStep = 4, ScaleHeight = 14, ScaleLeft = Gap + 62, ScaleRight = ScaleLeft + (ScaleSteps * ScaleStep);

    private static readonly Color _computed = Color.FromHex("#1F5A96"), _atThreshold = Color.FromHex("#F7F7F2"), _reused = Color.FromHex("#F2A71B");
    private static readonly SKFont _titleFont = PictureFont.OfSize(16), _font = PictureFont.OfSize(13);

    private readonly IReadOnlyList<(int Evaluation, int Row)> _rows;
    private readonly int _branches;
    private readonly float _threshold;

    private EvolutionPlot(RouterShape shape, double threshold) =>
        (_rows, _branches, _threshold) = (RouterSchedule.RowsRead(shape), shape.Branches, (float)threshold);

    /// <summary>Lays the picture out.</summary>
    /// <param name="title">One line above the maps.</param>
    /// <param name="shape">The router's size, and the kind of network, which fixes the rows that are read.</param>
    /// <param name="threshold">Scores above it mean computed.</param>
    /// <param name="snapshots">By increasing step, at least one; of more than twelve, evenly spaced ones with the first and the last.</param>
    public static Picture Draw(string title, RouterShape shape, double threshold, IReadOnlyList<RouterSnapshot> snapshots)
    {
        ArgumentOutOfRangeException.ThrowIfZero(snapshots.Count);
        EvolutionPlot plot = new(shape, threshold);
        string description = JsonSerializer.Serialize(
            new { plot = "router evolution", shape.Evaluations, shape.Branches, threshold, lastStep = snapshots[^1].Step }, ReportJson.Options);
        BranchMap[] maps = [.. Spread(snapshots).Select(plot.Map)];
        (string Text, int Left, int Line, SKFont Font)[] head = plot.Head(FileText.Printable(title));
        int width = maps.Max(map => map.Width), height = maps[0].Height, top = Gap + (3 * LineHeight) + Gap;
        int columns = Math.Clamp(WidthAimedAt / width, 1, maps.Length), rows = (maps.Length + columns - 1) / columns;
        int right = Math.Max(Gap + (columns * width), (int)head.Max(line => line.Left + line.Font.MeasureText(line.Text)));
        return new Picture(right + Gap, top + (rows * height) + Gap, description, canvas =>
        {
            plot.DrawHead(canvas, head);
            for (int i = 0; i < maps.Length; i++)
            {
                maps[i].Draw(canvas, Gap + (i % columns * width), top + (i / columns * height));
            }
        });
    }

    private static IEnumerable<RouterSnapshot> Spread(IReadOnlyList<RouterSnapshot> snapshots) => snapshots.Count <= MaxMaps
        ? snapshots
        : Enumerable.Range(0, MaxMaps).Select(i => snapshots[(int)Math.Round(i * (snapshots.Count - 1) / (MaxMaps - 1.0))]);

    private BranchMap Map(RouterSnapshot snapshot)
    {
        float Score(int row, int branch) => RouterSchedule.Score(snapshot.Logits[(_rows[row].Row * _branches) + branch]);
        int reused = Enumerable.Range(0, _rows.Count * _branches).Count(i => Score(i / _branches, i % _branches) <= _threshold);
        return new BranchMap(
            Math.Clamp(400 / _branches, MinCell, MaxCell),
            [.. _rows.Select(row => row.Evaluation)],
            _branches,
            (row, branch) => Colour(Score(row, branch)),
            (row, branch) => Score(row, branch) <= _threshold,
            Invariant($"step {snapshot.Step}: {reused} of {_rows.Count * _branches}"));
    }

    /// <summary>Title, names of the scale's ends, and what the maps show.</summary>
    private (string Text, int Left, int Line, SKFont Font)[] Head(string title) =>
    [
        (title, Gap, 1, _titleFont),
        ("score 0", Gap, 2, _font),
        ("1", ScaleRight + 6, 2, _font),
        (Invariant($"reused at {_threshold} or less, with a dot"), ScaleRight + 40, 2, _font),
        (Explanation, Gap, 3, _font),
    ];

    private void DrawHead(SKCanvas canvas, (string Text, int Left, int Line, SKFont Font)[] head)
    {
        using SKPaint ink = new() { Color = new SKColor(40, 40, 40), IsAntialias = true };
        foreach ((string text, int left, int line, SKFont font) in head)
        {
            canvas.DrawText(text, left, line * LineHeight, font, ink);
        }

        int bottom = (2 * LineHeight) + 2, top = bottom - ScaleHeight;
        for (int i = 0; i < ScaleSteps; i++)
        {
            using SKPaint fill = new() { Color = Colour((i + 0.5f) / ScaleSteps).ToSKColor() };
            canvas.DrawRect(ScaleLeft + (i * ScaleStep), top, ScaleStep, ScaleHeight, fill);
        }

        canvas.DrawRect(ScaleLeft + MathF.Round(_threshold * ScaleSteps * ScaleStep) - 1, top - 2, 2, ScaleHeight + 4, ink);
    }

    private Color Colour(float score) => score > _threshold
        ? _atThreshold.MixedWith(_computed, (score - _threshold) / Math.Max(1 - _threshold, float.Epsilon))
        : _atThreshold.MixedWith(_reused, (_threshold - score) / Math.Max(_threshold, float.Epsilon));
}
