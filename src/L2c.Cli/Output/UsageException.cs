namespace L2c.Cli.Output;

/// <summary>The command line asks for something that does not fit together or is unknown.</summary>
/// <param name="message">One line: what is wrong; what to do.</param>
/// <param name="inner">The cause, if another exception revealed it.</param>
public sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);
