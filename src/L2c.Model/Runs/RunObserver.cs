using L2c.Kernels;

namespace L2c.Model.Runs;

/// <summary>Called for every op of an observed run.</summary>
/// <param name="op">The op.</param>
/// <param name="startTicks">Before it, as <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> counts.</param>
/// <param name="endTicks">After it.</param>
public delegate void RunObserver(in OpInfo op, long startTicks, long endTicks);

/// <summary>Runs that may be observed.</summary>
internal static class ObservedRuns
{
    /// <summary>Runs a recording, op by op for an observer, at full speed without one.</summary>
    public static void Run(this OpSequence sequence, RunObserver? observer)
    {
        if (observer is null)
        {
            sequence.Run();
        }
        else
        {
            Observe(sequence, observer);
        }
    }

    // In a method of its own: a lambda's captures would be allocated at the start of Run, observed or not.
    private static void Observe(OpSequence sequence, RunObserver observer) => sequence.Run((i, start, end) => observer(sequence.Ops[i], start, end));
}
