using System.Globalization;
using L2c.Weights;
using nietras.SeparatedValues;

namespace L2c.Bench.Experiment;

/// <summary>The figures of a row; null for those that there are not.</summary>
internal sealed record ExperimentFigures(
    string Method,
    string Parameter,
    int Steps,
    double MacRatio,
    double TimeRatio,
    double TimeLow,
    double TimeHigh,
    int Images,
    double Frechet,
    double FrechetLow,
    double FrechetHigh,
    double DifferenceLow,
    double DifferenceHigh,
    double? RelativeL2,
    double? Psnr,
    long KeptBytes)
{
    private const string Header = "method,parameter,steps,macRatio,timeRatio,timeLow,timeHigh,images,frechet,frechetLow,frechetHigh,"
        + "differenceLow,differenceHigh,relativeL2,psnr,keptBytes";

    /// <summary>A table as CSV.</summary>
    public static string ToCsv(IEnumerable<ExperimentFigures> rows) => string.Concat(rows.Select(row => row.ToLine()).Prepend(Header + "\n"));

    /// <summary>Reads one.</summary>
    /// <exception cref="MalformedFileException">It is none.</exception>
    public static IReadOnlyList<ExperimentFigures> FromCsv(string path)
    {
        try
        {
            using SepReader reader = Sep.New(',').Reader(options => options with { Unescape = true }).FromFile(path);
            List<ExperimentFigures> rows = [];
            foreach (SepReader.Row row in reader)
            {
                string[] cells = row[..].ToStringsArray();
                double[] numbers = [.. cells.Skip(2).Select(Number)];
                rows.Add(new ExperimentFigures(
                    cells[0], cells[1], (int)numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], (int)numbers[5], numbers[6], numbers[7],
                    numbers[8], numbers[9], numbers[10], OrNull(numbers[11]), OrNull(numbers[12]), (long)numbers[13]));
            }

            return string.Join(',', reader.Header.ColNames) == Header && rows is [{ Method: ExperimentMethods.NoCaching }, ..]
                ? rows
                : throw new FormatException();
        }
        catch (Exception e) when (e is FormatException or IndexOutOfRangeException)
        {
            throw new MalformedFileException(path, "is not the table of an experiment; give what l2c-bench experiment writes", e);
        }

        static double Number(string cell) => cell.Length == 0 ? double.NaN : double.Parse(cell, CultureInfo.InvariantCulture);

        static double? OrNull(double value) => double.IsNaN(value) ? null : value;
    }

    private string ToLine()
    {
        string[] cells =
        [
            Quoted(Method), Quoted(Parameter), Text(Steps, "0"), Text(MacRatio, "0.0000"), Text(TimeRatio, "0.0000"), Text(TimeLow, "0.0000"),
            Text(TimeHigh, "0.0000"), Text(Images, "0"), Text(Frechet), Text(FrechetLow), Text(FrechetHigh), Text(DifferenceLow),
            Text(DifferenceHigh), Text(RelativeL2), Text(Psnr, "0.00"), Text(KeptBytes, "0"),
        ];
        return string.Join(',', cells) + "\n";
    }

    private static string Text(double? value, string format = "0.00000") => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";

    private static string Quoted(string text) => text.Contains(',', StringComparison.Ordinal) ? $"\"{text}\"" : text;
}
