using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

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
public sealed record ThresholdRow(
    double Threshold,
    int Reused,
    int ReusedAttention,
    int ReusedMlp,
    double ShareOfCacheEvaluations,
    double ShareOfAllEvaluations,
    long? MacsAfter,
    double? MacRatio,
    double? IdealSpeedup);

/// <summary>What a router reuses and saves: a row for each threshold from 0 to 1.</summary>
/// <param name="File">Path as given.</param>
/// <param name="Model">The network that MACs are counted for, or null.</param>
/// <param name="AlsoFits">Other published models of its depth; null when the model was named.</param>
/// <param name="Steps">Evaluations of a run.</param>
/// <param name="CacheBranches">Branches of all cache evaluations.</param>
/// <param name="PublishedThreshold">The authors' for this model.</param>
/// <param name="MacsBefore">Everything computed.</param>
/// <param name="Thresholds">The rows.</param>
public sealed record ThresholdReport(
    string File,
    string? Model,
    IReadOnlyList<string>? AlsoFits,
    int Steps,
    int CacheBranches,
    double PublishedThreshold,
    long? MacsBefore,
    IReadOnlyList<ThresholdRow> Thresholds)
{
    /// <summary>True where the network is the likeliest one, because nothing names it; otherwise null.</summary>
    public bool? ModelAssumed { get; init; }

    /// <summary>Path of the picture that was drawn of it; null for none.</summary>
    public string? Plot { get; init; }

    // Steps from 0 to 1: the published thresholds 0.1 and 0.9 are among them.
    private const int Twentieths = 20;

    /// <summary>Counts for every threshold.</summary>
    /// <param name="router">The open file.</param>
    /// <param name="network">What MACs are counted for; null for the likeliest one, as of <see cref="InspectedSchedule"/>.</param>
    /// <exception cref="MalformedFileException">It holds no router, or a damaged one.</exception>
    /// <exception cref="RequestException">The network is of another family or depth.</exception>
    public static ThresholdReport Of(TensorFile router, TransformerArchitecture? network)
    {
        ScheduleReport published = ScheduleReport.Of(InspectedSchedule.Read(router, null, network), null);
        return new ThresholdReport(
            published.File,
            published.Model,
            published.AlsoFits,
            published.Steps,
            published.CacheBranches,
            published.Threshold!.Value,
            published.MacsBefore,
            [.. Enumerable.Range(0, Twentieths + 1)
                .Select(i => InspectedSchedule.Read(router, (double)i / Twentieths, network))
                .Select(schedule => Row(ScheduleReport.Of(schedule, null)))])
        {
            ModelAssumed = published.ModelAssumed,
        };
    }

    private static ThresholdRow Row(ScheduleReport report) => new(
        report.Threshold!.Value,
        report.Reused,
        report.ReusedAttention,
        report.ReusedMlp,
        report.ShareOfCacheEvaluations,
        report.ShareOfAllEvaluations,
        report.MacsAfter,
        report.MacsAfter / (double?)report.MacsBefore,
        report.IdealSpeedup);
}
