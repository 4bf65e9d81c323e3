using System.Globalization;
using System.Text.Json;
using L2c.Model.Caching;
using L2c.Weights;
using L2c.Weights.Layouts;
using static L2c.PlotCanvas;

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
    private const uint Computed = 0x1F5A96, Threshold = 0xF7F7F2, Reused = 0xF2A71B, Dot = 0x6B4300;

    private readonly PlotCanvas _canvas = new();
    private readonly IReadOnlyList<(int Evaluation, int Row)> _rows;
    private readonly int _branches;
    private readonly float _threshold;
    private readonly int _cell;

    private EvolutionPlot(RouterShape shape, double threshold)
    {
        (_rows, _branches, _threshold) = (RouterSchedule.RowsRead(shape), shape.Branches, (float)threshold);
        _cell = Math.Clamp(400 / _branches, MinCell, MaxCell);
    }

    /// <summary>Writes the picture.</summary>
    /// <param name="path">Where the file shall appear; .svg for SVG, otherwise PNG.</param>
    /// <param name="title">One line above the maps.</param>
    /// <param name="evaluations">Rows of the router.</param>
    /// <param name="branches">Columns.</param>
    /// <param name="threshold">Scores above it mean computed.</param>
    /// <param name="snapshots">By increasing step, at least one; of more than twelve, evenly spaced ones with the first and the last.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <param name="target">The kind of network, which fixes the rows that are read.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    public static void Write(
        string path,
        string title,
        int evaluations,
        int branches,
        double threshold,
        IReadOnlyList<RouterSnapshot> snapshots,
        bool overwrite,
        RouterTarget target)
    {
        ArgumentOutOfRangeException.ThrowIfZero(snapshots.Count);
        EvolutionPlot plot = new(
            new RouterShape { Name = "router", Target = target, Evaluations = evaluations, Branches = branches }, threshold);
        plot.Lay(FileText.Printable(title), [.. Spread(snapshots)]);
        string description = JsonSerializer.Serialize(
            new { plot = "router evolution", evaluations, branches, threshold, lastStep = snapshots[^1].Step }, ReportJson.Options);
        plot._canvas.Save(path, description, overwrite);
    }

    private static IEnumerable<RouterSnapshot> Spread(IReadOnlyList<RouterSnapshot> snapshots) => snapshots.Count <= MaxMaps
        ? snapshots
        : Enumerable.Range(0, MaxMaps).Select(i => snapshots[(int)Math.Round(i * (snapshots.Count - 1) / (MaxMaps - 1.0))]);

    private void Lay(string title, RouterSnapshot[] snapshots)
    {
        string[] names = Array.ConvertAll(snapshots, Caption);
        int labels = (3 * CharacterWidth) + Gap, map = _branches * _cell;
        int width = labels + Math.Max(map, names.Max(name => name.Length) * CharacterWidth) + (2 * Gap);
        int height = LineHeight + Gap + (_rows.Count * _cell) + Gap + LineHeight + (3 * Gap);
        int columns = Math.Clamp(WidthAimedAt / width, 1, snapshots.Length);
        _canvas.Write(Gap, Gap, title);
        Legend(Gap, (2 * Gap) + LineHeight);
        int top = (4 * Gap) + (3 * LineHeight);
        for (int i = 0; i < snapshots.Length; i++)
        {
            Map(snapshots[i], names[i], Gap + (i % columns * width) + labels, top + (i / columns * height));
        }

        int below = top + ((snapshots.Length + columns - 1) / columns * height);
        _canvas.Write(Gap, below, "down: cache evaluations in sampling order; across: blocks, attention left, MLP right; above: branches reused");
    }

    private void Map(RouterSnapshot snapshot, string caption, int left, int top)
    {
        _canvas.Write(left, top, caption);
        top += LineHeight + Gap;
        int side = _cell - (_cell > 4 ? 1 : 0), dot = _cell > 6 ? 3 : 2, inset = (side - dot + 1) / 2;
        for (int r = 0; r < _rows.Count; r++)
        {
            for (int b = 0; b < _branches; b++)
            {
                float score = RouterSchedule.Score(snapshot.Logits[(_rows[r].Row * _branches) + b]);
                (int x, int y) = (left + (b * _cell), top + (r * _cell));
                _canvas.Box(x, y, side, side, Colour(score));
                if (score <= _threshold)
                {
                    _canvas.Box(x + inset, y + inset, dot, dot, Dot);
                }
            }
        }

        for (int r = 0; r < _rows.Count; r += LabelStep(_cell, LineHeight + 2))
        {
            string number = Text($"{_rows[r].Evaluation}");
            _canvas.Write(left - Gap - (number.Length * CharacterWidth), top + (r * _cell) + ((_cell - LineHeight) / 2), number);
        }

        int below = top + (_rows.Count * _cell) + Gap, blocks = _branches / 2;
        for (int block = 0; block < blocks; block += LabelStep(2 * _cell, (Text($"{blocks}").Length * CharacterWidth) + Gap))
        {
            _canvas.Write(left + (2 * block * _cell), below, Text($"{block}"));
        }
    }

    /// <summary>A bar of the scores from 0 to 1, with the threshold.</summary>
    private void Legend(int x, int y)
    {
        const int Steps = 50, Width = 4;
        int numbers = y + LineHeight + (Gap / 2), bar = x + (7 * CharacterWidth);
        _canvas.Write(x, y, "score");
        for (int i = 0; i < Steps; i++)
        {
            _canvas.Box(bar + (i * Width), y, Width, LineHeight, Colour((i + 0.5f) / Steps));
        }

        int at = bar + (int)(_threshold * Steps * Width);
        _canvas.Box(at - 1, y - 2, 2, LineHeight + 4, 0x282828);
        _canvas.Write(bar, numbers, "0");
        _canvas.Write(bar + (Steps * Width) - CharacterWidth, numbers, "1");
        _canvas.Write(bar + (Steps * Width) + (2 * Gap), y, Text($"reused at most {_threshold}, with a dot"));
    }

    private string Caption(RouterSnapshot snapshot)
    {
        int reused = _rows.Sum(r => snapshot.Logits.AsSpan(r.Row * _branches, _branches).ToArray().Count(l => RouterSchedule.Score(l) <= _threshold));
        return Text($"step {snapshot.Step}: {reused}/{_rows.Count * _branches}");
    }

    private uint Colour(float score) => score > _threshold
        ? Mix(Threshold, Computed, (score - _threshold) / Math.Max(1 - _threshold, float.Epsilon))
        : Mix(Threshold, Reused, (_threshold - score) / Math.Max(_threshold, float.Epsilon));

    private static uint Mix(uint from, uint to, float share)
    {
        uint mixed = 0;
        for (int shift = 0; shift < 24; shift += 8)
        {
            float a = (from >> shift) & 0xFF, b = (to >> shift) & 0xFF;
            mixed |= (uint)MathF.Round(a + ((b - a) * share)) << shift;
        }

        return mixed;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
