namespace L2c.Cli.Output;

/// <summary>The command line asks for something that does not fit together or is unknown.</summary>
/// <param name="message">One line: what is wrong; what to do.</param>
/// <param name="inner">The cause, if another exception revealed it.</param>
public sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The device that was asked for is not there or cannot be used.</summary>
/// <param name="message">One line: what is missing and where it was looked for; what to do.</param>
/// <param name="inner">The cause, if another exception revealed it.</param>
public sealed class DeviceUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
