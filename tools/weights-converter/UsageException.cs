namespace WeightsConverter;

/// <summary>Options that cannot apply to the file that was given.</summary>
internal sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);
