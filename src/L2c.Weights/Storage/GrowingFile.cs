using Microsoft.Win32.SafeHandles;

namespace L2c.Weights.Storage;

/// <summary>A file that is continued in place: a log or a table.</summary>
/// <remarks>
/// No link leads to it: neither a symbolic one, nor a second name that would be written to unasked. Without a buffer: what was appended is the
/// operating system's, and a killed process loses none of it. It has no lock of its own: that of its folder (<see cref="FolderLock"/>) keeps others away.
/// </remarks>
public sealed class GrowingFile : IDisposable
{
    private readonly FileStream _file;

    private GrowingFile(string path, FileStream file) => (Path, _file) = (path, file);

    /// <summary>As given.</summary>
    public string Path { get; }

    /// <summary>Bytes.</summary>
    public long Length => _file.Length;

    /// <summary>Opens a file at its end, and creates it where there is none.</summary>
    /// <exception cref="IOException">It is not a regular file, has another name too, or cannot be written.</exception>
    public static GrowingFile Open(string path)
    {
        while (true)
        {
            if (TryOpen(path, create: false, out EntryKind kind) is { } found)
            {
                return found;
            }

            if (kind == EntryKind.None && TryOpen(path, create: true, out _) is { } made)
            {
                return made;
            }

            Require(path, kind, names: 1);
        }
    }

    /// <summary>Creates a file that nothing has the name of.</summary>
    /// <exception cref="IOException">Something has the name, or it cannot be written.</exception>
    public static GrowingFile Create(string path) =>
        TryOpen(path, create: true, out _) ?? throw new IOException($"{path}: already exists; move it elsewhere");

    /// <summary>The whole content.</summary>
    /// <exception cref="IOException">It cannot be read, or is longer than 2 GiB.</exception>
    public byte[] ReadAll()
    {
        if (Length > Array.MaxLength)
        {
            throw new IOException($"{Path}: has {Length} bytes, too many to be continued; move it elsewhere");
        }

        return Read((int)Length);
    }

    /// <summary>The first bytes, as far as there are any.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public byte[] Read(int count)
    {
        byte[] bytes = new byte[Math.Min(count, Length)];
        _file.Position = 0;
        _file.ReadExactly(bytes);
        _ = _file.Seek(0, SeekOrigin.End);
        return bytes;
    }

    /// <summary>Makes it shorter; what is appended then follows.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Cut(long length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        try
        {
            _file.SetLength(length);
            _file.Position = length;
        }
        catch (IOException e)
        {
            throw WriteFailure.Of(Path, e);
        }
    }

    /// <summary>Appends. Nothing is allocated.</summary>
    /// <exception cref="IOException">The disk is full; a part may have been appended.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _file.Write(bytes);
        }
        catch (IOException e)
        {
            throw WriteFailure.Of(Path, e);
        }
    }

    /// <summary>Brings everything to the disk.</summary>
    /// <exception cref="IOException">The disk failed, or is full.</exception>
    public void Flush()
    {
        try
        {
            _file.Flush(flushToDisk: true);
        }
        catch (IOException e)
        {
            throw WriteFailure.Of(Path, e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Fails if a file of that name could not be continued: it is a link, a device or a folder, or has another name too. Writes
    /// nothing.</summary>
    /// <exception cref="IOException">It is one.</exception>
    public static void RequireOwn(string path)
    {
        (EntryKind kind, uint names) = FileSystem.Look(path);
        Require(path, kind, names);
    }

    /// <inheritdoc cref="RequireOwn(string)"/>
    internal static void RequireOwn(SafeFileHandle file, string path)
    {
        (EntryKind kind, uint names) = FileSystem.Status(file, path);
        Require(path, kind, names);
    }

    private static void Require(string path, EntryKind kind, uint names)
    {
        if (kind == EntryKind.File && names > 1)
        {
            throw new IOException($"{path}: is a hard link to a file that would change too; replace it with a copy");
        }

        if (kind is EntryKind.Link or EntryKind.Folder or EntryKind.Device)
        {
            string what = kind switch { EntryKind.Link => "a link", EntryKind.Folder => "a folder", _ => "a device, a pipe or a socket" };
            throw new IOException($"{path}: is {what}, not a regular file; remove it, or name another folder with --out");
        }
    }

    private static GrowingFile? TryOpen(string path, bool create, out EntryKind kind)
    {
        SafeFileHandle? handle;
        try
        {
            handle = FileSystem.TryOpen(path, create, out kind);
        }
        catch (Exception e) when (WriteFailure.IsOfTheSystem(e))
        {
            throw WriteFailure.Of(path, e);
        }

        if (handle is null)
        {
            return null;
        }

        try
        {
            RequireOwn(handle, path);
            if (create)
            {
                FileSystem.FlushFolder(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
            }
        }
        catch
        {
            handle.Dispose();
            throw;
        }

        FileStream file = new(handle, FileAccess.ReadWrite, bufferSize: 0);
        _ = file.Seek(0, SeekOrigin.End);
        return new GrowingFile(path, file);
    }
}
