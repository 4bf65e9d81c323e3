namespace L2c.Weights.Storage;

/// <summary>Folders of results.</summary>
public static class Folders
{
    /// <summary>Creates a folder with all above it, and brings their names to the disk.</summary>
    /// <returns>The uppermost folder that was created; null where all were there.</returns>
    /// <exception cref="IOException">It cannot be created, or a file has the name.</exception>
    public static string? Create(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Directory.Exists(full))
        {
            return null;
        }

        string? parent = Path.GetDirectoryName(full), above = parent is null ? null : Create(parent);
        _ = Directory.CreateDirectory(full);
        if (parent is not null)
        {
            FileSystem.FlushFolder(parent);
        }

        return above ?? full;
    }

    /// <summary>Removes a folder again, and those above it that were created with it, as far as they are empty.</summary>
    /// <param name="path">As given to <see cref="Create"/>.</param>
    /// <param name="uppermost">What that returned.</param>
    public static void RemoveEmpty(string path, string? uppermost)
    {
        string? folder = uppermost is null ? null : Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        while (folder is not null && Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
        {
            Directory.Delete(folder);
            folder = folder == uppermost ? null : Path.GetDirectoryName(folder);
        }
    }

    /// <summary>Fails if a folder in a folder of results is a link, since what is written or deleted there would lie elsewhere; or if it is no
    /// folder.</summary>
    /// <exception cref="IOException">It is none.</exception>
    public static void RequireOwn(string path)
    {
        if (FileSystem.KindOf(path) is not (EntryKind.None or EntryKind.Folder) and var kind)
        {
            string what = kind == EntryKind.Link ? "a link, and nothing is written or deleted through one" : "not a folder";
            throw new IOException($"{path}: is {what}; remove it, or name another folder with --out");
        }
    }
}
