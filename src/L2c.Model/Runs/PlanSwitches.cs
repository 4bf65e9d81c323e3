namespace L2c.Model.Runs;

/// <summary>What planning does to save time and memory. Each can be switched off; results then change by rounding at most.</summary>
public sealed record PlanSwitches
{
    /// <summary>All on.</summary>
    public static PlanSwitches All { get; } = new();

    /// <summary>Modulations of many evaluations are computed together, before the first of them; off: evaluation by evaluation.</summary>
    public bool ModulationsAhead { get; init; } = true;

    /// <summary>Only outputs that a later evaluation reads are kept, in shared slots; off: every branch has a slot, always written.</summary>
    public bool KeepOnlyReused { get; init; } = true;

    /// <summary>A branch that is not computed skips its norm, shift and scale; off: they are computed and not used.</summary>
    public bool SkipUnused { get; init; } = true;

    /// <summary>Neighbouring residual additions share one pass over x; off: each but the last before a norm is a pass.</summary>
    public bool FuseSkips { get; init; } = true;

    /// <summary>The run is recorded once and replayed; off: ops are enqueued again in every run.</summary>
    public bool Replay { get; init; } = true;

    /// <summary>Memory that modulations computed ahead may take; where they need more, evaluations are done in groups.</summary>
    public long ModulationLimitBytes { get; init; } = 256L << 20;
}
