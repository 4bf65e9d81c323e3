namespace L2c;

/// <summary>A request asks for something that does not fit together, does not fit the model, or is unknown.</summary>
/// <param name="message">One line: what is wrong; what to do. Settings are named as the command line's options.</param>
/// <param name="inner">The cause, if another exception revealed it.</param>
public sealed class RequestException(string message, Exception? inner = null) : Exception(message, inner);
