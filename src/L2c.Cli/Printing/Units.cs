using System.Globalization;

namespace L2c.Cli.Printing;

/// <summary>Quantities for people.</summary>
internal static class Units
{
    /// <summary>As <c>4.75 MiB</c>; below a mebibyte the exact number.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        >= 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.00} GiB"),
        >= 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):0.00} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes"),
    };

    /// <summary>With thousands separated.</summary>
    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>As <c>1 image</c> and <c>2 images</c>.</summary>
    public static string Of(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    /// <summary>What has become of branches that are not computed, where it is one thing for all.</summary>
    /// <param name="all">Their number.</param>
    /// <param name="forecast">Of them, forecast.</param>
    /// <param name="dropped">Of them, dropped.</param>
    public static string SkippedWord(int all, int forecast, int dropped) => (all - forecast - dropped, forecast, dropped) switch
    {
        (_, 0, 0) => "reused",
        (0, _, 0) => "forecast",
        (0, 0, _) => "dropped",
        _ => "not computed",
    };

    /// <summary>One line on the memory of a run.</summary>
    public static string Memory(RunMemory memory) =>
        $"memory: weights {Bytes(memory.WeightBytes)} + workspace {Bytes(memory.WorkspaceBytes)}"
        + $" + cache slots {Bytes(memory.CacheBytes)}"
        + (memory is { DecoderWeightBytes: { } weights, DecoderBytes: { } pass }
            ? $", then decoding {Bytes(weights)} + {Bytes(pass)}; at most "
            : " = ")
        + Bytes(memory.PeakBytes);

    /// <summary>One line of a report: what, then how much.</summary>
    public static void PrintFact(TextWriter o, string name, string value) => o.WriteLine($"  {name,-18} {value}");
}
