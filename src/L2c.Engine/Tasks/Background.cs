namespace L2c;

/// <summary>How asynchronous overloads run: on a thread of their own, since a task computes for seconds to days.</summary>
internal static class Background
{
    /// <summary>Runs a task.</summary>
    /// <param name="task">The work.</param>
    /// <param name="cancel">Cancelled before the beginning, the task never runs; after it, the work itself looks.</param>
    public static Task<T> Run<T>(Func<T> task, CancellationToken cancel) =>
        Task.Factory.StartNew(task, cancel, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
}
