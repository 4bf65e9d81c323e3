using System.Globalization;
using L2c.Weights.Memory;

namespace L2c.Cli.Printing;

/// <summary>Quantities for people.</summary>
internal static class Units
{
    private static readonly (double Unit, string Prefix)[] _prefixes = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];

    /// <summary>As <c>1.50 GiB</c> or <c>4.8 MiB</c>.</summary>
    public static string Bytes(long bytes) => HostMemory.Text(bytes);

    /// <summary>As <c>118.6 GMACs</c>: four digits.</summary>
    public static string Macs(long macs) => $"{Scaled(macs)}MACs";

    /// <summary>As <c>5.930 TFLOP</c>: four digits.</summary>
    /// <param name="gflop">In units of 10^9 operations.</param>
    public static string Flop(double gflop) => $"{Scaled(gflop * 1e9)}FLOP";

    /// <summary>With thousands separated.</summary>
    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>As <c>1 image</c> and <c>2 images</c>.</summary>
    public static string Of(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    /// <summary>What has become of branches that are not computed, where it is one thing for all.</summary>
    /// <param name="all">Their number.</param>
    /// <param name="forecast">Of them, forecast.</param>
    /// <param name="inSegments">Of them, in replaced segments.</param>
    /// <param name="dropped">Of them, dropped.</param>
    public static string SkippedWord(int all, int? forecast, int? inSegments, int? dropped) => (forecast ?? 0, inSegments ?? 0, dropped ?? 0) switch
    {
        (0, 0, 0) => "reused",
        (var count, 0, 0) when count == all => "forecast",
        (0, var count, 0) when count == all => "in replaced segments",
        (0, 0, var count) when count == all => "dropped",
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

    private static string Scaled(double number)
    {
        (double unit, string prefix) = Array.Find(_prefixes, p => number >= p.Unit);
        return prefix is null
            ? string.Create(CultureInfo.InvariantCulture, $"{number} ")
            : string.Create(CultureInfo.InvariantCulture, $"{FourDigits(number / unit)} {prefix}");
    }

    private static string FourDigits(double number) =>
        number.ToString(number switch { < 9.9995 => "0.000", < 99.995 => "0.00", _ => "0.0" }, CultureInfo.InvariantCulture);

    /// <summary>One line of a report: what, then how much.</summary>
    public static void PrintFact(TextWriter o, string name, string value) => o.WriteLine($"  {name,-18} {value}");
}
