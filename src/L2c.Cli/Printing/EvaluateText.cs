using System.Globalization;
using L2c.Cli.Output;

namespace L2c.Cli.Printing;

/// <summary>Distances for a person.</summary>
internal static class EvaluateText
{
    /// <summary>Prints a table.</summary>
    public static void Print(EvaluateResult result, Terminal terminal)
    {
        string title = $"Fréchet distance to {result.Data}, {Units.Of(result.DataImages, "image")}";
        Distance[] rows = [result.Samples, .. result.Ddim ?? [], .. result.Floor is null ? [] : new[] { result.Floor }];
        int width = Math.Max(title.Length, rows.Max(row => Label(row).Length));
        terminal.Out.WriteLine($"{title.PadRight(width)}  distance  90 % interval");
        foreach (Distance row in rows)
        {
            terminal.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Label(row).PadRight(width)}  {row.Frechet,8:0.0000}  {row.FrechetLow:0.0000} .. {row.FrechetHigh:0.0000}"));
        }
    }

    private static string Label(Distance row) => $"{row.Name}, {Units.Of(row.Images, "image")}";
}
