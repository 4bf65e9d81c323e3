namespace L2c.Model.Calibration;

/// <summary>What calibrated methods are told beside their threshold; each reads its own. Defaults are the published ones.</summary>
public sealed record CalibrationSettings
{
    /// <summary>SmoothCache's R: how many evaluations in a row may reuse. At least 1.</summary>
    public int Lookahead { get; init; } = 3;

    /// <summary>MagCache's K: how many evaluations in a row may reuse. At least 1.</summary>
    public int MaxSkips { get; init; } = 5;

    /// <summary>MagCache's retention ratio: the share of the evaluations, from the first on, that are all computed. 0 to 1.</summary>
    public double Retention { get; init; } = 0.1;

    /// <summary>EasyCache's <c>ret_steps</c>: how many of the first evaluations are all computed. At least 1.</summary>
    public int FirstComputed { get; init; } = 5;
}
