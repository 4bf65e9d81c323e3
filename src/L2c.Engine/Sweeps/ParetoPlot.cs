using System.Globalization;
using System.Text.Json;
using ScottPlot;
using ScottPlot.Plottables;

namespace L2c;

/// <summary>Distance over compute of a sweep's rows, with their intervals: what is lower and further left is better.</summary>
/// <remarks>
/// The distance is on a logarithmic scale. The grey steps are the Pareto front, rows that no other row beats in both; the band is the interval of no
/// caching. Rows at more than four times its distance stand on the upper edge with their distance written above, so that they do not press the
/// others together.
/// </remarks>
internal sealed class ParetoPlot
{
    private const int Width = 1200, Height = 800;
    private const float MarkerSize = 9;
    private const double FarthestDrawn = 4;

    // Of the same lightness where possible, and told apart by shapes too.
    private static readonly Dictionary<string, (string Colour, MarkerShape Shape)> _styles = new(StringComparer.Ordinal)
    {
        ["none"] = ("#202020", MarkerShape.FilledDiamond),
        ["learned"] = ("#d62728", MarkerShape.FilledCircle),
        ["steps"] = ("#1f77b4", MarkerShape.FilledSquare),
        ["interval"] = ("#2ca02c", MarkerShape.FilledTriangleUp),
        ["random"] = ("#9467bd", MarkerShape.OpenCircle),
        ["top"] = ("#8c564b", MarkerShape.OpenTriangleUp),
        ["bottom"] = ("#e377c2", MarkerShape.OpenTriangleDown),
        ["deepcache"] = ("#17a2b8", MarkerShape.OpenSquare),
        ["drop"] = ("#bc9a22", MarkerShape.Cross),
    };

    private readonly Plot _plot;
    private readonly double _least, _ceiling;

    private ParetoPlot(Plot plot, IReadOnlyList<SweepRecord> records, string title)
    {
        _plot = plot;
        _least = records.Select(record => record.Frechet).Where(value => value > 0).DefaultIfEmpty(1).Min() / 10;
        SweepRecord? none = records.FirstOrDefault(record => record.Rule == "none");
        _ceiling = none is null ? double.PositiveInfinity : Math.Log10(Math.Max(FarthestDrawn * none.Frechet, _least));
        AddBand(none);
        AddFront(records);
        foreach (IGrouping<string, SweepRecord> group in records.GroupBy(record => record.Rule))
        {
            AddGroup([.. group.OrderBy(record => record.MacRatio)]);
        }

        _plot.Title(title);
        _plot.XLabel("MACs, share of no caching");
        _plot.YLabel("Fréchet distance to the data");
        _plot.Axes.Left.TickGenerator = PlotTicks.Logarithmic(
            records.Min(record => Log(record.FrechetLow)) - 0.1, records.Max(record => Log(record.FrechetHigh)) + 0.1);
        _plot.Axes.Bottom.TickGenerator = PlotTicks.Linear();
        _plot.Axes.Margins(0.05, 0.1);
        _plot.ShowLegend(Alignment.UpperRight);
        PictureFont.Apply(_plot);
    }

    /// <summary>Lays the picture out.</summary>
    /// <param name="records">Rows, at least one.</param>
    /// <param name="title">One line above it.</param>
    public static Picture Draw(IReadOnlyList<SweepRecord> records, string title)
    {
        string description = JsonSerializer.Serialize(new { plot = "sweep", title, rows = records.Count }, ReportJson.Options);
        return Picture.Of(Width, Height, description, () => new ParetoPlot(new Plot(), records, title)._plot);
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

    private double Log(double value) => Math.Min(Math.Log10(Math.Max(value, _least)), _ceiling);

    private void AddBand(SweepRecord? none)
    {
        if (none is not null)
        {
            VerticalSpan span = _plot.Add.VerticalSpan(Log(none.FrechetLow), Log(none.FrechetHigh));
            span.FillColor = Color.FromHex("#202020").WithAlpha(0.12);
            span.LineWidth = 0;
        }
    }

    private void AddFront(IReadOnlyList<SweepRecord> records)
    {
        IReadOnlyList<SweepRecord> front = Front(records);
        List<Coordinates> steps = [];
        for (int i = 0; i < front.Count; i++)
        {
            if (i > 0)
            {
                steps.Add(new Coordinates(front[i].MacRatio, Log(front[i - 1].Frechet)));
            }

            steps.Add(new Coordinates(front[i].MacRatio, Log(front[i].Frechet)));
        }

        Scatter line = _plot.Add.ScatterLine(steps);
        line.Color = Colors.Gray;
        line.LineWidth = 1;
    }

    private void AddGroup(SweepRecord[] group)
    {
        (string colour, MarkerShape shape) = _styles.GetValueOrDefault(group[0].Rule, ("#7f7f7f", MarkerShape.Eks));
        double[] x = [.. group.Select(record => record.MacRatio)], y = [.. group.Select(record => Log(record.Frechet))];
        double[] none = new double[x.Length];
        double[] below = [.. group.Select((record, i) => y[i] - Log(record.FrechetLow))];
        double[] above = [.. group.Select((record, i) => Log(record.FrechetHigh) - y[i])];
        ErrorBar bars = new(x, y, none, none, yErrorsPositive: above, yErrorsNegative: below) { Color = Color.FromHex(colour), LineWidth = 1 };
        _plot.Add.Plottable(bars);
        Scatter points = _plot.Add.ScatterPoints(x, y, Color.FromHex(colour));
        (points.MarkerShape, points.MarkerSize, points.LegendText) = (shape, MarkerSize, group[0].Rule);
        points.MarkerLineWidth = 2;
        points.MarkerLineColor = Color.FromHex(colour);
        foreach (SweepRecord far in group.Where(record => Log(record.Frechet) >= _ceiling))
        {
            Text text = _plot.Add.Text(far.Frechet.ToString("0.##", CultureInfo.InvariantCulture), far.MacRatio, _ceiling);
            PictureFont.Apply(text.LabelStyle, 12);
            (text.LabelFontColor, text.LabelAlignment, text.OffsetY) = (Color.FromHex(colour), Alignment.LowerCenter, -MarkerSize);
        }
    }
}
