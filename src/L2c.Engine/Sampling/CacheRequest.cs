namespace L2c.Cli.Sampling;

/// <summary>What the user asked about caching. Null means not asked for.</summary>
internal sealed record CacheRequest
{
    /// <summary>Router file.</summary>
    public string? Router { get; init; }

    /// <summary>Threshold for the router's scores; null for the published one.</summary>
    public double? Threshold { get; init; }

    /// <summary>A rule, or a schedule file that ends in <c>.json</c>.</summary>
    public string? Rule { get; init; }

    /// <summary>The schedule file that <see cref="Rule"/> names; null where it is a rule.</summary>
    public string? RuleFile => Rule?.EndsWith(".json", StringComparison.OrdinalIgnoreCase) == true ? Rule : null;

    /// <summary>File to write the schedule to.</summary>
    public string? SaveSchedule { get; init; }

    /// <summary>Whether it is written as SmoothCache's lists rather than as <c>l2c-schedule/1</c>.</summary>
    public bool SaveAsSmoothCache { get; init; }

    /// <summary>Whether the run is compared with one that computes everything.</summary>
    public bool Compare { get; init; }
}
