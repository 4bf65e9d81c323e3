using System.Text.Json;
using ScottPlot;
using ScottPlot.Plottables;
using SkiaSharp;
using static System.FormattableString;

namespace L2c;

/// <summary>Distance over compute of a sweep's rows, with their intervals: what is lower and further left is better.</summary>
/// <remarks>
/// The distance is on a logarithmic scale. The grey steps are the Pareto front, rows that no other row beats in both; the band is the interval of no
/// caching. The axes fit the rows; those at more than four times the distance of no caching stand in a strip of their own above the others, with
/// their distance, so that they do not press the others together. A row has its name beside it where that lies on nothing else.
/// </remarks>
internal sealed class ParetoPlot
{
    private const int Width = 1200, PlotHeight = 640, Margin = 20;
    private const int AxisLeft = 70, AxisBottom = 54, AxisTop = 10, AxisRight = 10;
    private const double FarthestDrawn = 4, Pad = 0.05, StripShare = 0.11;

    private readonly IReadOnlyList<SweepRecord> _records;
    private readonly SweepRecord? _none;
    private readonly double _floor, _ceiling, _low, _high, _top, _left, _right;

    private ParetoPlot(IReadOnlyList<SweepRecord> records)
    {
        _records = records;
        _none = records.FirstOrDefault(record => record.Rule == "none");

        // What a distance of 0 is drawn as: it has no logarithm.
        _floor = records.SelectMany(record => (double[])[record.Frechet, record.FrechetLow]).Where(value => value > 0).DefaultIfEmpty(1).Min();
        _ceiling = _none is null ? double.PositiveInfinity : FarthestDrawn * Math.Max(_none.Frechet, _floor);
        SweepRecord[] near = [.. records.Where(record => !IsFar(record)).DefaultIfEmpty(records[0])];
        (double low, double high) = (near.Min(record => Log(record.FrechetLow)), near.Max(record => Log(record.FrechetHigh)));
        double pad = Math.Max(Pad * (high - low), 0.01);
        (_low, _high) = (low - pad, high + pad);
        _top = records.Any(IsFar) ? _high + (StripShare * (_high - _low)) : _high;
        (double left, double right) = (records.Min(record => record.MacRatio), records.Max(record => record.MacRatio));
        double beside = Math.Max(Pad * (right - left), 0.01);
        (_left, _right) = (left - beside, right + beside);
    }

    /// <summary>Lays the picture out.</summary>
    /// <param name="records">Rows, at least one.</param>
    /// <param name="title">One line above it.</param>
    public static Picture Draw(IReadOnlyList<SweepRecord> records, string title)
    {
        string description = JsonSerializer.Serialize(new { plot = "sweep", title, rows = records.Count }, ReportJson.Options);
        ParetoPlot pareto = new(records);
        IReadOnlyList<string> titles = PictureText.Wrap(title, PictureText.Title, Width - (2 * Margin));
        IReadOnlyList<string> remarks = PictureText.Wrap(pareto.Explanation, PictureText.Body, Width - (2 * Margin));
        int titleHeight = PictureText.Height(PictureText.Title) + 2, lineHeight = PictureText.Height(PictureText.Body) + 4;
        int remarksTop = Margin + (titles.Count * titleHeight) + 4, legendTop = remarksTop + (remarks.Count * lineHeight) + 2;
        (IReadOnlyList<(string Rule, float Left, int Line)> legend, int legendLines) = pareto.Legend();
        int top = legendTop + (legendLines * lineHeight) + 6;
        return new Picture(Width, top + PlotHeight + (Margin / 2), description, canvas =>
        {
            for (int i = 0; i < titles.Count; i++)
            {
                PictureText.Write(canvas, titles[i], Margin, Margin + (i * titleHeight), SKTextAlign.Left, PictureText.Title, PictureText.Ink);
            }

            for (int i = 0; i < remarks.Count; i++)
            {
                PictureText.Write(canvas, remarks[i], Margin, remarksTop + (i * lineHeight), SKTextAlign.Left, PictureText.Body, PictureText.Faint);
            }

            using Paint paint = Paint.NewDisposablePaint();
            foreach ((string rule, float left, int line) in legend)
            {
                float y = legendTop + (line * lineHeight);
                Drawing.DrawMarker(canvas, paint, new Pixel(left + 8, y + (lineHeight / 2f) - 2), ParetoStyle.Marker(rule));
                PictureText.Write(canvas, ParetoStyle.Name(rule), left + 20, y, SKTextAlign.Left, PictureText.Body, PictureText.Ink);
            }

            pareto.DrawPlot(canvas, top);
            foreach (ParetoLabel label in pareto.Labels())
            {
                SKColor colour = ParetoStyle.Of(label.Rule).Colour.ToSKColor();
                PictureText.Write(canvas, label.Text, label.Box.Left, top + label.Box.Top, SKTextAlign.Left, PictureText.Small, colour);
            }
        });
    }

    /// <summary>Rows that no other row beats in compute and distance both, by increasing compute.</summary>
    internal static IReadOnlyList<SweepRecord> Front(IEnumerable<SweepRecord> records)
    {
        List<SweepRecord> front = [];
        foreach (SweepRecord record in records.OrderBy(record => record.Macs).ThenBy(record => record.Frechet))
        {
            if (front.Count == 0 || record.Frechet < front[^1].Frechet)
            {
                front.Add(record);
            }
        }

        return front;
    }

    /// <summary>The labels of some rows, across from the left edge of the picture, down from the upper edge of the plot.</summary>
    internal static IReadOnlyList<ParetoLabel> Labels(IReadOnlyList<SweepRecord> records) => new ParetoPlot(records).Labels();

    private string Explanation => "Lower and further left is better. Bars: intervals. Grey steps: the front, which no other row beats in both."
        + (_none is null ? "" : " Band: the interval of no caching.")
        + (_records.Any(IsFar) ? Invariant($" Above the dashed line: more than {FarthestDrawn} times the distance of no caching.") : "");

    private bool IsFar(SweepRecord record) => record.Frechet > _ceiling;

    private double Log(double value) => Math.Log10(Math.Max(value, _floor));

    private double Height(SweepRecord record) => IsFar(record) ? _high + (0.3 * (_top - _high)) : Log(record.Frechet);

    private (IReadOnlyList<(string Rule, float Left, int Line)> Entries, int Lines) Legend()
    {
        List<(string Rule, float Left, int Line)> entries = [];
        (float left, int line) = (Margin, 0);
        foreach (string rule in _records.Select(record => record.Rule).Distinct())
        {
            float width = 20 + MathF.Ceiling(PictureText.Body.MeasureText(ParetoStyle.Name(rule))) + 24;
            if (left > Margin && left + width > Width - Margin)
            {
                (left, line) = (Margin, line + 1);
            }

            entries.Add((rule, left, line));
            left += width;
        }

        return (entries, line + 1);
    }

    private void DrawPlot(SKCanvas canvas, int top)
    {
        using Plot plot = new();
        AddBand(plot);
        AddFront(plot);
        if (_top > _high)
        {
            plot.Add.HorizontalLine(_high, 1, Color.FromHex("#8A939E"), LinePattern.Dashed);
        }

        foreach (IGrouping<string, SweepRecord> group in _records.GroupBy(record => record.Rule))
        {
            AddGroup(plot, group.Key, [.. group.OrderBy(record => record.MacRatio)]);
        }

        PlotFrame.Apply(plot, "", "MACs, share of no caching", "Fréchet distance to the data, logarithmic");
        plot.Axes.Left.TickGenerator = PlotTicks.Logarithmic(_low, _high);
        plot.Axes.SetLimits(_left, _right, _low, _top);
        plot.Layout.Fixed(new PixelPadding(AxisLeft, AxisRight, AxisBottom, AxisTop));
        plot.RenderManager.ClearCanvasBeforeEachRender = false;
        plot.Render(canvas, new PixelRect(Margin, Width - Margin, top + PlotHeight, top));
    }

    private void AddBand(Plot plot)
    {
        if (_none is not null)
        {
            VerticalSpan span = plot.Add.VerticalSpan(Log(_none.FrechetLow), Log(_none.FrechetHigh));
            span.FillColor = Color.FromHex("#202020").WithAlpha(0.10);
            span.LineWidth = 0;
        }
    }

    private void AddFront(Plot plot)
    {
        List<Coordinates> steps = FrontSteps();
        if (steps.Count > 1)
        {
            Scatter line = plot.Add.ScatterLine(steps);
            (line.Color, line.LineWidth) = (Color.FromHex("#9AA3AD"), 1.5f);
        }
    }

    private List<Coordinates> FrontSteps()
    {
        SweepRecord[] front = [.. Front(_records).Where(record => !IsFar(record))];
        List<Coordinates> steps = [];
        for (int i = 0; i < front.Length; i++)
        {
            if (i > 0)
            {
                steps.Add(new Coordinates(front[i].MacRatio, Log(front[i - 1].Frechet)));
            }

            steps.Add(new Coordinates(front[i].MacRatio, Log(front[i].Frechet)));
        }

        return steps;
    }

    private void AddGroup(Plot plot, string rule, SweepRecord[] group)
    {
        (Color colour, MarkerShape shape) = ParetoStyle.Of(rule);
        SweepRecord[] near = [.. group.Where(record => !IsFar(record))];
        if (near.Length > 0)
        {
            double[] x = [.. near.Select(record => record.MacRatio)], y = [.. near.Select(Height)], zero = new double[near.Length];
            double[] below = [.. near.Select((record, i) => y[i] - Log(record.FrechetLow))];
            double[] above = [.. near.Select((record, i) => Log(record.FrechetHigh) - y[i])];
            plot.Add.Plottable(new ErrorBar(x, y, zero, zero, yErrorsPositive: above, yErrorsNegative: below) { Color = colour, LineWidth = 1 });
        }

        Coordinates[] all = [.. group.Select(record => new Coordinates(record.MacRatio, Height(record)))];
        Scatter points = plot.Add.ScatterPoints(all, colour);
        (points.MarkerShape, points.MarkerSize, points.MarkerLineWidth, points.MarkerLineColor) = (shape, ParetoStyle.MarkerSize, 2, colour);
    }

    private IReadOnlyList<ParetoLabel> Labels()
    {
        HashSet<SweepRecord> front = [.. Front(_records)];
        SKRect room = new(AxisLeft + Margin, AxisTop, Width - Margin - AxisRight, PlotHeight - AxisBottom);
        ParetoLabels labels = new(room);
        foreach (SweepRecord record in _records)
        {
            labels.AddObstacle(At(record.MacRatio, Height(record)), ParetoStyle.MarkerSize);
            if (!IsFar(record))
            {
                (SKPoint low, SKPoint high) = (At(record.MacRatio, Log(record.FrechetLow)), At(record.MacRatio, Log(record.FrechetHigh)));
                labels.AddObstacle(new SKRect(low.X - 4, high.Y, low.X + 4, low.Y));
            }
        }

        List<Coordinates> steps = FrontSteps();
        for (int i = 1; i < steps.Count; i++)
        {
            (SKPoint a, SKPoint b) = (At(steps[i - 1].X, steps[i - 1].Y), At(steps[i].X, steps[i].Y));
            labels.AddObstacle(new SKRect(Math.Min(a.X, b.X) - 1, Math.Min(a.Y, b.Y) - 1, Math.Max(a.X, b.X) + 1, Math.Max(a.Y, b.Y) + 1));
        }

        // What would be missed most comes first.
        foreach (SweepRecord record in _records.OrderBy(record => IsFar(record) ? 0 : front.Contains(record) ? 1 : 2))
        {
            labels.Place(record.Rule, IsFar(record) ? Invariant($"{record.Frechet:0.##}") : Label(record), At(record.MacRatio, Height(record)));
        }

        return labels.Placed;

        SKPoint At(double x, double y) => new(
            room.Left + (float)((x - _left) / (_right - _left) * room.Width), room.Bottom - (float)((y - _low) / (_top - _low) * room.Height));
    }

    /// <summary>A row's name in a few letters: what its rule was given.</summary>
    private static string Label(SweepRecord record)
    {
        int end = record.Parameter.LastIndexOf('@');
        return (record.Rule, end) switch
        {
            ("none", _) => "no caching",
            ("steps", _) => $"{record.Steps} steps",
            ("learned", >= 0) => $"{Path.GetFileNameWithoutExtension(record.Parameter[..end])} at {record.Parameter[(end + 1)..]}",
            _ when record.Parameter.Length > 0 => $"{record.Rule}:{record.Parameter}",
            _ => record.Rule,
        };
    }
}
