namespace L2c.Weights;

/// <summary>What folders hold, named in an order that does not depend on the file system; a large one can be left in the middle.</summary>
public static class FolderFiles
{
    /// <summary>Paths of the files in a folder, in ordinal order.</summary>
    /// <param name="folder">The folder; those in it are not looked into.</param>
    /// <param name="pattern">As <c>*.npy</c>.</param>
    /// <param name="cancel">Looked at before every name.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static string[] In(string folder, string pattern = "*", CancellationToken cancel = default) =>
        [.. Directory.EnumerateFiles(folder, pattern).StoppedBy(cancel).Order(StringComparer.Ordinal)];

    /// <summary>Paths of the folders in a folder, in ordinal order.</summary>
    /// <inheritdoc cref="In"/>
    public static string[] FoldersIn(string folder, string pattern = "*", CancellationToken cancel = default) =>
        [.. Directory.EnumerateDirectories(folder, pattern).StoppedBy(cancel).Order(StringComparer.Ordinal)];

    /// <summary>Paths of the files in a folder and at any depth below it, in no order.</summary>
    /// <remarks>
    /// Links to folders are followed, but no folder is read twice, and no link that leads from a folder back to one around it: a walk ends
    /// whatever the links.
    /// </remarks>
    /// <param name="folder">The folder.</param>
    /// <param name="cancel">Looked at before every name.</param>
    /// <exception cref="IOException">A folder cannot be read.</exception>
    public static IEnumerable<string> Below(string folder, CancellationToken cancel = default)
    {
        string start = RealPath.Of(folder);
        HashSet<string> entered = new(StringComparer.Ordinal) { start };
        Stack<(string Path, string Real)> open = new([(folder, start)]);
        while (open.TryPop(out (string Path, string Real) here))
        {
            foreach (FileSystemInfo entry in new DirectoryInfo(here.Path).EnumerateFileSystemInfos().StoppedBy(cancel))
            {
                string path = Path.Combine(here.Path, entry.Name);
                if ((entry.Attributes & FileAttributes.Directory) == 0)
                {
                    yield return path;
                    continue;
                }

                bool isLink = (entry.Attributes & FileAttributes.ReparsePoint) != 0;
                string real = isLink ? RealPath.Of(path) : Path.Combine(here.Real, entry.Name);
                if (!IsAround(real, here.Real) && entered.Add(real))
                {
                    open.Push((path, real));
                }
            }
        }
    }

    /// <summary>The same items, until the token is cancelled.</summary>
    /// <exception cref="OperationCanceledException">It is.</exception>
    public static IEnumerable<T> StoppedBy<T>(this IEnumerable<T> items, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        foreach (T item in items)
        {
            cancel.ThrowIfCancellationRequested();
            yield return item;
        }
    }

    private static bool IsAround(string folder, string inner) =>
        folder == inner || inner.StartsWith(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
