using L2c.Weights.Layouts;

namespace L2c;

/// <summary>What a report is of.</summary>
/// <param name="Target">A picture, a result file, a router, a schedule, the table of a sweep, or the folder of a training run or a sweep.</param>
public sealed record ReportRequest(string Target)
{
    /// <summary>The network that plans and MACs are for; null for the one that the files name or that is likeliest.</summary>
    public TransformerArchitecture? Network { get; init; }

    /// <summary>Threshold of a router; null for the published one, or that of its training run.</summary>
    public double? Threshold { get; init; }
}
