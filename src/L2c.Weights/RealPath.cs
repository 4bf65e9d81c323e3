namespace L2c.Weights;

/// <summary>Which file a path leads to: absolute, with the links of the file and of all its folders resolved. The file need not exist.</summary>
public static class RealPath
{
    private static readonly StringComparer _names =
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <summary>Whether two paths lead to one file, as far as names and symbolic links tell.</summary>
    /// <exception cref="IOException">A link leads back to itself.</exception>
    public static bool Same(string a, string b) => _names.Equals(Of(a), Of(b));

    /// <summary>The file's own path.</summary>
    /// <exception cref="IOException">A link leads back to itself.</exception>
    public static string Of(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } parent)
        {
            return full;
        }

        string here = Path.Combine(Of(parent), Path.GetFileName(full));
        try
        {
            return File.ResolveLinkTarget(here, returnFinalTarget: true) is { } target ? Of(target.FullName) : here;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return here;
        }
    }
}
