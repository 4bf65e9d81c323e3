using System.CommandLine;
using System.Text.Json;
using L2c.Cli.Commands;
using L2c.Cli.Output;
using L2c.Weights;
using ScottPlot;
using ScottPlot.Palettes;
using ScottPlot.Plottables;
using SkiaSharp;

namespace L2c.Bench.Experiment;

/// <summary>
/// <c>experiment-plot</c>: the picture of experiments, a panel per table: distance over measured time, with intervals; what is lower and further left
/// is better. The band is the interval of no caching. Of rows with several numbers of images the least is drawn, which all have.
/// </summary>
internal static class ExperimentPlot
{
    private const int PanelWidth = 620, PanelHeight = 620, Margin = 20, LegendColumn = 300;
    private const float Marker = 9;
    private const double Farthest = 4; // times the distance of no caching: what is farther is drawn at the upper edge

    private static readonly Category20 _colours = new();

    private static readonly MarkerShape[] _shapes =
    [
        MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.OpenCircle, MarkerShape.OpenSquare,
        MarkerShape.OpenTriangleUp, MarkerShape.FilledDiamond, MarkerShape.OpenDiamond, MarkerShape.Cross, MarkerShape.Eks,
    ];

    /// <summary>The verb.</summary>
    public static Command Create(Terminal terminal)
    {
        Argument<string[]> tables = new("TABLE.csv")
        {
            Description = "Tables of l2c-bench experiment, a panel each",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string?> output = OptionFactory.Text("--out", "FILE", "Picture, .png or .svg [default: experiment.png]");
        Option<bool> force = OptionFactory.Switch("--force", "Overwrite that file");
        Command command = new("experiment-plot", "The picture of experiments: distance over measured time, a panel per table.")
        {
            tables, output, force,
        };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(output) ?? "experiment.png";
            AtomicFile.Probe(path, parsed.GetValue(force));
            Draw([.. parsed.GetValue(tables)!.Select(ExperimentFigures.FromCsv)]).Write(path, parsed.GetValue(force));
            terminal.Out.WriteLine(path);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Lays the picture out.</summary>
    /// <param name="tables">A panel each.</param>
    public static Picture Draw(IReadOnlyList<IReadOnlyList<ExperimentFigures>> tables)
    {
        string[] methods = [.. tables.SelectMany(rows => rows).Select(row => row.Method).Distinct()];
        int width = (tables.Count * PanelWidth) + (2 * Margin), columns = Math.Max((width - (2 * Margin)) / LegendColumn, 1);
        int line = PictureText.Height(PictureText.Body) + 4, legend = ((methods.Length + columns - 1) / columns) * line;
        string description = JsonSerializer.Serialize(
            new { plot = "experiment", panels = tables.Count, methods = methods.Length }, ReportJson.Options);
        return new Picture(width, legend + PanelHeight + (2 * Margin), description, canvas =>
        {
            using Paint paint = Paint.NewDisposablePaint();
            for (int i = 0; i < methods.Length; i++)
            {
                (float x, float y) = (Margin + (i % columns * LegendColumn), Margin + (i / columns * line));
                MarkerStyle marker = new(Shape(i), Marker, Colour(methods, i)) { LineColor = Colour(methods, i), LineWidth = 2 };
                Drawing.DrawMarker(canvas, paint, new Pixel(x + 8, y + (line / 2f) - 2), marker);
                PictureText.Write(canvas, methods[i], x + 20, y, SKTextAlign.Left, PictureText.Body, PictureText.Ink);
            }

            for (int panel = 0; panel < tables.Count; panel++)
            {
                int left = Margin + (panel * PanelWidth), top = Margin + legend;
                using Plot plot = Panel(tables[panel], methods);
                plot.RenderManager.ClearCanvasBeforeEachRender = false;
                plot.Render(canvas, new PixelRect(left, left + PanelWidth, top + PanelHeight, top));
            }
        });
    }

    /// <summary>Colour of a method's marker.</summary>
    public static Color Colour(IReadOnlyList<string> methods, int index) =>
        methods[index] == ExperimentMethods.NoCaching ? Color.FromHex("#202020") : _colours.GetColor(index);

    /// <summary>Shape of a method's marker. Where colours begin anew, shapes are moved on by one.</summary>
    public static MarkerShape Shape(int index) => _shapes[(index + (index / _colours.Colors.Length)) % _shapes.Length];

    private static Plot Panel(IReadOnlyList<ExperimentFigures> table, string[] methods)
    {
        int least = table.Min(row => row.Images);
        ExperimentFigures[] rows = [.. table.Where(row => row.Images == least)];
        ExperimentFigures none = rows[0];
        double smallest = rows.SelectMany(row => (double[])[row.Frechet, row.FrechetLow]).Where(value => value > 0).DefaultIfEmpty(1).Min();
        double ceiling = Farthest * Math.Max(none.Frechet, smallest);
        Plot plot = new();
        VerticalSpan band = plot.Add.VerticalSpan(Log(none.FrechetLow), Log(none.FrechetHigh));
        (band.FillColor, band.LineWidth) = (Color.FromHex("#202020").WithAlpha(0.10), 0);
        foreach (ExperimentFigures row in rows)
        {
            int method = Array.IndexOf(methods, row.Method);
            Color colour = Colour(methods, method);
            (double x, double y) = (row.TimeRatio, Log(row.Frechet));
            plot.Add.Plottable(new ErrorBar(
                [x], [y], [x - row.TimeLow], [row.TimeHigh - x], [y - Log(row.FrechetLow)], [Log(row.FrechetHigh) - y])
            {
                Color = colour,
                LineWidth = 1,
            });
            Scatter point = plot.Add.ScatterPoints((double[])[x], [y], colour);
            (point.MarkerShape, point.MarkerSize, point.MarkerLineWidth, point.MarkerLineColor) = (Shape(method), Marker, 2, colour);
        }

        (double low, double high) = (rows.Min(row => Log(row.FrechetLow)), rows.Max(row => Log(row.FrechetHigh)));
        (double left, double right) = (rows.Min(row => row.TimeLow), rows.Max(row => row.TimeHigh));
        (double up, double beside) = (Math.Max(0.05 * (high - low), 0.01), Math.Max(0.05 * (right - left), 0.01));
        PlotFrame.Apply(
            plot,
            $"{none.Steps} steps, {least} images",
            "measured time, share of no caching",
            FormattableString.Invariant($"Fréchet distance, logarithmic; above {ceiling:0.###} at the edge"));
        plot.Axes.Left.TickGenerator = PlotTicks.Logarithmic(low - up, high + up);
        plot.Axes.SetLimits(left - beside, right + beside, low - up, high + up);
        return plot;

        double Log(double value) => Math.Log10(Math.Clamp(value, smallest, ceiling));
    }
}
