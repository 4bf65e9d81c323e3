using System.Text.Json;
using ScottPlot;
using SkiaSharp;

namespace L2c;

/// <summary>Losses of routers that differ in lambda over the steps, as means of the rows around, and under them the shares of the branches that are
/// reused: a colour per lambda.</summary>
internal static class LambdaPlot
{
    private const int Width = 1100, LossHeight = 430, ReuseHeight = 260, Margin = 20, MaxPoints = 1000, Swatch = 18;

    private static readonly Color[] _colours =
        [.. new[] { "#1F77B4", "#D62728", "#2CA02C", "#9467BD", "#E89A00", "#11808F", "#8C564B", "#D1499F" }.Select(Color.FromHex)];

    /// <summary>Lays the picture out.</summary>
    /// <param name="curves">Lambdas and the rows of their logs, at least one row each.</param>
    public static Picture Draw(IReadOnlyList<(string Lambda, LossRow[] Rows)> curves)
    {
        string description = JsonSerializer.Serialize(
            new { plot = "loss by lambda", lambdas = curves.Select(curve => curve.Lambda), rows = curves.Sum(curve => curve.Rows.Length) },
            ReportJson.Options);
        (double Step, double Loss)[][] means = [.. curves.Select(curve => curve.Rows
            .Zip(LossPlot.Smooth([.. curve.Rows.Select(row => row.Loss)]), (row, mean) => (row.Step, mean)).ToArray())];
        double[] finite = [.. means.SelectMany(points => points).Select(point => point.Loss).Where(double.IsFinite)];
        LossAxis axis = new(finite.Length > 0 ? finite : [0]);
        int top = Margin + PictureText.Height(PictureText.Body) + 8;
        return new Picture(Width, top + LossHeight + ReuseHeight + Margin, description, canvas =>
        {
            DrawLegend(canvas, [.. curves.Select(curve => $"lambda {curve.Lambda}")]);
            string scale = axis.Scale == LossScale.Linear ? "loss" : axis.Scale == LossScale.Logarithmic ? "loss, logarithmic" : "loss, logarithmic around 0";
            Panel losses = new(
                [.. means.Select(points => points.Select(point => new Coordinates(
                    point.Step, double.IsFinite(point.Loss) ? axis.Map(axis.Held(point.Loss)) : double.NaN)).ToArray())],
                "",
                scale,
                axis.Low,
                axis.High,
                axis.Ticks());
            losses.Render(canvas, new PixelRect(Margin, Width - Margin, top + LossHeight, top));
            Coordinates[][] shares = [.. curves.Select(curve => curve.Rows.Select(row => new Coordinates(row.Step, 100 * row.Reuse)).ToArray())];
            double greatest = Math.Max(1, shares.SelectMany(points => points).Select(point => point.Y).Where(double.IsFinite).DefaultIfEmpty(1).Max());
            Panel reuse = new(
                shares, "optimisation step", "branches reused, %", -0.05 * greatest, 1.1 * greatest, PlotTicks.Even(-0.05 * greatest, 1.1 * greatest));
            reuse.Render(canvas, new PixelRect(Margin, Width - Margin, top + LossHeight + ReuseHeight, top + LossHeight));
        });
    }

    private static Color ColourOf(int curve) => _colours[curve % _colours.Length];

    private static void DrawLegend(SKCanvas canvas, string[] names)
    {
        using SKPaint paint = new();
        float x = Margin;
        for (int i = 0; i < names.Length; i++)
        {
            paint.Color = ColourOf(i).ToSKColor();
            canvas.DrawRect(x, Margin + 3, Swatch, 11, paint);
            PictureText.Write(canvas, names[i], x + Swatch + 6, Margin, SKTextAlign.Left, PictureText.Body, PictureText.Ink);
            x += Swatch + 30 + MathF.Ceiling(PictureText.Body.MeasureText(names[i]));
        }
    }

    /// <summary>One of the plots above each other.</summary>
    private sealed record Panel(Coordinates[][] Curves, string Across, string Up, double Low, double High, ITickGenerator Ticks)
    {
        public void Render(SKCanvas canvas, PixelRect at)
        {
            using Plot plot = new();
            for (int i = 0; i < Curves.Length; i++)
            {
                LossPlot.AddLine(plot, Thinned(Curves[i]), ColourOf(i), 2);
            }

            PlotFrame.Apply(plot, "", Across, Up);
            (plot.Axes.Left.TickGenerator, plot.Axes.Bottom.TickGenerator) = (Ticks, PlotTicks.Whole());
            double first = Curves.Min(points => points[0].X), last = Curves.Max(points => points[^1].X), beside = Math.Max((last - first) * 0.02, 0.5);
            plot.Axes.SetLimits(first - beside, last + beside, Low, High);

            // Of the same width, so that the steps of both plots lie above each other.
            plot.Layout.Fixed(new PixelPadding(90, 30, Across.Length == 0 ? 30 : 50, 8));
            plot.RenderManager.ClearCanvasBeforeEachRender = false;
            plot.Render(canvas, at);
        }

        private static Coordinates[] Thinned(Coordinates[] points)
        {
            int every = (points.Length + MaxPoints - 1) / MaxPoints;
            return [.. points.Where((_, i) => i % every == 0 || i == points.Length - 1)];
        }
    }
}
