using System.Text.Json;
using ScottPlot;
using ScottPlot.Plottables;

namespace L2c;

/// <summary>A column of a log over the steps.</summary>
internal static class CurvePlot
{
    private const int Width = 640, Height = 300, MaxPoints = 2000;

    /// <summary>Lays the picture out; of many rows evenly spaced ones are drawn. Values that are not finite are left out.</summary>
    /// <param name="name">What the column is.</param>
    /// <param name="rows">Steps and values.</param>
    public static Picture Draw(string name, IReadOnlyList<(double Step, double Value)> rows)
    {
        (double Step, double Value)[] finite = [.. rows.Where(row => double.IsFinite(row.Value))];
        int every = (finite.Length + MaxPoints - 1) / MaxPoints;
        Coordinates[] points = [.. finite.Where((_, i) => i % Math.Max(every, 1) == 0 || i == finite.Length - 1)
            .Select(row => new Coordinates(row.Step, row.Value))];
        string description = JsonSerializer.Serialize(new { plot = "curve", name, rows = finite.Length }, ReportJson.Options);
        return Picture.Of(Width, Height, description, () => Lay(name, points));
    }

    private static Plot Lay(string name, Coordinates[] points)
    {
        Plot plot = new();
        Scatter line = points.Length > 1 ? plot.Add.ScatterLine(points) : plot.Add.ScatterPoints(points);
        (line.Color, line.LineWidth) = (Color.FromHex("#1F5A96"), 2);
        PlotFrame.Apply(plot, "", "optimisation step", name);
        (double least, double greatest) = points.Length == 0 ? (0, 1) : (points.Min(point => point.Y), points.Max(point => point.Y));
        double margin = least < greatest ? 0.06 * (greatest - least) : Math.Max(Math.Abs(least), 1e-6) / 2;
        plot.Axes.SetLimitsY(least - margin, greatest + margin);
        plot.Axes.Left.TickGenerator = PlotTicks.Even(least - margin, greatest + margin);
        return plot;
    }
}
