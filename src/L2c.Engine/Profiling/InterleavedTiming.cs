namespace L2c;

/// <summary>Times of contestants that ran in turn in one process, so that a machine that slows down, warms up or is shared favours none.</summary>
/// <param name="Milliseconds">By contestant and round.</param>
public sealed record InterleavedTiming(IReadOnlyList<double[]> Milliseconds)
{
    /// <summary>Rounds that are not measured, at least.</summary>
    /// <remarks>The first pays for compilation and page faults; in the second the just-in-time compiler puts its optimised code in place.</remarks>
    public const int WarmUpRounds = 2;

    /// <summary>
    /// Measures every contestant once a round; the order moves on by one each round, so after a multiple of their number each had every position
    /// equally often.
    /// </summary>
    /// <param name="contestants">One whole run each.</param>
    /// <param name="rounds">Rounds that are measured, after <paramref name="warmUpRounds"/> or more that are not.</param>
    /// <param name="warmUp">How long the rounds that are not measured go on at least: clocks take their time to rise.</param>
    /// <param name="warmUpRounds">How many they are at least.</param>
    /// <param name="clock">Tells the time; null for the machine's.</param>
    /// <param name="cancel">Looked at between runs.</param>
    /// <exception cref="OperationCanceledException">The measurement was cancelled.</exception>
    public static InterleavedTiming Measure(
        IReadOnlyList<Action> contestants,
        int rounds,
        TimeSpan warmUp = default,
        int warmUpRounds = WarmUpRounds,
        TimeProvider? clock = null,
        CancellationToken cancel = default)
    {
        clock ??= TimeProvider.System;
        double[][] milliseconds = [.. contestants.Select(_ => new double[rounds])];
        long start = clock.GetTimestamp();
        int unmeasured = 0;
        while (unmeasured < warmUpRounds || clock.GetElapsedTime(start) < warmUp)
        {
            Round(unmeasured++, (_, _) => { });
        }

        for (int round = 0; round < rounds; round++)
        {
            Round(unmeasured + round, (who, time) => milliseconds[who][round] = time);
        }

        return new InterleavedTiming(milliseconds);

        void Round(int number, Action<int, double> note)
        {
            for (int position = 0; position < contestants.Count; position++)
            {
                cancel.ThrowIfCancellationRequested();
                int who = (number + position) % contestants.Count;
                long began = clock.GetTimestamp();
                contestants[who]();
                note(who, clock.GetElapsedTime(began).TotalMilliseconds);
            }
        }
    }

    /// <summary>Median time of a contestant.</summary>
    public double MedianMs(int contestant) => Quartiles.Of(Milliseconds[contestant]).Median;

    /// <summary>Round by round, one contestant's time over another's: what neighbours in time have in common cancels.</summary>
    public double[] Ratios(int contestant, int reference) =>
        [.. Milliseconds[contestant].Zip(Milliseconds[reference], (time, other) => time / other)];

    /// <summary>Median of <see cref="Ratios"/>.</summary>
    public double MedianRatio(int contestant, int reference) => Quartiles.Of(Ratios(contestant, reference)).Median;
}
