using System.Text.Json;
using L2c.Weights;
using ScottPlot;
using ScottPlot.Plottables;
using static System.FormattableString;

namespace L2c;

/// <summary>What a router reuses and what that leaves of the MACs, over the threshold, as a picture.</summary>
public static class ThresholdPlot
{
    private const int Width = 900, Height = 520;

    private static readonly Color _reused = Color.FromHex("#D98C0A"), _macs = Color.FromHex("#1F5A96"), _published = Color.FromHex("#6B7480");

    /// <summary>Writes the picture in the format of the extension.</summary>
    /// <param name="path">Where the file shall appear; .svg for SVG, otherwise PNG.</param>
    /// <param name="overwrite">Whether an existing file may be replaced.</param>
    /// <param name="report">The rows.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, or cannot be written.</exception>
    public static void Write(string path, bool overwrite, ThresholdReport report) => Draw(report).Write(path, overwrite);

    /// <summary>Lays the picture out.</summary>
    internal static Picture Draw(ThresholdReport report)
    {
        string file = Path.GetFileName(report.File);
        string description = JsonSerializer.Serialize(
            new { plot = "thresholds", file, report.Model, rows = report.Thresholds.Count }, ReportJson.Options);
        return Picture.Of(Width, Height, description, () => Lay(report, FileText.Printable(file)));
    }

    private static Plot Lay(ThresholdReport report, string file)
    {
        Plot plot = new();
        double[] thresholds = [.. report.Thresholds.Select(row => row.Threshold)];
        Add("branches of the cache evaluations reused", _reused, report.Thresholds.Select(row => 100 * row.ShareOfCacheEvaluations));
        if (report.MacsBefore is not null)
        {
            Add("MACs left", _macs, report.Thresholds.Select(row => 100 * row.MacRatio!.Value));
        }

        VerticalLine published = plot.Add.VerticalLine(report.PublishedThreshold, 1.5f, _published, LinePattern.Dashed);
        published.LegendText = Invariant($"published threshold {report.PublishedThreshold}");
        string title = $"{file}: reuse and MACs by threshold{(report.Model is null ? "" : $", for {FileText.Printable(report.Model)}")}";
        PlotFrame.Apply(plot, title, "threshold: a branch is computed where its score is above it", "share, %");
        plot.Axes.Left.TickGenerator = PlotTicks.Even(0, 100);
        plot.Axes.SetLimits(-0.02, 1.02, -3, 103);
        plot.ShowLegend(Edge.Bottom);
        (plot.Legend.OutlineWidth, plot.Legend.ShadowColor) = (0, Colors.Transparent);
        PictureFont.Apply(plot);
        return plot;

        void Add(string name, Color colour, IEnumerable<double> percent)
        {
            // Points alone: between two thresholds of the report the share rises or falls at scores that it does not list.
            Markers points = plot.Add.Markers(thresholds, percent.ToArray(), MarkerShape.FilledCircle, 9, colour);
            points.LegendText = name;
        }
    }
}
