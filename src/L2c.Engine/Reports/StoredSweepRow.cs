using System.Text;
using L2c.Weights;
using nietras.SeparatedValues;

namespace L2c;

/// <summary>A row of a sweep's table, of this version or of one before it.</summary>
/// <param name="Record">Its figures.</param>
/// <param name="TimeInterval">The interval of its time ratio as it is shown behind it; empty where the table has none.</param>
internal sealed record StoredSweepRow(SweepRecord Record, string TimeInterval)
{
    private const string TimeRatio = "timeRatio", Low = "timeRatioLow", High = "timeRatioHigh";

    private static readonly string[] _columns = SweepRecord.Header.Split(',');

    /// <summary>Reads a table, of a sweep that runs as far as it has come.</summary>
    /// <exception cref="MalformedFileException">It is no table of a sweep, or has no row.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IReadOnlyList<StoredSweepRow> ReadAll(string path)
    {
        using ByteSource source = ByteSource.OpenFile(path);
        string text = Encoding.UTF8.GetString(source.ReadAll(ReadLimits.ScheduleBytes));
        text = text[..(text.LastIndexOf('\n') + 1)]; // the last row may be in writing
        string[] there = text.Split('\n')[0].TrimEnd('\r').Split(',');
        if (!_columns.Except([Low, High]).All(there.Contains))
        {
            throw new MalformedFileException(path, "is not the table of a sweep; give a sweep.csv that l2c sweep wrote");
        }

        List<StoredSweepRow> rows = [];
        try
        {
            using SepReader reader = Sep.New(',').Reader(options => options with { Unescape = true }).FromText(text);
            foreach (SepReader.Row row in reader)
            {
                rows.Add(Of(there.Zip(row[..].ToStringsArray()).ToDictionary(field => field.First, field => field.Second)));
            }
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or ArgumentException)
        {
            throw new MalformedFileException(path, $"line {rows.Count + 2} is not a row of a sweep; remove it", e);
        }

        return rows.Count > 0 ? rows : throw new MalformedFileException(path, "has no row yet; run the sweep first");
    }

    // A record without an interval has it from the ratio to the ratio.
    private static StoredSweepRow Of(Dictionary<string, string> fields)
    {
        string line = string.Join(',', _columns.Select(column => Quoted(fields.GetValueOrDefault(column, fields[TimeRatio]))));
        string interval = fields.TryGetValue(Low, out string? low) ? $" ({low} .. {fields.GetValueOrDefault(High)})" : "";
        return new StoredSweepRow(SweepRecord.Parse(line) ?? throw new FormatException("not a row"), interval);
    }

    private static string Quoted(string field) => $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
