using System.Globalization;
using nietras.SeparatedValues;

namespace L2c;

/// <summary>The figures of a row.</summary>
/// <param name="Rule">See <see cref="SweepRow"/>.</param>
/// <param name="Parameter">See <see cref="SweepRow"/>.</param>
/// <param name="Steps">Evaluations.</param>
/// <param name="Macs">Multiply-accumulates of the run for one image and one half of guidance, attention products included.</param>
/// <param name="MacRatio">Those over those of the run without caching at the sweep's number of steps.</param>
/// <param name="Ms">Wall time of a full batch over its images, median over the rounds, milliseconds.</param>
/// <param name="TimeRatio">Time of a batch over that of the uncached run in the same round, median over the rounds.</param>
/// <param name="Frechet">Fréchet distance to the data.</param>
/// <param name="FrechetLow">Lower end of its bootstrap interval.</param>
/// <param name="FrechetHigh">Upper end.</param>
/// <param name="RelativeL2">|samples - uncached| / |uncached|; null where not finite.</param>
/// <param name="Psnr">In dB, see <see cref="Comparison"/>; null where nothing differs.</param>
public sealed record SweepRecord(
    string Rule,
    string Parameter,
    int Steps,
    long Macs,
    double MacRatio,
    double Ms,
    double TimeRatio,
    double Frechet,
    double FrechetLow,
    double FrechetHigh,
    double? RelativeL2,
    double? Psnr)
{
    /// <summary>Lower end of the interval of <see cref="TimeRatio"/>, see <see cref="MedianInterval"/>.</summary>
    public double TimeRatioLow { get; init; }

    /// <summary>Upper end.</summary>
    public double TimeRatioHigh { get; init; }

    /// <summary>The header of the table.</summary>
    public const string Header = "rule,parameter,steps,macs,macRatio,ms,timeRatio,timeRatioLow,timeRatioHigh,frechet,frechetLow,frechetHigh,relativeL2,psnr";

    // Longer than any row; the library does not take text of any length.
    private const int MaxLine = 1 << 16;

    private static readonly int _fields = Header.Split(',').Length;

    /// <summary>Whether it is the record of a row.</summary>
    public bool Is(SweepRow row) => (Rule, Parameter, Steps) == (row.Rule, row.Parameter, row.Steps);

    /// <summary>One line of CSV (RFC 4180) without its end; what is missing is an empty field.</summary>
    public string ToLine() => string.Join(
        ',',
        Quoted(Rule), Quoted(Parameter), Text(Steps, "0"), Text(Macs, "0"), Text(MacRatio, "0.000000"), Text(Ms, "0.000"), Text(TimeRatio, "0.0000"),
        Text(TimeRatioLow, "0.0000"), Text(TimeRatioHigh, "0.0000"),
        Text(Frechet, "0.000000"), Text(FrechetLow, "0.000000"), Text(FrechetHigh, "0.000000"), Text(RelativeL2, "0.000000"), Text(Psnr, "0.0000"));

    /// <summary>Reads such a line; null if it is none.</summary>
    public static SweepRecord? Parse(string line)
    {
        string[] fields = Fields(line);
        if (fields.Length != _fields)
        {
            return null;
        }

        double?[] numbers = [.. fields.Skip(2).Select(Number)];
        bool complete = numbers[..^2].All(number => number is not null)
            && numbers[0] is >= 1 and <= int.MaxValue && numbers[1] is >= 0 and <= 1L << 60;
        return !complete || (numbers[^2] is null && fields[^2].Length > 0) || (numbers[^1] is null && fields[^1].Length > 0)
            ? null
            : new SweepRecord(
                fields[0], fields[1], (int)numbers[0]!.Value, (long)numbers[1]!.Value, numbers[2]!.Value, numbers[3]!.Value, numbers[4]!.Value,
                numbers[7]!.Value, numbers[8]!.Value, numbers[9]!.Value, numbers[10], numbers[11])
            {
                TimeRatioLow = numbers[5]!.Value,
                TimeRatioHigh = numbers[6]!.Value,
            };
    }

    /// <summary>Whether a line without its end may be one that was not written to its end: its numbers, but for the last one, are numbers.</summary>
    public static bool MayBegin(string text)
    {
        string[] fields = Fields(text);
        return fields.Length <= _fields && !text.AsSpan().ContainsAny('\0', '\r', '\n')
            && fields.Skip(2).SkipLast(1).Take(_fields - 4).All(field => Number(field) is not null);
    }

    private static string[] Fields(string line)
    {
        if (line.Length > MaxLine)
        {
            return [];
        }

        using SepReader reader = Sep.New(',').Reader(options => options with { HasHeader = false, Unescape = true }).FromText(line);
        return reader.MoveNext() ? reader.Current[..].ToStringsArray() : [];
    }

    private static string Quoted(string text) =>
        text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            ? value
            : null;
}
