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

    /// <summary>All bytes of a file that is small by its nature.</summary>
    /// <param name="limit">Bytes beyond which a file of its kind is refused; one of <see cref="ReadLimits"/>.</param>
    /// <exception cref="MalformedFileException">It is longer, or has shrunk.</exception>
    public byte[] ReadAll(long limit)
    {
        if (Length > limit)
        {
            throw new MalformedFileException(Path, $"has {Length} bytes, more than the {limit} allowed for a file of its kind; it is refused");
        }

        byte[] bytes = new byte[Length];
        ReadExactly(0, bytes);
        return bytes;
    }


    /// <summary>Opens a regular file: the one way to read a file, whatever is in it. Neither waits nor hinders a writer.</summary>
    /// <param name="path">The file; links are followed.</param>
    /// <param name="mayBeEmpty">Whether a file without bytes is opened, too.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It is a directory, may not be read, or its links lead back to themselves.</exception>
    /// <exception cref="MalformedFileException">It is empty, or a pipe, a device or a socket.</exception>
    public static ByteSource OpenFile(string path, bool mayBeEmpty = false)
    {
        if (string.IsNullOrEmpty(path))
        {
            throw new FileNotFoundException("the path of a file is empty; name a file");
        }

        FileByteSource source = new(path);
        if (source.Length > 0 || mayBeEmpty)
        {
            return source;
        }

        source.Dispose();
        throw new MalformedFileException(path, "is empty; fetch it again");
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
            : base(path) => (_handle, Length) = RegularFile.Open(path);

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
