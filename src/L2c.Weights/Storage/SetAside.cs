using System.Globalization;

namespace L2c.Weights.Storage;

/// <summary>Keeps what is in the way and cannot be understood, as <c>NAME.aside-1</c>: nobody knows what it is worth.</summary>
public static class SetAside
{
    /// <summary>Gives an entry another name; of a link the link itself.</summary>
    /// <returns>The new path.</returns>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    public static string Move(string path)
    {
        for (int number = 1; ; number++)
        {
            string aside = PathOf(path, number);
            if (FileSystem.KindOf(aside) == EntryKind.None && FileSystem.TryRename(path, aside))
            {
                FileSystem.FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
                return aside;
            }
        }
    }

    /// <summary>Writes a copy beside a file that is about to be changed in place.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">What it holds.</param>
    /// <returns>The copy's path.</returns>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static string Copy(string path, byte[] content)
    {
        for (int number = 1; ; number++)
        {
            string aside = PathOf(path, number);
            try
            {
                AtomicFile.Write(aside, overwrite: false, stream => stream.Write(content));
                return aside;
            }
            catch (IOException) when (FileSystem.KindOf(aside) != EntryKind.None)
            {
                // That name is taken: the next one.
            }
        }
    }

    private static string PathOf(string path, int number) => string.Create(CultureInfo.InvariantCulture, $"{path}.aside-{number}");
}
