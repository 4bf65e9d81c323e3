namespace L2c.Weights.Storage;

/// <summary>Errors of writing, told of the file that the user named: .NET's name temporary files, or none.</summary>
internal static class WriteFailure
{
    private const int FileTooLarge = 27, NoSpace = 28, QuotaExceeded = 122;

    /// <summary>Whether an error is the system's, which says nothing of the file that was meant.</summary>
    public static bool IsOfTheSystem(Exception e) => e
        is UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException or IOException { HResult: > 0 and < 4096 };

    /// <summary>The same error with the right name and what to do.</summary>
    public static IOException Of(string path, Exception e) => new(
        e.HResult is FileTooLarge or NoSpace or QuotaExceeded
            ? $"{path}: cannot be written: there is no room for it ({FileSystem.Reason(e)}); free some, or write elsewhere"
            : $"{path}: cannot be written ({FileSystem.Reason(e)}); check its folder and its permissions, or write elsewhere",
        e);
}
