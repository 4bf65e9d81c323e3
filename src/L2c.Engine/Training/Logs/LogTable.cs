using System.Text;
using L2c.Weights;
using nietras.SeparatedValues;

namespace L2c;

/// <summary>The rows of a log, as far as they are written to their end.</summary>
/// <param name="Columns">The step first, then the loss; empty where the header is not written yet.</param>
/// <param name="Rows">A figure per column.</param>
internal sealed record LogTable(IReadOnlyList<string> Columns, IReadOnlyList<double[]> Rows)
{
    /// <summary>Reads a log, also while a run writes it.</summary>
    /// <param name="path">Written by <see cref="CsvLog"/>.</param>
    /// <exception cref="MalformedFileException">It is no such log.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static LogTable Read(string path)
    {
        using ByteSource source = ByteSource.OpenFile(path, mayBeEmpty: true);
        string text = Encoding.UTF8.GetString(source.ReadAll(ReadLimits.LogBytes));
        text = text[..(text.LastIndexOf('\n') + 1)]; // the run may be writing its last row
        if (text.Length == 0)
        {
            return new LogTable([], []);
        }

        try
        {
            using SepReader reader = Sep.New(',').Reader().FromText(text);
            List<double[]> rows = [];
            foreach (SepReader.Row row in reader)
            {
                rows.Add(row[..].Parse<double>().ToArray());
            }

            return reader.Header.ColNames.Count >= 2
                ? new LogTable(reader.Header.ColNames, rows)
                : throw new InvalidDataException("no column beside the step");
        }
        catch (Exception e) when (e is FormatException or InvalidDataException or ArgumentException or KeyNotFoundException)
        {
            throw new MalformedFileException(path, "is not the log of a training run; remove it from the folder", e);
        }
    }
}
