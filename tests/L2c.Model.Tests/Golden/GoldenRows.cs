using System.Globalization;
using System.Text.RegularExpressions;

namespace L2c.Model.Tests.Golden;

/// <summary>Features as the manifest's cases describe them: recorded rows, some of them, or changed ones.</summary>
/// <param name="Values">[N, D].</param>
/// <param name="Dimension">D.</param>
internal sealed partial record GoldenRows(float[] Values, int Dimension)
{
    /// <summary>Rows by their description.</summary>
    /// <param name="text">Such as <c>ref[0:40]</c>.</param>
    /// <param name="find">Recorded rows by their name.</param>
    public static GoldenRows Parse(string text, Func<string, GoldenRows> find)
    {
        if (Plain().Match(text) is { Success: true } plain)
        {
            GoldenRows rows = find(plain.Groups["name"].Value);
            rows = plain.Groups["end"].Success ? rows.Some(Number(plain, "first"), Number(plain, "end")) : rows;
            rows = plain.Groups["endColumn"].Success ? rows.Columns(Number(plain, "firstColumn"), Number(plain, "endColumn")) : rows;
            return plain.Groups["side"].Value switch
            {
                ">=" => rows.Map((_, column, value) => column >= rows.Dimension / 2 ? 0 : value),
                "<" => rows.Map((_, column, value) => column < rows.Dimension / 2 ? 0 : value),
                _ => plain.Groups["factor"].Success ? rows.Map((_, _, value) => value * Number(plain, "factor")) : rows,
            };
        }

        if (Repeated().Match(text) is { Success: true } repeated)
        {
            GoldenRows row = find(repeated.Groups["name"].Value).Some(Number(repeated, "row"), Number(repeated, "row") + 1);
            return row with { Values = [.. Enumerable.Repeat(row.Values, Number(repeated, "times")).SelectMany(values => values)] };
        }

        if (Outlier().Match(text) is { Success: true } outlier)
        {
            int far = Number(outlier, "row");
            GoldenRows rows = find(outlier.Groups["name"].Value).Map((row, _, value) => row == far ? value * Number(outlier, "factor") : value);
            int half = outlier.Groups["half"].Success ? Number(outlier, "half") * rows.Dimension : 0;
            return rows with { Values = [.. rows.Values[half..], .. rows.Values[..half]] };
        }

        throw new NotSupportedException($"no rule for '{text}'");
    }

    /// <summary>Rows <paramref name="first"/> to <paramref name="end"/>.</summary>
    public GoldenRows Some(int first, int end) => this with { Values = Values[(first * Dimension)..(end * Dimension)] };

    private GoldenRows Columns(int first, int end) =>
        new([.. Values.Where((_, i) => i % Dimension >= first && i % Dimension < end)], end - first);

    private GoldenRows Map(Func<int, int, float, float> change) =>
        this with { Values = [.. Values.Select((value, i) => change(i / Dimension, i % Dimension, value))] };

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"^(?<name>\w+)(\[(?<first>\d+):(?<end>\d+)\])?(\[:,(?<firstColumn>\d+):(?<endColumn>\d+)\])?( \* (?<factor>\d+))?"
        + @"(, columns (?<side>>=|<) d/2 set to 0)?$")]
    private static partial Regex Plain();

    [GeneratedRegex(@"^row (?<row>\d+) of (?<name>\w+), (?<times>\d+) times$")]
    private static partial Regex Repeated();

    [GeneratedRegex(@"^(?<name>\w+) with row (?<row>\d+) \* (?<factor>\d+)(, then rows (?<half>\d+)\.\. before rows 0\.\.\d+)?$")]
    private static partial Regex Outlier();
}
