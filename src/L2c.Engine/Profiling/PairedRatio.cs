namespace L2c;

/// <summary>One run's time over another's, from rounds in which each ran once, one after the other.</summary>
/// <param name="TimeRatio">Median of the rounds' ratios.</param>
/// <param name="TimeRatioLow">Lower end of the interval of that median, see <see cref="MedianInterval"/>.</param>
/// <param name="TimeRatioHigh">Upper end.</param>
/// <param name="Confidence">Of the interval, 0..1: at least <see cref="MedianInterval.Level"/> from <see cref="MedianInterval.LeastCount"/> rounds on.</param>
/// <param name="TimedRounds">Rounds that were timed.</param>
/// <param name="WarmupRounds">Rounds before them that were not.</param>
/// <param name="IdenticalPlans">Whether both runs do the same, so that whatever differs is the machine's doing.</param>
/// <remarks>
/// Ratios are taken round by round, because neighbours in time are disturbed alike. The interval takes the rounds for independent: what disturbs one
/// of the two runs for many rounds makes it too narrow.
/// </remarks>
public sealed record PairedRatio(
    double TimeRatio, double TimeRatioLow, double TimeRatioHigh, double Confidence, int TimedRounds, int WarmupRounds, bool IdenticalPlans)
{
    /// <summary>Whether the rounds were enough for an interval at <see cref="MedianInterval.Level"/>.</summary>
    public bool HasInterval => Confidence >= MedianInterval.Level;

    /// <summary>Whether the times differ: two unlike plans, and 1 outside the interval. Otherwise no speed-up can be told.</summary>
    public bool DifferenceMeasurable => !IdenticalPlans && HasInterval && (TimeRatioLow > 1 || TimeRatioHigh < 1);

    /// <summary>Of two contestants.</summary>
    /// <param name="timing">Their times.</param>
    /// <param name="contestant">Whose time is told.</param>
    /// <param name="reference">Over whose.</param>
    /// <param name="identicalPlans">Whether both do the same.</param>
    public static PairedRatio Of(InterleavedTiming timing, int contestant, int reference, bool identicalPlans = false)
    {
        double[] ratios = timing.Ratios(contestant, reference);
        var interval = MedianInterval.Of(ratios);
        return new PairedRatio(
            interval.Median, interval.Low, interval.High, interval.Confidence, ratios.Length, timing.WarmUpRounds, identicalPlans);
    }
}
