namespace L2c.Cli.Output;

/// <summary>What the process returns.</summary>
public static class ExitCode
{
    /// <summary>Everything that was asked for is done.</summary>
    public const int Ok = 0;

    /// <summary>Failed while running: a file is missing, exists already or cannot be written, memory is exhausted.</summary>
    public const int RunTime = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The device that was asked for is not available.</summary>
    public const int Device = 3;

    /// <summary>A file is malformed, refused, or does not hold what is needed.</summary>
    public const int Malformed = 4;

    /// <summary>Ended by Ctrl-C or SIGTERM.</summary>
    public const int Interrupted = 130;
}
