using System.Globalization;
using ScottPlot.TickGenerators;
using static System.FormattableString;

namespace L2c;

/// <summary>Ticks at round values, few enough to be read, with the same labels in every culture.</summary>
internal static class PlotTicks
{
    private const int MinTicks = 4, MaxDecades = 12, MaxEven = 12;

    // What values begin with, from coarse to fine.
    private static readonly double[][] _scales =
        [[1], [1, 2, 5], [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9], [.. Enumerable.Range(10, 90).Select(tenths => tenths / 10.0)]];

    /// <summary>Of an axis of plain numbers.</summary>
    public static NumericAutomatic Linear() => new() { MinimumTickSpacing = 90, LabelFormatter = Label };

    /// <summary>Of an axis of whole numbers.</summary>
    public static NumericAutomatic Whole() =>
        new() { MinimumTickSpacing = 90, LabelFormatter = value => value == Math.Round(value) ? Label(value) : "" };

    /// <summary>Of an axis whose coordinates are decimal logarithms: the coarsest of several scales that has four ticks.</summary>
    /// <param name="least">Logarithm of the lower end.</param>
    /// <param name="greatest">Logarithm of the upper end.</param>
    public static NumericManual Logarithmic(double least, double greatest)
    {
        int every = Math.Max(1, (int)Math.Ceiling((greatest - least) / MaxDecades));
        double[][] candidates = Array.ConvertAll(_scales, leading => Array.FindAll(Values(leading), Inside));
        NumericManual ticks = new();
        foreach (double value in Array.Find(candidates, values => values.Length >= MinTicks) ?? candidates[^1])
        {
            ticks.AddMajor(Math.Log10(value), Label(value));
        }

        return ticks;

        double[] Values(double[] leading) =>
        [
            .. from decade in Enumerable.Range((int)Math.Floor(least), (int)Math.Ceiling(greatest) - (int)Math.Floor(least) + 1)
               where decade % every == 0
               from first in leading
               select first * Math.Pow(10, decade),
        ];
        bool Inside(double value) => Math.Log10(value) >= least && Math.Log10(value) <= greatest;
    }

    /// <summary>Of an axis of plain numbers: about five even ones, with as many digits as tell them apart.</summary>
    /// <param name="least">The lower end.</param>
    /// <param name="greatest">The upper end, above it.</param>
    public static NumericManual Even(double least, double greatest)
    {
        double rough = (greatest - least) / 5, decade = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = Array.Find([1.0, 2, 5, 10], factor => factor * decade >= rough * 0.999) * decade;
        int digits = Math.Clamp((int)-Math.Floor(Math.Log10(step)), 0, 15);
        bool isPlain = Math.Max(Math.Abs(least), Math.Abs(greatest)) is >= 1e-3 and < 1e5;
        NumericManual ticks = new();
        double first = Math.Ceiling(least / step), last = double.NaN;
        for (int i = 0; i < MaxEven && (first + i) * step <= greatest; i++)
        {
            double value = ((first + i) * step) + 0.0; // no negative 0
            if (value == last)
            {
                continue; // the range is a few units in the last place
            }

            last = value;
            ticks.AddMajor(value, isPlain ? value.ToString($"F{digits}", CultureInfo.InvariantCulture) : Label(value));
        }

        return ticks;
    }

    /// <summary>A value in as few digits as tell it from others like it.</summary>
    public static string Label(double value) =>
        Math.Abs(value) is 0 or (>= 1e-3 and < 1e5) ? Invariant($"{value:0.######}") : Invariant($"{value:0.######e+0}");
}
