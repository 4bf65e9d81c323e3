namespace L2c.Weights;

/// <summary>An output file that appears under its name only when it is complete.</summary>
/// <remarks>
/// Bytes go to a hidden temporary file in the same directory; <see cref="Commit"/> flushes them to disk and renames. Disposal without commit deletes
/// the temporary file. Without overwriting, the name is claimed by exclusive creation just before the rename, because a rename alone replaces
/// whatever another writer has put there since the first check.
/// </remarks>
public sealed class AtomicFile : IDisposable
{
    private readonly string _temporary;
    private readonly bool _overwrite;
    private readonly FileStream _stream;
    private bool _committed;

    /// <summary>Starts the file.</summary>
    /// <param name="path">Where it shall appear; its directory exists.</param>
    /// <param name="overwrite">Whether an existing file of that name may be replaced.</param>
    /// <exception cref="IOException">The file exists and may not be replaced, is a directory, or cannot be written.</exception>
    public AtomicFile(string path, bool overwrite)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
        _overwrite = overwrite;
        if (Directory.Exists(path))
        {
            throw new IOException($"{path}: is a directory; name a file in it");
        }

        if (!overwrite && File.Exists(path))
        {
            throw Exists(path, null);
        }

        string full = System.IO.Path.GetFullPath(path);
        string directory = System.IO.Path.GetDirectoryName(full)!;
        if (!Directory.Exists(directory))
        {
            throw new DirectoryNotFoundException($"{path}: its directory does not exist; create it first");
        }

        _temporary = System.IO.Path.Combine(directory, $".{System.IO.Path.GetRandomFileName()}.tmp");
        try
        {
            _stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, 64 * 1024);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The system's message names the temporary file, which nobody asked for.
            throw new IOException($"{path}: no file can be written in its folder; check the folder's permissions, or write elsewhere", e);
        }
    }

    /// <summary>Where the file shall appear, as given.</summary>
    public string Path { get; }

    /// <summary>The bytes so far; seekable, owned by this object.</summary>
    public Stream Stream => _stream;

    /// <summary>Writes a whole file; nothing is left behind when <paramref name="write"/> throws.</summary>
    /// <exception cref="IOException">As the constructor and <see cref="Commit"/>.</exception>
    public static void Write(string path, bool overwrite, Action<Stream> write)
    {
        using AtomicFile file = new(path, overwrite);
        write(file.Stream);
        file.Commit();
    }

    /// <summary>Flushes to disk and gives the file its name. Once only.</summary>
    /// <exception cref="IOException">The disk is full, or another writer has created the file meanwhile.</exception>
    public void Commit()
    {
        ObjectDisposedException.ThrowIf(_committed, this);
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        if (!_overwrite)
        {
            Claim();
        }

        try
        {
            File.Move(_temporary, Path, overwrite: true);
            _committed = true;
        }
        finally
        {
            if (!_committed && !_overwrite)
            {
                File.Delete(Path);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_committed)
        {
            return;
        }

        try
        {
            _stream.Dispose();
        }
        finally
        {
            // A full disk makes the buffered rest fail again here; the temporary file goes all the same.
            File.Delete(_temporary);
        }
    }

    private void Claim()
    {
        try
        {
            new FileStream(Path, FileMode.CreateNew).Dispose();
        }
        catch (IOException e) when (File.Exists(Path) || Directory.Exists(Path))
        {
            throw Exists(Path, e);
        }
    }

    private static IOException Exists(string path, Exception? inner) => new($"{path} exists; use --force to overwrite", inner);
}
