using Microsoft.Win32.SafeHandles;

namespace L2c.Weights.Storage;

/// <summary>A folder that one process at a time works in: the lock of its file <c>.lock</c>, which the system frees when the process ends.</summary>
/// <remarks>A folder that this object has created, and nothing was put into, is removed again on disposal.</remarks>
public sealed class FolderLock : IDisposable
{
    /// <summary>Name of the file in the folder. It stays, empty.</summary>
    public const string FileName = ".lock";

    private readonly string _folder;
    private string? _created;
    private readonly SafeFileHandle _file;

    private FolderLock(string folder, string? created, SafeFileHandle file) => (_folder, _created, _file) = (folder, created, file);

    /// <summary>Takes a folder, and creates it where there is none.</summary>
    /// <param name="folder">Its path; the folder itself may be reached through links.</param>
    /// <returns>Null if another process has it.</returns>
    /// <exception cref="IOException">It is a file, cannot be created or written to, or <c>.lock</c> is not a regular file with that name alone.</exception>
    public static FolderLock? TryTake(string folder)
    {
        string? created = null;
        string path = Path.Combine(folder, FileName);
        try
        {
            while (true)
            {
                created ??= Folders.Create(folder);
                if ((FileSystem.TryOpen(path, create: false, out EntryKind kind)
                    ?? (kind == EntryKind.None ? FileSystem.TryOpen(path, create: true, out kind) : null)) is not { } file)
                {
                    GrowingFile.RequireOwn(path);
                    continue;
                }

                bool isKept = false;
                try
                {
                    if (FileSystem.TryLock(file) == FileLock.Held)
                    {
                        return null;
                    }

                    GrowingFile.RequireOwn(file, path);
                    isKept = FileSystem.Status(file, path).Names > 0;
                    if (isKept)
                    {
                        return new FolderLock(folder, created, file);
                    }
                }
                finally
                {
                    // Held by another, of another folder too, or removed with its folder before it was locked: then once more.
                    if (!isKept)
                    {
                        file.Dispose();
                    }
                }
            }
        }
        catch (Exception e) when (WriteFailure.IsOfTheSystem(e))
        {
            throw WriteFailure.Of(folder, e);
        }
    }

    /// <summary>Has the folder removed on disposal if nothing is in it then, whoever has created it.</summary>
    public void RemoveIfEmpty() => _created ??= Path.TrimEndingDirectorySeparator(Path.GetFullPath(_folder));

    /// <summary>Lets other processes in.</summary>
    public void Dispose()
    {
        try
        {
            if (_created is not null && Directory.EnumerateFileSystemEntries(_folder).All(entry => Path.GetFileName(entry) == FileName))
            {
                // While it is locked: whoever waits for it sees that it has no name any more.
                File.Delete(Path.Combine(_folder, FileName));
                Folders.RemoveEmpty(_folder, _created);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody has put something there, or removed it.
        }
        finally
        {
            _file.Dispose();
        }
    }
}
