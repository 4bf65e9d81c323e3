namespace L2c.Kernels.Cuda;

/// <summary>Where results of slow preparations are kept between runs. Nothing there is needed: a file that is missing, malformed or cannot be written
/// costs time only.</summary>
public static class DiskCache
{
    /// <summary><c>$L2C_CACHE</c>, else <c>$XDG_CACHE_HOME/l2c</c>, else <c>~/.cache/l2c</c>; null when there is no home either.</summary>
    public static string? Folder => FolderOf(
        Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    /// <summary>The rule behind <see cref="Folder"/>; a relative <c>XDG_CACHE_HOME</c> counts as unset, as its specification demands.</summary>
    internal static string? FolderOf(Func<string, string?> variable, string home)
    {
        if (variable("L2C_CACHE") is { Length: > 0 } own)
        {
            return own;
        }

        return variable("XDG_CACHE_HOME") is { Length: > 0 } shared && Path.IsPathRooted(shared) ? Path.Combine(shared, "l2c")
            : home.Length > 0 ? Path.Combine(home, ".cache", "l2c")
            : null;
    }

    /// <summary>Reads a text file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">Longer files are not of this program.</param>
    /// <returns>Null when it does not exist, is empty, too long or no regular file, or cannot be read.</returns>
    internal static string? Read(string path, long maxBytes)
    {
        try
        {
            FileInfo file = new(path);
            // Neither an empty file, nor a pipe or device, which have no length: one would wait for their bytes.
            return file.Exists && file.Length > 0 && file.Length <= maxBytes ? File.ReadAllText(path) : null;
        }
        catch (Exception e) when (IsOfTheFile(e))
        {
            return null;
        }
    }

    /// <summary>Writes a file beside its place and moves it there, so that readers see the old text or the new one, never half of it.</summary>
    /// <returns>Null, or why it could not be written, in one line.</returns>
    internal static string? Write(string path, string text)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(temporary, text);
            File.Move(temporary, path, overwrite: true);
            return null;
        }
        catch (Exception e) when (IsOfTheFile(e))
        {
            TryDelete(temporary);
            return $"{path}: cannot be written ({e.Message}); set L2C_CACHE to a folder that can";
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (IsOfTheFile(e))
        {
            // The reason has been told already: it is the one that kept the file from being written.
        }
    }

    // The last two: a folder whose name is none.
    private static bool IsOfTheFile(Exception e) => e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;
}
