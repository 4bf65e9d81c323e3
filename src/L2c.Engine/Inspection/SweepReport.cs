using System.Globalization;
using L2c.Weights;

namespace L2c.Cli.Inspection;

/// <summary>What a router reuses and saves at one threshold. MACs are for one image and one half of guidance.</summary>
/// <param name="Threshold">A branch is computed where its score is above it.</param>
/// <param name="Reused">Branches of cache evaluations that are reused.</param>
/// <param name="ReusedAttention">Of those, attention branches.</param>
/// <param name="ReusedMlp">Of those, MLP branches.</param>
/// <param name="ShareOfCacheEvaluations">Reused over the branches of cache evaluations.</param>
/// <param name="ShareOfAllEvaluations">Reused over the branches of all evaluations.</param>
/// <param name="MacsAfter">Attention products included; null without a known model.</param>
/// <param name="MacRatio">MACs after over before.</param>
/// <param name="IdealSpeedup">MACs before over after.</param>
internal sealed record SweepRow(
    double Threshold,
    int Reused,
    int ReusedAttention,
    int ReusedMlp,
    double ShareOfCacheEvaluations,
    double ShareOfAllEvaluations,
    long? MacsAfter,
    double? MacRatio,
    double? IdealSpeedup);

/// <summary><c>l2c inspect ROUTER --sweep</c>: a row for each threshold from 0 to 1.</summary>
/// <param name="File">Path as given.</param>
/// <param name="Model">The network that MACs are counted for, or null.</param>
/// <param name="AlsoFits">Other published models of its depth; null when the model was named.</param>
/// <param name="Steps">Evaluations of a run.</param>
/// <param name="CacheBranches">Branches of all cache evaluations.</param>
/// <param name="PublishedThreshold">The authors' for this model.</param>
/// <param name="MacsBefore">Everything computed.</param>
/// <param name="Thresholds">The rows.</param>
internal sealed record SweepReport(
    string File,
    string? Model,
    IReadOnlyList<string>? AlsoFits,
    int Steps,
    int CacheBranches,
    double PublishedThreshold,
    long? MacsBefore,
    IReadOnlyList<SweepRow> Thresholds)
{
    // Steps from 0 to 1: the published thresholds 0.1 and 0.9 are among them.
    private const int Twentieths = 20;

    /// <summary>Counts for every threshold.</summary>
    /// <param name="router">The open file.</param>
    /// <param name="model">Name of a published model, or null for the first of the router's depth.</param>
    /// <exception cref="MalformedFileException">It holds no router, or a damaged one.</exception>
    /// <exception cref="Output.UsageException">The model is unknown or of another depth.</exception>
    public static SweepReport Of(TensorFile router, string? model)
    {
        ScheduleReport published = ScheduleReport.Of(InspectedSchedule.Read(router, null, model), null);
        return new SweepReport(
            published.File,
            published.Model,
            published.AlsoFits,
            published.Steps,
            published.CacheBranches,
            published.Threshold!.Value,
            published.MacsBefore,
            [.. Enumerable.Range(0, Twentieths + 1)
                .Select(i => InspectedSchedule.Read(router, (double)i / Twentieths, model))
                .Select(schedule => Row(ScheduleReport.Of(schedule, null)))]);
    }

    /// <summary>Prints it for a person.</summary>
    public void Print(TextWriter o)
    {
        o.WriteLine($"{File}: router, {Steps} evaluations, {CacheBranches} branches in cache evaluations");
        string model = Model ?? "unknown: name a published one with --model to count MACs";
        Units.PrintFact(o, "model", AlsoFits is null ? model : $"{model}, assumed");
        if (AlsoFits is not null)
        {
            Units.PrintFact(o, "also fits", $"{string.Join(", ", AlsoFits)}; choose with --model");
        }

        o.WriteLine();
        string costs = Model is null ? "" : $"{"MACs",24}{"ratio",9}{"ideal speed-up",16}";
        o.WriteLine($"{"threshold",9}{"reused",9}{"attention",11}{"MLP",7}{"of cache",11}{"of all",10}{costs}");
        foreach (SweepRow row in Thresholds)
        {
            string mark = row.Threshold == PublishedThreshold ? "  as published" : "";
            costs = row.MacsAfter is { } macs ? Text($"{Units.Count(macs),24}{row.MacRatio,9:0.0000}{row.IdealSpeedup,16:0.0000}") : "";
            string shares = Text($"{100 * row.ShareOfCacheEvaluations,9:0.00} %{100 * row.ShareOfAllEvaluations,8:0.00} %");
            o.WriteLine(Text($"{row.Threshold,9:0.00}{row.Reused,9}{row.ReusedAttention,11}{row.ReusedMlp,7}{shares}{costs}{mark}"));
        }
    }

    private static SweepRow Row(ScheduleReport report) => new(
        report.Threshold!.Value,
        report.Reused,
        report.ReusedAttention,
        report.ReusedMlp,
        report.ShareOfCacheEvaluations,
        report.ShareOfAllEvaluations,
        report.MacsAfter,
        report.MacsAfter / (double?)report.MacsBefore,
        report.IdealSpeedup);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
