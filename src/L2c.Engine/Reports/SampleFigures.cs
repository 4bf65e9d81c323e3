using System.Globalization;
using System.Text.Json;
using static System.FormattableString;

namespace L2c;

/// <summary>Figures of a sampling run from its saved result.</summary>
internal static class SampleFigures
{
    private static readonly string[] _caching =
    [
        "cache", "reusedBranches", "forecastBranches", "droppedBranches", "cacheBranches", "macsBefore", "macsAfter", "macRatio", "idealSpeedup",
        "psnr", "relativeL2",
    ];

    private static readonly string[] _times = ["startMs", "loadMs", "planMs", "sampleMs", "evaluationMs", "decodeMs", "elapsedMs"];

    private static readonly string[] _comparison =
    [
        "imageMs", "uncachedImageMs", "timeRatio", "timeRatioLow", "timeRatioHigh", "confidence", "differenceMeasurable", "identicalPlans",
        "realisedSpeedup", "realisedToIdeal", "timedRounds", "warmupRounds",
    ];

    /// <summary>The measured ones among the figures that matter most.</summary>
    public static IEnumerable<ReportTile> Tiles(SavedResult? result)
    {
        if (result?.Number("realisedSpeedup") is { } speedup)
        {
            yield return new ReportTile(speedup.ToString("0.000", CultureInfo.InvariantCulture), "times as fast, measured");
        }

        if (result?.Member("differenceMeasurable", JsonValueKind.False) is not null)
        {
            yield return new ReportTile("none", "difference in time measurable");
        }

        if (result?.Number("psnr") is { } psnr)
        {
            yield return new ReportTile(Invariant($"{psnr:0.00} dB"), "PSNR against no caching");
        }

        if (result is not null && (result.Number("imageMs") ?? (result.Number("sampleMs") / result.Number("images"))) is { } ms && double.IsFinite(ms))
        {
            yield return new ReportTile(ReportWords.Duration(ms), "per image");
        }

        if (result?.Number("peakBytes") is { } peak)
        {
            yield return new ReportTile(ReportWords.Bytes(peak), "memory on the device at most");
        }
    }

    /// <summary>What caching does.</summary>
    public static ReportFacts? Caching(SavedResult result) => result.Facts(_caching);

    /// <summary>How long it took, in parts and against no caching.</summary>
    public static IReadOnlyList<ReportPart?> Time(SavedResult? result)
    {
        if (result is null)
        {
            return [new ReportWarning("The picture holds no times. Sampling with --save-result keeps them beside it.")];
        }

        double start = result.Number("startMs") ?? 0, plan = result.Number("planMs") ?? 0, sample = result.Number("sampleMs") ?? 0;
        (string Name, double Ms)[] parts =
        [
            ("start, opening and loading", Math.Max(0, start - plan)), // its time goes up to the first evaluation
            ("planning", plan),
            ("evaluations", Math.Max(0, sample - plan)),
            ("decoding", result.Number("decodeMs") ?? 0),
        ];
        double known = parts.Sum(part => part.Ms);
        (string Name, double Ms)[] all = [.. parts, ("comparison, pictures and files", Math.Max(0, (result.Number("elapsedMs") ?? known) - known))];
        return
        [
            known > 0 ? new ReportBar([.. all.Where(part => part.Ms > 0).Select(part => (part.Name, part.Ms, ReportWords.Duration(part.Ms)))]) : null,
            result.Facts([.. _times, .. _comparison, "device", "dtype", "threads", "isa", "batch", "batches"]),
        ];
    }

    /// <summary>Memory on the device in parts, and the work of a batch.</summary>
    public static IReadOnlyList<ReportPart?> Memory(SavedResult? result)
    {
        if (result is null)
        {
            return [];
        }

        (string Key, string Name)[] parts =
        [
            ("weightBytes", "weights"), ("workspaceBytes", "workspace"), ("cacheBytes", "cache slots"), ("decoderWeightBytes", "weights of the decoder"),
            ("decoderBytes", "decoding"),
        ];
        (string, double, string)[] sizes = [.. parts.Where(part => result.Number(part.Key) is > 0)
            .Select(part => (part.Name, result.Number(part.Key)!.Value, ReportWords.Bytes(result.Number(part.Key)!.Value)))];
        return [sizes.Length == 0 ? null : new ReportBar(sizes), result.Facts("peakBytes"), Work(result)];
    }

    /// <summary>What the ops of a full batch do, with the schedule and without.</summary>
    private static ReportTable? Work(SavedResult result)
    {
        if (result.Member("work", JsonValueKind.Object) is not { } work
            || !work.TryGetProperty("total", out JsonElement total) || !work.TryGetProperty("withoutCaching", out JsonElement full)
            || total.ValueKind != JsonValueKind.Object || full.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        return new ReportTable(
            ["a full batch", "with the schedule", "everything computed", "ratio"],
            [.. total.EnumerateObject().Where(member => full.TryGetProperty(member.Name, out _)).Select(member =>
            {
                JsonElement before = full.GetProperty(member.Name);
                bool numbers = member.Value.ValueKind == JsonValueKind.Number && before.ValueKind == JsonValueKind.Number;
                double ratio = numbers ? member.Value.GetDouble() / before.GetDouble() : double.NaN;
                string[] row =
                [
                    ReportWords.Name(member.Name), ReportWords.Value(member.Name, member.Value), ReportWords.Value(member.Name, before),
                    double.IsFinite(ratio) ? Invariant($"{ratio:0.0000}") : "-",
                ];
                return row;
            })]);
    }
}
