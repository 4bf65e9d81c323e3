using System.Text;
using System.Text.Json;
using L2c.Weights;
using nietras.SeparatedValues;
using ScottPlot;
using ScottPlot.Plottables;

namespace L2c;

/// <summary>The loss of a training run over its steps as a picture.</summary>
/// <remarks>
/// The grey line goes through the rows, of many rows through the least and the greatest of each part; red is the mean of the rows around. The loss is
/// on a logarithmic scale; rows that are not above 0 or not finite are left out. The bytes depend on the log alone.
/// </remarks>
internal static class LossPlot
{
    private const int Width = 1100, Height = 520, MaxColumns = 500;

    // The mean is over up to this share of the rows to each side.
    private const int ReachDivisor = 50;

    // Decades that the axis shows at least.
    private const double MinRange = 0.1;

    /// <summary>Lays the picture of a log out; one without rows to draw says so.</summary>
    /// <param name="csv">Written by <see cref="CsvLog"/>; the step and the loss are its first two columns.</param>
    /// <exception cref="IOException">The log cannot be read.</exception>
    public static Picture Draw(string csv)
    {
        (double Step, double Loss)[] rows = Read(csv);
        string description = JsonSerializer.Serialize(
            new { plot = "loss", rows = rows.Length, lastStep = rows.LastOrDefault().Step }, ReportJson.Options);
        return Picture.Of(Width, Height, description, () => Lay(rows));
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

    private static Plot Lay((double Step, double Loss)[] rows)
    {
        Plot plot = new();
        if (rows.Length == 0)
        {
            plot.Title("no row of the log has a loss to draw yet");
            plot.HideAxesAndGrid();
        }
        else
        {
            Lay(plot, rows);
        }

        PictureFont.Apply(plot);
        return plot;
    }

    private static void Lay(Plot plot, (double Step, double Loss)[] rows)
    {
        double least = Math.Log10(rows.Min(row => row.Loss)), greatest = Math.Log10(rows.Max(row => row.Loss));
        double margin = Math.Max((greatest - least) * 0.03, (MinRange - (greatest - least)) / 2);
        (least, greatest) = (least - margin, greatest + margin);
        int columns = Math.Min(rows.Length, MaxColumns);
        int[] firsts = [.. Enumerable.Range(0, columns + 1).Select(column => (int)((long)column * rows.Length / columns))];
        double[] means = Smooth([.. rows.Select(row => row.Loss)]);
        List<Coordinates> spread = [], mean = [];
        for (int column = 0; column < columns; column++)
        {
            (double Step, double Loss)[] part = rows[firsts[column]..firsts[column + 1]];
            spread.Add(At(part[0].Step, part.Min(row => row.Loss)));
            spread.Add(At(part[0].Step, part.Max(row => row.Loss)));
            mean.Add(At(part[0].Step, means[firsts[column]]));
        }

        Scatter spreadLine = plot.Add.ScatterLine(spread), meanLine = rows.Length > 1 ? plot.Add.ScatterLine(mean) : plot.Add.ScatterPoints(mean);
        (spreadLine.Color, spreadLine.LineWidth, spreadLine.LegendText) = (Color.FromHex("#C3CCD8"), 1, "rows of the log");
        (meanLine.Color, meanLine.LineWidth, meanLine.LegendText) = (Color.FromHex("#D62728"), 3, "mean of the rows around");
        plot.YLabel("loss");
        plot.XLabel("optimisation step");
        plot.Axes.Left.TickGenerator = PlotTicks.Logarithmic(least, greatest);
        plot.Axes.Bottom.TickGenerator = PlotTicks.Linear();
        double beside = Math.Max((rows[^1].Step - rows[0].Step) * 0.02, 0.5);
        plot.Axes.SetLimits(rows[0].Step - beside, rows[^1].Step + beside, least, greatest);
        plot.ShowLegend(Alignment.UpperRight);

        // Means are sums' differences: behind a loss that dwarfs all others they can be anything.
        Coordinates At(double step, double loss) => new(step, loss > 0 ? Math.Clamp(Math.Log10(loss), least, greatest) : least);
    }

    private static (double Step, double Loss)[] Read(string csv)
    {
        // The run that writes the log has it open.
        using ByteSource source = ByteSource.OpenFile(csv, mayBeEmpty: true);
        using SepReader reader = Sep.New(',').Reader().FromText(Encoding.UTF8.GetString(source.ReadAll(ReadLimits.LogBytes)));
        List<(double Step, double Loss)> rows = [];
        foreach (SepReader.Row row in reader)
        {
            (double step, double loss) = (row[0].Parse<double>(), row[1].Parse<double>());
            if (double.IsFinite(loss) && loss > 0)
            {
                rows.Add((step, loss));
            }
        }

        return [.. rows];
    }
}
