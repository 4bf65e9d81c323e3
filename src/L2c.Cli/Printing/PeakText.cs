using static System.FormattableString;

namespace L2c.Cli.Printing;

/// <summary>How sure a peak of multiply-adds is.</summary>
internal static class PeakText
{
    /// <summary>By how far the best few rounds agree, or that the peak is an estimate.</summary>
    /// <param name="spread">See <see cref="Peak.Spread"/>.</param>
    public static string Of(double? spread) => spread is { } share
        ? Invariant($"best five rounds within {100 * share:0.0} %")
        : "estimated, because other programs held the cores";
}
