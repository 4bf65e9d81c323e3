using static System.FormattableString;

namespace L2c.Cli.Printing;

/// <summary>Time ratios for a person, with their intervals: no difference is told of where none was measured.</summary>
internal static class RatioText
{
    /// <summary>Median, interval, its level and rounds: <c>time ratio 0.842 (0.836 to 0.851), 96 % interval of 12 rounds</c>; where the times do not
    /// differ measurably, that and why.</summary>
    public static string Of(PairedRatio time) => time switch
    {
        { IdenticalPlans: true } => $"nothing is reused, so both runs are the same and any difference is noise: {Interval(time)}",
        { HasInterval: false } =>
            $"{Units.Of(time.TimedRounds, "round")} {(time.TimedRounds == 1 ? "is" : "are")} too few to tell a difference from noise; give --runs {MedianInterval.LeastCount} or more; "
            + Invariant($"median time ratio {time.TimeRatio:0.000}"),
        { DifferenceMeasurable: false } => $"no difference measurable: {Interval(time)}",
        _ => Interval(time),
    };

    /// <summary>What follows from the ratio: <c>1.187 (1.175 to 1.196)</c> for one over it.</summary>
    /// <param name="time">The ratio.</param>
    /// <param name="of">The figure for a ratio; it falls or rises throughout.</param>
    /// <param name="format">Of each, as <c>0.000</c>.</param>
    public static string Derived(PairedRatio time, Func<double, double> of, string format)
    {
        (double one, double other) = (of(time.TimeRatioLow), of(time.TimeRatioHigh));
        return $"{Text(of(time.TimeRatio))} ({Text(Math.Min(one, other))} to {Text(Math.Max(one, other))})";

        string Text(double value) => value.ToString(format, System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The interval's level and the rounds that it is of.</summary>
    public static string Level(PairedRatio time) => Invariant($"{100 * time.Confidence:0.0} % interval of {Units.Of(time.TimedRounds, "round")}");

    private static string Interval(PairedRatio time) => $"time ratio {Derived(time, ratio => ratio, "0.000")}, {Level(time)}";
}
