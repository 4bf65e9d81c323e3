namespace L2c;

/// <summary>Times of contestants that ran in turn in one process, so that a machine that slows down, warms up or is shared favours none.</summary>
/// <param name="Milliseconds">By contestant and round.</param>
/// <param name="WarmUpRounds">Rounds before those that were not measured.</param>
public sealed record InterleavedTiming(IReadOnlyList<double[]> Milliseconds, int WarmUpRounds = 0)
{
    /// <summary>Rounds that are not measured unless something else is asked for.</summary>
    /// <remarks>The first pays for compilation and page faults; in the second the just-in-time compiler puts its optimised code in place.</remarks>
    public const int DefaultWarmUp = 2;

    /// <summary>Rounds of two contestants unless something else is asked for: their interval goes from the third least ratio to the third greatest, so
    /// that two disturbed rounds on either side do no harm.</summary>
    public const int DefaultRounds = 12;

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
        int warmUpRounds = DefaultWarmUp,
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

        return new InterleavedTiming(milliseconds, unmeasured);

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

    /// <summary>As many rounds as asked for, or more, so that each contestant goes first equally often.</summary>
    /// <param name="rounds">Rounds.</param>
    /// <param name="contestants">Who takes turns.</param>
    public static int Balanced(int rounds, int contestants) => (rounds + contestants - 1) / contestants * contestants;

    /// <summary>Median time of a contestant.</summary>
    public double MedianMs(int contestant) => Quartiles.Of(Milliseconds[contestant]).Median;

    /// <summary>Round by round, one contestant's time over another's: what neighbours in time have in common cancels.</summary>
    public double[] Ratios(int contestant, int reference) =>
        [.. Milliseconds[contestant].Zip(Milliseconds[reference], (time, other) => time / other)];
}
