using System.Text.Json;
using System.Text.Json.Nodes;
using L2c.Model.Metrics;
using L2c.Weights;
using static System.FormattableString;

namespace L2c;

/// <summary>The report of a sweep: its plot, its table, and what its rows were made with.</summary>
internal static class SweepPage
{
    /// <summary>Of a table; the settings are read from beside it.</summary>
    /// <exception cref="MalformedFileException">It is no table of a sweep, or has no row.</exception>
    public static ReportPage Of(string table)
    {
        IReadOnlyList<StoredSweepRow> rows = StoredSweepRow.ReadAll(table);
        SweepRecord[] records = [.. rows.Select(row => row.Record)];
        string settingsPath = Path.Combine(Path.GetDirectoryName(table) ?? "", Path.GetFileNameWithoutExtension(table) + ".json");
        (SweepSettings? settings, string? fault) = ReadSettings(settingsPath);
        string model = settings?.Parameters["model"]?.ToString() ?? "unknown model";
        string title = settings is null
            ? Path.GetFileName(table)
            : FileText.Printable($"{model}, {settings.Parameters["steps"]} steps, {settings.Parameters["images"]} samples against {settings.Data}");
        SweepRecord? none = records.FirstOrDefault(record => record.Rule == "none");
        return new ReportPage(
            "sweep",
            Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(table))) is { Length: > 0 } folder ? $"{folder}/{Path.GetFileName(table)}" : table,
            settings is null ? $"{ReportWords.Of(records.Length, "row")}; {(fault is null ? "the settings are not beside the table" : "the settings are damaged")}" : title,
            [.. Tiles(rows, none)],
            [
                new ReportSection(
                    "Distance over compute",
                    ReportFigures.Drawn(
                        ParetoPlot.Draw(records, title),
                        "Fréchet distance to the data, lower is better, over the MACs of a run. Bars are intervals of "
                        + $"{FrechetEstimate.Resamples} resamples; grey steps pass through rows that no other row beats in both.")),
                new ReportSection("Rows", Table(rows)),
                new ReportSection("Settings", settings is null ? [] : [Facts(settings), Files(settings)]),
                new ReportSection("How to repeat", [.. Repeat(records, settings, fault)]),
            ]);
    }

    private static (SweepSettings? Settings, string? Fault) ReadSettings(string path)
    {
        try
        {
            return (File.Exists(path) ? SweepSettings.Read(path) : null, null);
        }
        catch (MalformedFileException)
        {
            return (null, $"{Path.GetFileName(path)} does not hold the settings of a sweep, and is left out.");
        }
    }

    private static IEnumerable<ReportTile> Tiles(IReadOnlyList<StoredSweepRow> rows, SweepRecord? none)
    {
        yield return new ReportTile(ReportWords.Count(rows.Count), rows.Count == 1 ? "row" : "rows");
        if (none is null)
        {
            yield break;
        }

        string interval = Invariant($"({none.FrechetLow:0.0000} .. {none.FrechetHigh:0.0000})");
        yield return new ReportTile(Invariant($"{none.Frechet:0.0000}"), $"distance without caching {interval}");
        if (rows.Where(row => row.Record != none && row.Record.Frechet <= none.FrechetHigh).MinBy(row => row.Record.Macs) is { } row)
        {
            SweepRecord cheapest = row.Record;
            yield return new ReportTile(
                ReportWords.Percent(cheapest.MacRatio),
                $"of the MACs: the cheapest row inside no caching's interval, {Name(cheapest)}");
            if (row.TimeInterval.Length > 0 && (cheapest.TimeRatioHigh < 1 || cheapest.TimeRatioLow > 1))
            {
                yield return new ReportTile(Invariant($"{cheapest.TimeRatio:0.000}"), $"of the time, measured, for that row{row.TimeInterval}");
            }
        }
    }

    private static ReportTable Table(IReadOnlyList<StoredSweepRow> rows) => new(
        ["rule", "parameter", "steps", "MACs", "ratio", "time ratio", "ms per image", "distance (interval)", "relative L2", "PSNR"],
        [.. rows.Select(row => Cells(row.Record, row.TimeInterval))])
    {
        WordColumns = 2,
    };

    private static string[] Cells(SweepRecord r, string timeInterval) =>
    [
        r.Rule, r.Parameter, Invariant($"{r.Steps}"), ReportWords.Macs(r.Macs), Invariant($"{r.MacRatio:0.0000}"),
        Invariant($"{r.TimeRatio:0.0000}{timeInterval}"), Invariant($"{r.Ms:0.0}"),
        Invariant($"{r.Frechet:0.0000} ({r.FrechetLow:0.0000} .. {r.FrechetHigh:0.0000})"),
        r.RelativeL2 is { } distance ? Invariant($"{distance:0.0000}") : "", r.Psnr is { } psnr ? Invariant($"{psnr:0.00} dB") : "",
    ];

    private static ReportFacts? Facts(SweepSettings settings) => ReportFacts.Of(
    [
        ("data", settings.Data),
        ("images of the data", ReportWords.Count(settings.DataImages)),
        ("features", settings.Features),
        ("device", settings.Device),
        ("batch", ReportWords.Count(settings.Batch)),
        .. ReportFacts.Members(JsonSerializer.SerializeToElement(settings.Parameters)),
    ]);

    private static ReportTable Files(SweepSettings settings) => new(
        ["file", "SHA-256"],
        [
            .. settings.Routers.Select(router => (string[])[router.Key, router.Value]),
            (string[])[settings.Parameters["checkpoint"]?.ToString() ?? "checkpoint", settings.CheckpointSha256],
            (string[])["images of the data", settings.DataSha256],
        ])
    { WordColumns = 2 };

    private static IEnumerable<ReportPart> Repeat(SweepRecord[] records, SweepSettings? settings, string? fault)
    {
        if (settings is null)
        {
            yield return new ReportWarning(fault ?? "What the rows were made with is not known: sweep.json does not lie beside the table.");
            yield break;
        }

        JsonObject p = settings.Parameters;
        bool isDemo = p["checkpoint"]?.ToString() == Path.GetFileName(DemoModel.Path);
        string[] thresholds = [.. records.Where(record => record.Rule == "learned")
            .Select(record => record.Parameter.Split('@')[^1]).Distinct().Order(StringComparer.Ordinal)];
        yield return new ReportCommand(CommandWords.Line(
        [
            "sweep",
            .. isDemo ? Array.Empty<string>() : ["--ckpt", p["checkpoint"]?.ToString() ?? "CHECKPOINT"],
            .. settings.Routers.Keys.SelectMany(router => new[] { "--router", router }),
            .. thresholds.Length == 0 ? Array.Empty<string>() : ["--thresholds", string.Join(',', thresholds)],
            "--steps", p["steps"]?.ToString() ?? "20",
            "--cfg-scale", p["guidance"]?.ToString() == "none" ? "1" : p["cfgScale"]?.ToJsonString() ?? "1.5",
            "--seed", p["seed"]?.ToJsonString() ?? "0",
            "--count", p["images"]?.ToJsonString() ?? "10000",
            "--data", CommandWords.Data(settings.Data),
            "--data-count", Invariant($"{settings.DataImages}"),
            "--batch", Invariant($"{settings.Batch}"),
        ]));
        yield return new ReportText(
            "From the settings beside the table, which name files without their folders, and no path of data that are not built in (DATA). --rules and "
            + "--mac-ratios, as they were given, decide the other rows. "
            + "All but the times of a row comes out the same on the same vectors.");
    }

    private static string Name(SweepRecord record) => record.Parameter.Length == 0 ? record.Rule : $"{record.Rule} {record.Parameter}";
}
