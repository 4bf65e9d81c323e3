namespace L2c.Weights.Storage;

/// <summary>What came of asking for the lock of a file.</summary>
internal enum FileLock
{
    /// <summary>This process has it.</summary>
    Taken,

    /// <summary>Another process has it.</summary>
    Held,

    /// <summary>The file system or the platform has no locks, so nobody can tell whether another process works there.</summary>
    Unsupported,
}
