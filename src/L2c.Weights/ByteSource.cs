using Microsoft.Win32.SafeHandles;

namespace L2c.Weights;

/// <summary>Bytes of known length that can be read at any offset, and the path that messages about them name.</summary>
/// <remarks>
/// Files are read with positioned reads, never mapped: a mapped file that another process truncates kills this one, a read ends in an error.
/// Safe for several threads at once.
/// </remarks>
public abstract class ByteSource : IDisposable
{
    /// <summary>Names the source.</summary>
    /// <param name="path">Path for messages.</param>
    protected ByteSource(string path) => Path = path;

    /// <summary>Path for messages; of memory, whatever its owner calls it.</summary>
    public string Path { get; }

    /// <summary>Length in bytes when opened.</summary>
    public abstract long Length { get; }

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/>.</summary>
    /// <exception cref="MalformedFileException">The range does not lie inside the source, or the file has shrunk.</exception>
    public void ReadExactly(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
        {
            throw Truncated(offset, destination.Length);
        }

        int done = 0;
        while (done < destination.Length)
        {
            int read = Read(offset + done, destination[done..]);
            if (read <= 0)
            {
                throw Truncated(offset, destination.Length);
            }

            done += read;
        }
    }

    /// <summary>Opens a regular file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It is a directory.</exception>
    /// <exception cref="MalformedFileException">It is empty, a pipe or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">Reading it is not permitted.</exception>
    public static ByteSource OpenFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
        {
            throw new IOException($"{path}: is a directory; name a file in it");
        }

        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path}: no such file; check the path", path);
        }

        // Pipes and devices report no length either; opening a pipe would wait for its writer, so the length is asked for first.
        string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        if (new FileInfo(target).Length == 0)
        {
            throw new MalformedFileException(path, "is empty, or not a regular file; fetch it again, or copy it into a file first");
        }

        return new FileByteSource(path);
    }

    /// <summary>Bytes in memory, not copied.</summary>
    public static ByteSource FromMemory(string path, ReadOnlyMemory<byte> bytes) => new MemoryByteSource(path, bytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads at least one byte of a range that lies inside the source; 0 means that the file has shrunk.</summary>
    protected abstract int Read(long offset, Span<byte> destination);

    /// <summary>Closes the source.</summary>
    protected abstract void Dispose(bool disposing);

    private MalformedFileException Truncated(long offset, int count) =>
        new(Path, $"ends at byte {Length} where bytes {offset} to {offset + count} were promised; the copy is incomplete, fetch it again");

    private sealed class FileByteSource : ByteSource
    {
        private readonly SafeFileHandle _handle;

        public FileByteSource(string path)
            : base(path)
        {
            try
            {
                _handle = File.OpenHandle(path);
            }
            catch (UnauthorizedAccessException e)
            {
                throw new IOException($"{path}: may not be read; check its permissions", e);
            }

            Length = RandomAccess.GetLength(_handle);
        }

        public override long Length { get; }

        protected override int Read(long offset, Span<byte> destination) => RandomAccess.Read(_handle, destination, offset);

        protected override void Dispose(bool disposing) => _handle.Dispose();
    }

    private sealed class MemoryByteSource(string path, ReadOnlyMemory<byte> bytes) : ByteSource(path)
    {
        public override long Length => bytes.Length;

        protected override int Read(long offset, Span<byte> destination)
        {
            bytes.Span.Slice((int)offset, destination.Length).CopyTo(destination);
            return destination.Length;
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
