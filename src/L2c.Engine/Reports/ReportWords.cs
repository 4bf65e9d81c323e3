using System.Globalization;
using System.Text;
using System.Text.Json;
using static System.FormattableString;

namespace L2c;

/// <summary>Names and quantities of a report: what JSON calls <c>peakBytes</c> is "peak memory", and so many MiB.</summary>
internal static class ReportWords
{
    private static readonly Dictionary<string, string> _names = new(StringComparer.Ordinal)
    {
        ["cfgScale"] = "guidance scale",
        ["rng"] = "noise generator",
        ["eta"] = "η",
        ["vae"] = "autoencoder",
        ["isa"] = "vectors",
        ["dtype"] = "stored in",
        ["mse"] = "mean squared error",
        ["vb"] = "variational bound",
        ["psnr"] = "PSNR",
        ["relativeL2"] = "relative L2",
        ["fid"] = "FID",
        ["sfid"] = "sFID",
        ["imageMs"] = "time per image",
        ["uncachedImageMs"] = "time per image without caching",
        ["evaluationMs"] = "time per evaluation",
        ["stepMs"] = "time per step",
        ["peakBytes"] = "memory on the device at most",
        ["startMs"] = "start of the process to first evaluation",
        ["loadMs"] = "opening and loading",
        ["planMs"] = "planning",
        ["sampleMs"] = "sampling, planning included",
        ["decodeMs"] = "decoding",
        ["elapsedMs"] = "whole command",
        ["macRatio"] = "MACs, of those without caching",
        ["timeRatio"] = "time, of that without caching",
        ["timeRatioLow"] = "its interval from",
        ["timeRatioHigh"] = "its interval to",
        ["idealSpeedup"] = "ideal speed-up, by MACs",
        ["realisedSpeedup"] = "speed-up, measured",
        ["realisedToIdeal"] = "measured speed-up, of the ideal",
        ["timedRounds"] = "timed rounds",
        ["warmupRounds"] = "rounds before them",
        ["confidence"] = "confidence of the interval",
        ["differenceMeasurable"] = "a difference in time can be told",
        ["identicalPlans"] = "both runs do the same",
    };

    /// <summary>What a member of an object is called: words instead of camelCase, without the unit.</summary>
    public static string Name(string key)
    {
        if (_names.TryGetValue(key, out string? known))
        {
            return known;
        }

        string stem = key.EndsWith("Ms", StringComparison.Ordinal) || key.EndsWith("Db", StringComparison.Ordinal) ? key[..^2] : key;
        StringBuilder words = new();
        foreach (char c in stem.TrimStart('-'))
        {
            words.Append(char.IsAsciiLetterUpper(c) && words.Length > 0 ? $" {char.ToLowerInvariant(c)}" : c == '-' ? " " : c.ToString());
        }

        return words.ToString().Replace("macs", "MACs", StringComparison.Ordinal).Replace("mlp", "MLP", StringComparison.Ordinal);
    }

    /// <summary>A value in the unit that its name says.</summary>
    public static string Value(string key, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString() is { Length: > 0 } text ? text : "-",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Array => value.GetArrayLength() == 0 ? "-" : string.Join(", ", value.EnumerateArray().Select(item => Value("", item))),
        JsonValueKind.Number when value.TryGetDouble(out double number) => Number(key, number, value),
        _ => value.GetRawText(),
    };

    /// <summary>As <c>1.86 TMACs</c>.</summary>
    public static string Macs(double macs) => macs switch
    {
        >= 1e12 => Invariant($"{macs / 1e12:0.000} TMACs"),
        >= 1e9 => Invariant($"{macs / 1e9:0.000} GMACs"),
        >= 1e6 => Invariant($"{macs / 1e6:0.000} MMACs"),
        0 => "0",
        _ => Invariant($"{macs:#,0} MACs"),
    };

    /// <summary>As <c>4.75 MiB</c>.</summary>
    public static string Bytes(double bytes) => bytes switch
    {
        >= 1L << 30 => Invariant($"{bytes / (1L << 30):0.00} GiB"),
        >= 1L << 20 => Invariant($"{bytes / (1L << 20):0.00} MiB"),
        >= 1L << 10 => Invariant($"{bytes / (1L << 10):0.0} KiB"),
        _ => Invariant($"{bytes:0} bytes"),
    };

    /// <summary>As <c>12.3 ms</c>, <c>2.83 s</c> or <c>1:02:03</c>.</summary>
    public static string Duration(double milliseconds) => milliseconds switch
    {
        < 1 => Invariant($"{milliseconds:0.000} ms"),
        < 1000 => Invariant($"{milliseconds:0.0} ms"),
        < 120_000 => Invariant($"{milliseconds / 1000:0.00} s"),
        < 1e12 => TimeSpan.FromMilliseconds(milliseconds) is var time ? Invariant($"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}") : "",
        _ => Invariant($"{milliseconds / 1000:0.###e+0} s"),
    };

    /// <summary>As <c>30.6 %</c>.</summary>
    public static string Percent(double share) => Invariant($"{100 * share:0.0} %");

    /// <summary>With thousands separated.</summary>
    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>Six digits of a number.</summary>
    public static string Digits(double number) => Math.Abs(number) is > 0 and < 1e-4 ? Invariant($"{number:0.#####e+0}") : Invariant($"{number:G6}");

    /// <summary>As <c>1 image</c> and <c>2 images</c>.</summary>
    public static string Of(long count, string what) => $"{Count(count)} {what}{(count == 1 ? "" : "s")}";

    private static string Number(string key, double number, JsonElement value) => key switch
    {
        _ when key.EndsWith("Ms", StringComparison.Ordinal) => Duration(number),
        _ when key.EndsWith("Bytes", StringComparison.Ordinal) || key == "bytes" => Bytes(number),
        _ when key.EndsWith("acs", StringComparison.Ordinal) || key.StartsWith("macs", StringComparison.Ordinal) => Macs(number),
        _ when key.EndsWith("Share", StringComparison.Ordinal) || key.StartsWith("share", StringComparison.Ordinal) => Percent(number),
        "macRatio" or "timeRatio" or "timeRatioLow" or "timeRatioHigh" or "realisedToIdeal" or "confidence" => Percent(number),
        "idealSpeedup" or "realisedSpeedup" => Invariant($"{number:0.000}"),
        "psnr" => Invariant($"{number:0.00} dB"),
        "seed" => value.GetRawText(),
        _ when value.TryGetInt64(out long whole) => whole is > -10_000 and < 10_000 ? value.GetRawText() : Count(whole),
        _ => Invariant($"{number:0.######}") is "0" && number != 0 ? Invariant($"{number:0.###e+0}") : Invariant($"{number:0.######}"),
    };
}
