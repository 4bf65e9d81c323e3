using System.Globalization;
using System.Text.Json;
using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;
using SkiaSharp;
using static System.FormattableString;

namespace L2c;

/// <summary>The loss of a training run over its steps as a picture, and under it, of a router, the share of the branches that are reused.</summary>
/// <remarks>
/// The grey line goes through the rows, of many rows through the least and the greatest of each part; red is the mean of the rows around. Where the
/// loss is not finite the lines have gaps, and the steps a red ground; losses far off all others are marks at the edge (<see cref="LossAxis"/>). The
/// bytes depend on the log alone.
/// </remarks>
internal sealed class LossPlot
{
    private const int Width = 1100, LossHeight = 430, ReuseHeight = 190, Margin = 20, MaxColumns = 500;
    private const float MarkerSize = 9;

    // The mean is over up to this share of the rows to each side.
    private const int ReachDivisor = 50;

    private static readonly Color _rowColour = Color.FromHex("#B4C0CF"), _meanColour = Color.FromHex("#D62728");
    private static readonly Color _gapColour = Color.FromHex("#F9D9D9"), _offColour = Color.FromHex("#6A3D9A"), _reuseColour = Color.FromHex("#E89A00");

    private readonly LossRow[] _rows;
    private readonly LossAxis? _axis;
    private readonly LossRow[] _off;
    private readonly int _notFinite;

    private LossPlot(LossRow[] rows)
    {
        _rows = rows;
        double[] losses = [.. rows.Select(row => row.Loss).Where(double.IsFinite)];
        _notFinite = rows.Length - losses.Length;
        _axis = losses.Length > 0 ? new LossAxis(losses) : null;
        _off = [.. rows.Where(row => double.IsFinite(row.Loss) && _axis!.IsOff(row.Loss))];
    }

    private bool HasReuse => _rows.Any(row => double.IsFinite(row.Reuse));

    /// <summary>Lays the picture of a log out; one without rows to draw says so.</summary>
    public static Picture Draw(LogTable log)
    {
        LossRow[] rows = LossRow.Of(log);
        LossPlot plot = new(rows);
        string description = JsonSerializer.Serialize(
            new { plot = "loss", rows = rows.Length, notFinite = plot._notFinite, lastStep = rows.LastOrDefault().Step }, ReportJson.Options);
        int lineHeight = PictureText.Height(PictureText.Body) + 4, titleHeight = PictureText.Height(PictureText.Title) + 4;
        IReadOnlyList<string> remarks = [.. plot.Remarks().SelectMany(remark => PictureText.Wrap(remark, PictureText.Body, Width - (2 * Margin)))];
        int legendTop = Margin + titleHeight + (remarks.Count * lineHeight), top = legendTop + lineHeight + 4;
        return new Picture(Width, top + LossHeight + (plot.HasReuse ? ReuseHeight : 0) + Margin, description, canvas =>
        {
            PictureText.Write(canvas, plot.Title, Margin, Margin, SKTextAlign.Left, PictureText.Title, PictureText.Ink);
            for (int i = 0; i < remarks.Count; i++)
            {
                float y = Margin + titleHeight + (i * lineHeight);
                PictureText.Write(canvas, remarks[i], Margin, y, SKTextAlign.Left, PictureText.Body, PictureText.Faint);
            }

            plot.DrawLegend(canvas, legendTop);
            plot.DrawLosses(canvas, new PixelRect(Margin, Width - Margin, top + LossHeight, top));
            if (plot.HasReuse)
            {
                plot.DrawReuse(canvas, new PixelRect(Margin, Width - Margin, top + LossHeight + ReuseHeight, top + LossHeight));
            }
        });
    }

    /// <summary>The mean over up to a fiftieth of all values to each side, of the finite ones; NaN where a value is not finite.</summary>
    internal static double[] Smooth(double[] values)
    {
        int reach = (values.Length + ReachDivisor - 1) / ReachDivisor;
        double[] sums = new double[values.Length + 1];
        int[] counts = new int[values.Length + 1];
        for (int i = 0; i < values.Length; i++)
        {
            bool isFinite = double.IsFinite(values[i]);
            (sums[i + 1], counts[i + 1]) = (sums[i] + (isFinite ? values[i] : 0), counts[i] + (isFinite ? 1 : 0));
        }

        return [.. values.Select((value, i) =>
        {
            (int first, int end) = (Math.Max(i - reach, 0), Math.Min(i + reach + 1, values.Length));
            return double.IsFinite(value) ? (sums[end] - sums[first]) / (counts[end] - counts[first]) : double.NaN;
        })];
    }

    private string Title => (_rows.Length, _axis) switch
    {
        (0, _) => "Loss: the log has no rows yet",
        (_, null) => $"Loss: none of the log's {_rows.Length} rows is finite",
        _ => Invariant($"Loss: {PlotTicks.Label(Round(Smooth(Losses).Last(double.IsFinite)))} at the end, mean of the rows around"),
    };

    // Held, so that a loss which dwarfs all others leaves its neighbours their mean.
    private double[] Losses => [.. _rows.Select(row => double.IsFinite(row.Loss) ? _axis!.Held(row.Loss) : double.NaN)];

    private IEnumerable<string> Remarks()
    {
        if (_notFinite > 0 && _axis is not null)
        {
            yield return $"{_notFinite} of {_rows.Length} rows are not finite.";
        }

        if (_off.Length > 0)
        {
            LossRow farthest = _off.MaxBy(row => Math.Abs(row.Loss));
            yield return Invariant($"{_off.Length} of {_rows.Length} rows lie off the axis and are drawn on its edge; ")
                + Invariant($"of them the farthest is {PlotTicks.Label(farthest.Loss)} at step {farthest.Step}.");
        }
    }

    private void DrawLegend(SKCanvas canvas, int top)
    {
        (Color Colour, string Name)[] legend =
        [
            .. _axis is null ? [] : new[] { (_rowColour, "rows of the log"), (_meanColour, "mean of the rows around") },
            .. _notFinite > 0 ? [(_gapColour, "not finite")] : Array.Empty<(Color, string)>(),
            .. _off.Length > 0 ? [(_offColour, "off the axis")] : Array.Empty<(Color, string)>(),
        ];
        float x = Margin;
        using SKPaint paint = new();
        foreach ((Color colour, string name) in legend)
        {
            paint.Color = colour.ToSKColor();
            canvas.DrawRect(x, top + 3, 18, 11, paint);
            PictureText.Write(canvas, name, x + 24, top, SKTextAlign.Left, PictureText.Body, PictureText.Ink);
            x += 24 + MathF.Ceiling(PictureText.Body.MeasureText(name)) + 24;
        }
    }

    private void DrawLosses(SKCanvas canvas, PixelRect at)
    {
        using Plot plot = new();
        AddGaps(plot);
        if (_axis is { } axis)
        {
            (Coordinates[] spread, Coordinates[] means) = Lines();
            AddLine(plot, spread, _rowColour, 1);
            AddLine(plot, means, _meanColour, 3);
            foreach (LossRow row in _off)
            {
                bool isAbove = row.Loss > axis.Greatest;
                MarkerShape shape = isAbove ? MarkerShape.FilledTriangleUp : MarkerShape.FilledTriangleDown;
                plot.Add.Marker(row.Step, axis.Map(axis.Held(row.Loss)), shape, MarkerSize, _offColour);
            }
        }

        PlotFrame.Apply(plot, "", HasReuse ? "" : "optimisation step", _axis?.Scale switch
        {
            LossScale.Logarithmic => "loss, logarithmic",
            LossScale.Symmetric => "loss, logarithmic around 0",
            _ => "loss",
        });
        plot.Axes.Left.TickGenerator = _axis?.Ticks() ?? new NumericManual();
        Render(plot, canvas, at, _axis?.Low ?? 0, _axis?.High ?? 1);
    }

    private void DrawReuse(SKCanvas canvas, PixelRect at)
    {
        using Plot plot = new();
        AddLine(plot, [.. _rows.Select(row => new Coordinates(row.Step, 100 * row.Reuse))], _reuseColour, 2.5f);
        double greatest = Math.Max(1, 100 * _rows.Select(row => row.Reuse).Where(double.IsFinite).Max());
        PlotFrame.Apply(plot, "", "optimisation step", "branches reused, %");
        plot.Axes.Left.TickGenerator = PlotTicks.Even(-0.05 * greatest, 1.1 * greatest);
        Render(plot, canvas, at, -0.05 * greatest, 1.1 * greatest);
    }

    private void Render(Plot plot, SKCanvas canvas, PixelRect at, double low, double high)
    {
        (double first, double last) = _rows.Length > 0 ? (_rows[0].Step, _rows[^1].Step) : (0, 1);
        double beside = Math.Max((last - first) * 0.02, 0.5);
        plot.Axes.SetLimits(first - beside, last + beside, low, high);

        plot.Axes.Bottom.TickGenerator = PlotTicks.Whole();

        // Of the same width, so that the steps of both plots lie above each other.
        plot.Layout.Fixed(new PixelPadding(90, 30, HasReuse && plot.Axes.Bottom.Label.Text.Length == 0 ? 30 : 50, 8));
        plot.RenderManager.ClearCanvasBeforeEachRender = false;
        plot.Render(canvas, at);
    }

    /// <summary>A ground of its own for the steps whose loss is not finite, from the row before to the row behind.</summary>
    private void AddGaps(Plot plot)
    {
        for (int i = 0; i < _rows.Length; i++)
        {
            int first = i;
            while (i < _rows.Length && !double.IsFinite(_rows[i].Loss))
            {
                i++;
            }

            if (i > first)
            {
                HorizontalSpan span = plot.Add.HorizontalSpan(_rows[Math.Max(first - 1, 0)].Step, _rows[Math.Min(i, _rows.Length - 1)].Step);
                (span.FillColor, span.LineWidth) = (_gapColour, 0);
            }
        }
    }

    /// <summary>The rows and their means, of many rows the least and the greatest and the first mean of each part; NaN where there is none.</summary>
    private (Coordinates[] Spread, Coordinates[] Means) Lines()
    {
        double[] losses = Losses, means = Smooth(losses);
        int columns = Math.Min(_rows.Length, MaxColumns);
        List<Coordinates> spread = [], mean = [];
        for (int column = 0; column < columns; column++)
        {
            int first = (int)((long)column * _rows.Length / columns), end = (int)((long)(column + 1) * _rows.Length / columns);
            double[] finite = [.. losses[first..end].Where(double.IsFinite)];
            double step = _rows[first].Step;
            if (finite.Length == 0)
            {
                spread.Add(new Coordinates(step, double.NaN));
                mean.Add(new Coordinates(step, double.NaN));
                continue;
            }

            spread.Add(new Coordinates(step, _axis!.Map(finite.Min())));
            if (finite.Length > 1)
            {
                spread.Add(new Coordinates(step, _axis.Map(finite.Max())));
            }

            mean.Add(new Coordinates(step, _axis.Map(means[first..end].First(double.IsFinite))));
        }

        return ([.. spread], [.. mean]);
    }

    /// <summary>A line with a gap at each NaN; a point that is alone has a marker.</summary>
    internal static void AddLine(Plot plot, Coordinates[] points, Color colour, float width)
    {
        List<Coordinates> part = [];
        foreach (Coordinates point in points.Append(new Coordinates(0, double.NaN)))
        {
            if (double.IsFinite(point.Y))
            {
                part.Add(point);
                continue;
            }

            if (part.Count > 0)
            {
                Scatter line = part.Count > 1 ? plot.Add.ScatterLine(part) : plot.Add.ScatterPoints(part);
                (line.Color, line.LineWidth) = (colour, width);
                line.MarkerSize = part.Count > 1 ? 0 : width + 4;
            }

            part = [];
        }
    }

    private static double Round(double value) => double.Parse(value.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
