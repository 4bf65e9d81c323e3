using System.Diagnostics;

namespace L2c.Cli.Profiling;

/// <summary>Contestants that run in turn in one process, so that a machine that slows down, warms up or is shared favours none.</summary>
internal static class Contest
{
    /// <summary>Rounds that are not measured, at least.</summary>
    /// <remarks>The first pays for compilation and page faults; in the second the just-in-time compiler puts its optimised code in place.</remarks>
    public const int WarmUpRounds = 2;

    /// <summary>
    /// Measures every contestant once a round; the order moves on by one each round, so after a multiple of their number each had every position
    /// equally often.
    /// </summary>
    /// <param name="contestants">One whole run each.</param>
    /// <param name="rounds">Rounds that are measured, after two or more that are not.</param>
    /// <param name="cancel">Looked at between runs.</param>
    /// <param name="warmUp">How long the rounds that are not measured go on at least: clocks take their time to rise.</param>
    /// <returns>Milliseconds by contestant and round.</returns>
    /// <exception cref="OperationCanceledException">The user stopped it.</exception>
    public static double[][] Measure(IReadOnlyList<Action> contestants, int rounds, CancellationToken cancel, TimeSpan warmUp = default)
    {
        double[][] milliseconds = [.. contestants.Select(_ => new double[rounds])];
        long start = Stopwatch.GetTimestamp();
        int unmeasured = 0;
        while (unmeasured < WarmUpRounds || Stopwatch.GetElapsedTime(start) < warmUp)
        {
            Round(unmeasured++, (_, _) => { });
        }

        for (int round = 0; round < rounds; round++)
        {
            Round(unmeasured + round, (who, time) => milliseconds[who][round] = time);
        }

        return milliseconds;

        void Round(int number, Action<int, double> note)
        {
            for (int position = 0; position < contestants.Count; position++)
            {
                cancel.ThrowIfCancellationRequested();
                int who = (number + position) % contestants.Count;
                long began = Stopwatch.GetTimestamp();
                contestants[who]();
                note(who, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }
    }

    /// <summary>Round by round, one contestant's time over another's: what neighbours in time have in common cancels.</summary>
    public static double[] Ratios(double[] milliseconds, double[] reference) => [.. milliseconds.Zip(reference, (time, other) => time / other)];
}
