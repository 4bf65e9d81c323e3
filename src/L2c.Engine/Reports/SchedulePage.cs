using System.Globalization;
using L2c.Model.Networks;
using L2c.Weights;
using L2c.Weights.Layouts;
using static System.FormattableString;

namespace L2c;

/// <summary>The report of a router or a schedule: what it reuses, where, and what that saves.</summary>
internal static class SchedulePage
{
    private static readonly string[] _thresholdColumns = ["threshold", "not computed", "attention", "MLP", "of cache evaluations"];
    private static readonly string[] _costColumns = ["MACs", "ratio", "ideal speed-up"];

    /// <summary>Of a router.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="request">Network and threshold.</param>
    /// <exception cref="RequestException">The network is of another family or depth, or the threshold is none.</exception>
    /// <exception cref="MalformedFileException">It is damaged.</exception>
    public static ReportPage OfRouter(TensorFile file, ReportRequest request)
    {
        var inspected = InspectedSchedule.Read(file, request.Threshold, request.Network);
        RouterShape shape = RouterLogits.Load(file).Architecture;
        return Of(
            inspected,
            "router",
            [.. Thresholds(ThresholdReport.Of(file, request.Network), inspected.Threshold!.Value)],
            [
                new ReportCommand(CommandWords.Line(
                [
                    "sample", "--router", file.Path, "--threshold", inspected.Threshold.Value.ToString(CultureInfo.InvariantCulture),
                    "--steps", shape.Evaluations.ToString(CultureInfo.InvariantCulture),
                ])),
                new ReportText(
                    "Samples with this router; for another network than the demo model add --ckpt. It was trained for a "
                    + $"{NetworkFamilies.Of(shape.Target).Title} of {shape.Branches / 2} blocks and {shape.Evaluations} steps."),
            ]);
    }

    /// <summary>Of a schedule file. The source stays open.</summary>
    /// <exception cref="RequestException">It makes no valid schedule, or the network is of another depth.</exception>
    /// <exception cref="MalformedFileException">It is damaged.</exception>
    public static ReportPage OfFile(ByteSource source, TransformerArchitecture? network) => Of(
        InspectedSchedule.Read(source, network),
        "schedule",
        [],
        [
            new ReportCommand(CommandWords.Line(["sample", "--cache", source.Path])),
            new ReportText("Samples with this schedule; add the --ckpt, --steps and --sampler that it is for."),
        ]);

    /// <summary>Heat map, per block, per evaluation: what a page says of any schedule.</summary>
    internal static IReadOnlyList<ReportSection> Sections(InspectedSchedule inspected, ScheduleReport report) =>
    [
        new ReportSection(
            "Schedule",
            ReportFigures.Drawn(
                SchedulePlot.Draw(inspected),
                "Which branches each evaluation computes: evaluations downwards, the attention and the MLP of each block across."),
            Facts(report),
            report.AssumedBlocks is null ? null : new ReportWarning(
                "SmoothCache's lists do not say for how many blocks they are: shares hold for lists that are for all blocks. Name the network with --model "
                + "or --ckpt.")),
        new ReportSection(
            "Blocks and evaluations",
            new ReportText(
                $"Of each block: how many of the {ReportWords.Of(report.CacheEvaluations, "cache evaluation")} do not compute its attention and its MLP."),
            new ReportPair([Blocks(inspected, report), Evaluations(report)])),
    ];

    /// <summary>The figures that matter most of a schedule.</summary>
    internal static IEnumerable<ReportTile> Tiles(ScheduleReport r)
    {
        yield return new ReportTile(ReportWords.Percent(r.ShareOfCacheEvaluations), "of the cache evaluations' branches not computed");
        yield return new ReportTile($"{r.Reused} of {r.CacheBranches}", $"branches, {r.ReusedAttention} of attention and {r.ReusedMlp} of MLPs");
        if (r is { MacsBefore: { } before, MacsAfter: { } after, IdealSpeedup: { } speedup, Reused: > 0 })
        {
            yield return new ReportTile(ReportWords.Percent(1 - ((double)after / before)), "of the MACs saved");
            yield return new ReportTile(Invariant($"{speedup:0.000}"), "times as fast ideally, by MACs");
        }
    }

    private static ReportPage Of(InspectedSchedule inspected, string kind, ReportPart[] thresholds, ReportPart[] repeat)
    {
        var report = ScheduleReport.Of(inspected, null);
        string assumed = report.ModelAssumed == true ? ", which is assumed" : "";
        string model = report.Model is null ? "for a network that nothing names" : $"counted for {report.Model}{assumed}";
        return new ReportPage(
            kind,
            Path.GetFileName(inspected.File),
            $"{ReportWords.Of(report.Steps, "evaluation")}, {ReportWords.Of(report.Branches / 2, "block")}, {model}",
            [.. Tiles(report)],
            [.. Sections(inspected, report), new ReportSection("Thresholds", thresholds), new ReportSection("How to use it", repeat)]);
    }

    private static ReportFacts? Facts(ScheduleReport r) => ReportFacts.Of(
        ("threshold", r.Threshold?.ToString(CultureInfo.InvariantCulture)),
        ("format", r.Format),
        ("made for", r.MadeFor is { } origin ? $"{origin.Model}, {origin.Sampler}, {ReportWords.Of(origin.Steps, "step")}" : null),
        ("network", r.Model),
        ("also fits", r.AlsoFits is null ? null : string.Join(", ", r.AlsoFits)),
        ("cache evaluations", $"{r.CacheEvaluations} of {r.Steps}"),
        ("not computed, of all evaluations", ReportWords.Percent(r.ShareOfAllEvaluations)),
        ("dropped", r.Dropped?.ToString(CultureInfo.InvariantCulture)),
        ("forecast", r.Forecast?.ToString(CultureInfo.InvariantCulture)),
        ("in a replaced segment", r.InSegments?.ToString(CultureInfo.InvariantCulture)),
        ("MACs without caching", r.MacsBefore is { } before ? ReportWords.Macs(before) : null),
        ("MACs with the schedule", r.MacsAfter is { } after ? ReportWords.Macs(after) : null));

    private static ReportTable Blocks(InspectedSchedule inspected, ScheduleReport report) => new(
        ["block", "attention", "MLP", "share", .. report.Model is null ? Array.Empty<string>() : ["MACs saved"]],
        [.. ScheduleBlock.Of(inspected).Select(block => (string[])
        [
            Invariant($"{block.Block}"),
            Invariant($"{block.AttentionReused}"),
            Invariant($"{block.MlpReused}"),
            report.CacheEvaluations == 0 ? "-" : ReportWords.Percent((block.AttentionReused + block.MlpReused) / (2.0 * report.CacheEvaluations)),
            .. block.MacsSaved is { } macs ? new[] { ReportWords.Macs(macs) } : [],
        ])]);

    private static ReportTable Evaluations(ScheduleReport report) => new(
        ["evaluation", "role", "computed", "skipped", .. report.Model is null ? Array.Empty<string>() : ["MACs"]],
        [.. report.Evaluations.Select((e, i) => (string[])
        [
            Invariant($"{i}"),
            e.Role,
            Invariant($"{e.Compute.Count(c => c == '1')}"),
            Invariant($"{e.Compute.Count(c => c == '0')}"),
            .. e.Macs is { } macs ? new[] { ReportWords.Macs(macs) } : [],
        ])])
    { WordColumns = 2 };

    private static IEnumerable<ReportPart> Thresholds(ThresholdReport report, double threshold)
    {
        yield return ReportFigures.Drawn(ThresholdPlot.Draw(report), "What the router reuses at each threshold, and the MACs that are left.");
        bool counted = report.MacsBefore is not null;
        int marked = report.Thresholds.ToList().FindIndex(row => row.Threshold == threshold);
        yield return new ReportTable(
            [.. _thresholdColumns, .. counted ? _costColumns : []],
            [.. report.Thresholds.Select(row => (string[])
            [
                Invariant($"{row.Threshold:0.00}"),
                Invariant($"{row.Reused}"),
                Invariant($"{row.ReusedAttention}"),
                Invariant($"{row.ReusedMlp}"),
                ReportWords.Percent(row.ShareOfCacheEvaluations),
                .. !counted ? Array.Empty<string>() :
                    [ReportWords.Macs(row.MacsAfter!.Value), Invariant($"{row.MacRatio:0.0000}"), Invariant($"{row.IdealSpeedup:0.000}")],
            ])])
        {
            Marked = marked < 0 ? null : marked,
        };
    }
}
