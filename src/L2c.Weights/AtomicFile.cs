using L2c.Weights.Storage;
using Microsoft.Win32.SafeHandles;

namespace L2c.Weights;

/// <summary>An output file that appears under its name only when it is complete.</summary>
/// <remarks>
/// Bytes go to a hidden temporary file in the same folder; <see cref="Commit"/> flushes them to disk, gives them the name in one step and flushes the
/// folder. Disposal without commit deletes the temporary file. Only regular files are replaced: no link, device or folder. While it is written a
/// temporary file has a shared lock, so what a killed process left can be told from what another one is writing: see <see cref="RemoveLeftovers"/>.
/// </remarks>
public sealed class AtomicFile : IDisposable
{
    private const string LeftoverPattern = ".l2c-????????.???.tmp";

    // A folder that may be written to but not read keeps them.
    private static readonly EnumerationOptions _hiddenToo = new() { AttributesToSkip = 0, IgnoreInaccessible = true };

    private readonly string _full;
    private readonly string _temporary;
    private readonly bool _overwrite;
    private readonly FileStream _file;
    private bool _committed;

    /// <summary>Starts the file.</summary>
    /// <param name="path">Where it shall appear; its directory exists.</param>
    /// <param name="overwrite">Whether an existing file of that name may be replaced.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, is no regular file, or cannot be written.</exception>
    public AtomicFile(string path, bool overwrite)
    {
        RequireFree(path, overwrite);
        (Path, _overwrite) = (path, overwrite);
        _full = System.IO.Path.GetFullPath(path);
        if (!Directory.Exists(FolderOf(_full)))
        {
            throw new DirectoryNotFoundException($"{path}: its directory does not exist; create it first");
        }

        try
        {
            (_temporary, _file) = CreateTemporary(FolderOf(_full));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{path}: no file can be written in its folder; check the folder's permissions, or write elsewhere", e);
        }
        catch (IOException e)
        {
            throw WriteFailure.Of(path, e);
        }

        Stream = new NamedStream(path, _file);
    }

    /// <summary>Where the file shall appear, as given.</summary>
    public string Path { get; }

    /// <summary>The bytes so far; seekable, owned by this object. Errors name <see cref="Path"/>.</summary>
    public Stream Stream { get; }

    /// <summary>Writes a whole file; nothing is left behind when <paramref name="write"/> throws.</summary>
    /// <exception cref="IOException">As the constructor and <see cref="Commit"/>.</exception>
    public static void Write(string path, bool overwrite, Action<Stream> write)
    {
        using AtomicFile file = new(path, overwrite);
        write(file.Stream);
        file.Commit();
    }

    /// <summary>Fails if a file of that name could not be written now, and removes what killed processes left beside it. Writes nothing.</summary>
    /// <exception cref="IOException">As the constructor.</exception>
    public static void Probe(string path, bool overwrite)
    {
        using AtomicFile probe = new(path, overwrite);
        RemoveLeftovers(FolderOf(probe._full));
    }

    /// <summary>The same for files of any names in a folder.</summary>
    /// <exception cref="IOException">No file can be written there.</exception>
    public static void ProbeFolder(string folder)
    {
        try
        {
            (string temporary, FileStream file) = CreateTemporary(System.IO.Path.GetFullPath(folder));
            file.Dispose();
            File.Delete(temporary);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"{folder}: no file can be written in it; check its permissions, or write elsewhere", e);
        }
        catch (IOException e)
        {
            throw WriteFailure.Of(folder, e);
        }

        RemoveLeftovers(folder);
    }

    /// <summary>Fails if something has a name that may not be replaced. Writes nothing.</summary>
    /// <exception cref="IOException">The file exists and may not be replaced, or is a link, a device or a folder.</exception>
    public static void RequireFree(string path, bool overwrite)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        switch (FileSystem.KindOf(path))
        {
            case EntryKind.Folder:
                throw new IOException($"{path}: is a directory; name a file in it");
            case EntryKind.Link:
                throw new IOException($"{path}: is a link, and nothing is written through one or over it; name a regular file, or remove the link");
            case EntryKind.Device:
                throw new IOException($"{path}: is a device, a pipe or a socket, and only regular files are replaced; name another file");
            case EntryKind.File when !overwrite:
                throw Taken(path);
        }
    }

    /// <summary>Deletes what processes that were killed while they wrote have left in a folder; files that are being written stay, and all where
    /// the file system has no locks to tell them by.</summary>
    public static void RemoveLeftovers(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (string path in Directory.EnumerateFiles(folder, LeftoverPattern, _hiddenToo))
        {
            try
            {
                using SafeFileHandle? file = FileSystem.TryOpen(path, create: false, out _);
                if (file is not null && FileSystem.TryLock(file) == FileLock.Taken)
                {
                    File.Delete(path);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Of another user, or gone meanwhile: it costs room and nothing else.
            }
        }
    }

    /// <summary>Flushes to disk and gives the file its name. Once only.</summary>
    /// <exception cref="IOException">The disk is full, or another writer has created the file meanwhile.</exception>
    public void Commit()
    {
        ObjectDisposedException.ThrowIf(_committed, this);
        try
        {
            _file.Flush(flushToDisk: true);
            RequireFree(Path, _overwrite);
            if (_overwrite)
            {
                File.Move(_temporary, _full, overwrite: true);
            }
            else if (!FileSystem.TryRename(_temporary, _full))
            {
                throw Taken(Path);
            }

            _committed = true;
            FileSystem.FlushFolder(FolderOf(_full));
        }
        catch (Exception e) when (WriteFailure.IsOfTheSystem(e))
        {
            throw WriteFailure.Of(Path, e);
        }
        finally
        {
            // Only now: the lock says that the temporary file is not left over.
            Close();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_committed)
        {
            Close();
            try
            {
                File.Delete(_temporary);
            }
            catch (Exception e) when (WriteFailure.IsOfTheSystem(e))
            {
                // Its folder is gone or closed meanwhile, and what ended the writing is about to be told.
            }
        }
    }

    private void Close()
    {
        try
        {
            _file.Dispose();
        }
        catch (IOException)
        {
            // What a failed write has left in the buffer fails again on a full disk: that has been told, or nobody wants the file.
        }
    }

    private static (string Path, FileStream File) CreateTemporary(string folder)
    {
        while (true)
        {
            string path = System.IO.Path.Combine(folder, $".l2c-{System.IO.Path.GetRandomFileName()}.tmp");
            try
            {
                // Windows renames an open file only where deleting it is shared, too; elsewhere that changes nothing.
                FileStream file = new(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, 64 * 1024);
                if (FileSystem.Status(file.SafeFileHandle, path).Names > 0)
                {
                    return (path, file);
                }

                file.Dispose();
            }
            catch (IOException e) when (FileSystem.IsLocked(e))
            {
                // As above: another process took it for left over, between its creation and its lock, and deletes it.
            }
        }
    }

    private static string FolderOf(string full) => System.IO.Path.GetDirectoryName(full)!;

    private static IOException Taken(string path) => new($"{path} exists; use --force to overwrite");
}
