namespace L2c.Weights.Memory;

/// <summary>Small files by which the system tells of itself.</summary>
internal static class SystemFile
{
    /// <summary>All lines; none where the file is missing or may not be read.</summary>
    public static string[] Lines(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
