namespace L2c.Weights;

/// <summary>A file that breaks its format's rules or asks for what is refused. Programs end with exit code 4.</summary>
/// <remarks>The message is one line: <c>FILE: what is wrong; what to do</c>.</remarks>
public sealed class MalformedFileException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file.</param>
    /// <param name="problem">What is wrong, and after a semicolon what to do about it.</param>
    /// <param name="inner">The cause, if another exception revealed it.</param>
    public MalformedFileException(string path, string problem, Exception? inner = null)
        : base($"{path}: {problem}", inner)
    {
        FilePath = path;
    }

    /// <summary>The file at fault.</summary>
    public string FilePath { get; }

    /// <summary>Every single problem, one line each, where the message counts several; empty otherwise.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];
}
