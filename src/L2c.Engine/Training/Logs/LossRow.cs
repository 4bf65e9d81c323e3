using System.Text;
using L2c.Weights;
using nietras.SeparatedValues;

namespace L2c;

/// <summary>A row of a log as a picture needs it.</summary>
/// <param name="Step">Optimisation steps done.</param>
/// <param name="Loss">Mean loss; any value.</param>
/// <param name="Reuse">Share of the branches that a router reuses; NaN where the log has none.</param>
internal readonly record struct LossRow(double Step, double Loss, double Reuse)
{
    private const string ReuseColumn = "reuse";

    /// <summary>Reads a log.</summary>
    /// <param name="csv">Written by <see cref="CsvLog"/>; the step and the loss are its first two columns.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static LossRow[] Read(string csv)
    {
        // The run that writes the log has it open.
        using ByteSource source = ByteSource.OpenFile(csv, mayBeEmpty: true);
        using SepReader reader = Sep.New(',').Reader().FromText(Encoding.UTF8.GetString(source.ReadAll(ReadLimits.LogBytes)));
        int reuse = reader.HasHeader && reader.Header.ColNames.Contains(ReuseColumn) ? reader.Header.IndexOf(ReuseColumn) : -1;
        List<LossRow> rows = [];
        foreach (SepReader.Row row in reader)
        {
            rows.Add(new LossRow(row[0].Parse<double>(), row[1].Parse<double>(), reuse < 0 ? double.NaN : row[reuse].Parse<double>()));
        }

        return [.. rows];
    }
}
