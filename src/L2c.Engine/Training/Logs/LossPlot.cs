using System.Globalization;
using System.Text;
using System.Text.Json;
using L2c.Weights;

namespace L2c;

/// <summary>The loss of a training run over its steps as a picture.</summary>
/// <remarks>
/// Grey goes from the least to the greatest row of a column of pixels, red is the mean of the rows around. The loss is on a logarithmic scale; rows
/// that are not above 0 or not finite are left out. The bytes depend on the log alone.
/// </remarks>
internal sealed class LossPlot
{
    private const int Width = 900, Height = 420, MaxColumns = 450, LabelWidth = 11 * PlotCanvas.CharacterWidth, StepLabels = 5;
    private const uint Spread = 0xC3CCD8, Mean = 0xD62728, Line = 0xE6E6E6;

    // The mean is over up to this share of the rows to each side.
    private const int ReachDivisor = 50;

    private const int MinLines = 3;

    // What numbers on the axis begin with.
    private static readonly double[][] _scales =
        [[1], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 6, 8], [.. Enumerable.Range(10, 90).Select(tenths => tenths / 10.0)]];

    private readonly PlotCanvas _canvas = new();
    private readonly double _least, _most;

    private LossPlot((double Step, double Loss)[] rows)
    {
        (_least, _most) = (Math.Log10(rows.Min(row => row.Loss)), Math.Log10(rows.Max(row => row.Loss)));
        if (_most - _least < 0.1)
        {
            (_least, _most) = (_least - 0.05, _most + 0.05);
        }
    }

    private static int Left => PlotCanvas.Gap + LabelWidth;

    private static int Top => (2 * PlotCanvas.Gap) + PlotCanvas.LineHeight;

    /// <summary>Draws a log, over an earlier picture; one without rows to draw says so.</summary>
    /// <param name="csv">Written by <see cref="CsvLog"/>; the step and the loss are its first two columns.</param>
    /// <param name="png">Where the picture shall appear.</param>
    /// <exception cref="IOException">The log cannot be read or the picture cannot be written.</exception>
    public static void Write(string csv, string png)
    {
        (double Step, double Loss)[] rows = [.. Lines(csv).Skip(1).Select(Parse).Where(row => double.IsFinite(row.Loss) && row.Loss > 0)];
        PlotCanvas canvas;
        if (rows.Length == 0)
        {
            canvas = new PlotCanvas();
            canvas.Write(PlotCanvas.Gap, PlotCanvas.Gap, "no row of the log has a loss to draw yet");
        }
        else
        {
            LossPlot plot = new(rows);
            plot.Lay(rows);
            canvas = plot._canvas;
        }

        string description = JsonSerializer.Serialize(
            new { plot = "loss", rows = rows.Length, lastStep = rows.LastOrDefault().Step }, ReportJson.Options);
        canvas.Save(png, description, overwrite: true);
    }

    /// <summary>The mean over up to a fiftieth of all values to each side, of those that there are.</summary>
    internal static double[] Smooth(double[] values)
    {
        int reach = (values.Length + ReachDivisor - 1) / ReachDivisor;
        double[] sums = new double[values.Length + 1];
        for (int i = 0; i < values.Length; i++)
        {
            sums[i + 1] = sums[i] + values[i];
        }

        return [.. values.Select((_, i) =>
        {
            (int first, int end) = (Math.Max(i - reach, 0), Math.Min(i + reach + 1, values.Length));
            return (sums[end] - sums[first]) / (end - first);
        })];
    }

    private void Lay((double Step, double Loss)[] rows)
    {
        _canvas.Write(PlotCanvas.Gap, PlotCanvas.Gap, "loss; grey: rows of the log, red: mean of the rows around");
        Scale();
        int columns = Math.Min(rows.Length, MaxColumns);
        int[] firsts = [.. Enumerable.Range(0, columns + 1).Select(column => (int)((long)column * rows.Length / columns))];
        for (int column = 0; column < columns; column++)
        {
            double[] losses = [.. rows[firsts[column]..firsts[column + 1]].Select(row => row.Loss)];
            Bar(column, columns, losses.Min(), losses.Max(), Spread, 2);
        }

        double[] means = Smooth([.. rows.Select(row => row.Loss)]);
        for (int column = 0; column < columns; column++)
        {
            double mean = means[firsts[column]], before = means[firsts[Math.Max(column - 1, 0)]];
            Bar(column, columns, Math.Min(mean, before), Math.Max(mean, before), Mean, 3);
        }

        int below = Top + Height + PlotCanvas.Gap;
        foreach (int label in Enumerable.Range(0, StepLabels).Select(i => i * (columns - 1) / (StepLabels - 1)).Distinct())
        {
            _canvas.Write(Left + (label * Width / columns), below, Text($"{rows[firsts[label]].Step}"));
        }

        _canvas.Write(Left, below + PlotCanvas.LineHeight + PlotCanvas.Gap, "optimisation step");
    }

    /// <summary>Lines with numbers: of the scales the coarsest that has three.</summary>
    private void Scale()
    {
        double[][] lines = Array.ConvertAll(_scales, LinesOf);
        foreach (double at in Array.Find(lines, candidate => candidate.Length >= MinLines) ?? lines[^1])
        {
            _canvas.Box(Left, Row(at), Width, 1, Line);
            string number = Text($"{Math.Pow(10, at):0.###e+0}");
            _canvas.Write(Left - PlotCanvas.Gap - (number.Length * PlotCanvas.CharacterWidth), Row(at) - (PlotCanvas.LineHeight / 2), number);
        }

        double[] LinesOf(double[] leading)
        {
            (int first, int last) = ((int)Math.Floor(_least), (int)Math.Ceiling(_most));
            return
            [
                .. Enumerable.Range(first, last - first + 1)
                    .SelectMany(decade => leading.Select(digits => Math.Log10(digits) + decade)).Where(at => at >= _least && at <= _most),
            ];
        }
    }

    private void Bar(int column, int columns, double low, double high, uint colour, int least)
    {
        int left = column * Width / columns, top = Row(Math.Log10(high));
        _canvas.Box(Left + left, top, ((column + 1) * Width / columns) - left, Math.Max(Row(Math.Log10(low)) - top, least), colour);
    }

    // Means are sums' differences: behind a loss that dwarfs all others they can be anything.
    private int Row(double logarithm)
    {
        double inside = double.IsNaN(logarithm) ? _least : Math.Clamp(logarithm, _least, _most);
        return Top + (int)Math.Round((_most - inside) / (_most - _least) * Height);
    }

    // The run that writes the log has it open.
    private static string[] Lines(string csv)
    {
        using ByteSource source = ByteSource.OpenFile(csv, mayBeEmpty: true);
        return Encoding.UTF8.GetString(source.ReadAll(ReadLimits.LogBytes)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static (double Step, double Loss) Parse(string line)
    {
        string[] fields = line.Split(',');
        return (double.Parse(fields[0], CultureInfo.InvariantCulture), double.Parse(fields[1], CultureInfo.InvariantCulture));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
