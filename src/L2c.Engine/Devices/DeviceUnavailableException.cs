namespace L2c;

/// <summary>The device that was asked for is not there or cannot be used.</summary>
/// <param name="message">One line: what is missing and where it was looked for; what to do.</param>
/// <param name="inner">The cause, if another exception revealed it.</param>
public sealed class DeviceUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
