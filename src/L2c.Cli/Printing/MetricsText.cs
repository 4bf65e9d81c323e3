using System.Globalization;
using L2c.Cli.Output;

namespace L2c.Cli.Printing;

/// <summary>Metrics of images for a person.</summary>
internal static class MetricsText
{
    /// <summary>Prints a line per metric.</summary>
    public static void Print(MetricsResult result, Terminal terminal)
    {
        string samples = Label(result.Samples, result.SampleImages), reference = Label(result.Reference, result.ReferenceImages);
        terminal.Out.WriteLine($"{samples} against {reference}, {result.Features}");
        (string Title, string Key, double? Value)[] rows =
        [
            ("FID", "fid", result.Fid),
            ("sFID", "sfid", result.Sfid),
            ("Inception Score", "inceptionScore", result.InceptionScore),
            ("precision", "precision", result.Precision),
            ("recall", "recall", result.Recall),
        ];
        foreach ((string title, string key, double? value) in rows)
        {
            string text = value is { } number ? number.ToString("0.0000", CultureInfo.InvariantCulture) : $"-  ({result.Missing[key]})";
            terminal.Out.WriteLine($"{title,-15}  {text}");
        }
    }

    private static string Label(string name, int? images) => images is { } count ? $"{name} ({Units.Of(count, "image")})" : $"{name} (statistics)";
}
