namespace L2c.Weights.Storage;

/// <summary>Folders of results.</summary>
public static class Folders
{
    /// <summary>Creates a folder with all above it, and brings their names to the disk.</summary>
    /// <returns>Whether there was none.</returns>
    /// <exception cref="IOException">It cannot be created, or a file has the name.</exception>
    public static bool Create(string path)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Directory.Exists(full))
        {
            return false;
        }

        string? parent = Path.GetDirectoryName(full);
        if (parent is not null)
        {
            _ = Create(parent);
        }

        _ = Directory.CreateDirectory(full);
        if (parent is not null)
        {
            FileSystem.FlushFolder(parent);
        }

        return true;
    }

    /// <summary>Fails if a folder in a folder of results is a link, since what is written or deleted there would lie elsewhere; or if it is no
    /// folder.</summary>
    /// <exception cref="IOException">It is none.</exception>
    public static void RequireOwn(string path)
    {
        if (FileSystem.KindOf(path) is not (EntryKind.None or EntryKind.Folder) and var kind)
        {
            string what = kind == EntryKind.Link ? "a link, and nothing is written or deleted through one" : "no folder";
            throw new IOException($"{path}: is {what}; remove it, or name another folder with --out");
        }
    }
}
