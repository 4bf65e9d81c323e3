using System.Buffers;
using System.IO.Compression;
using System.IO.Hashing;

namespace L2c.Weights.Zip;

/// <summary>The bytes of a deflated entry of any size, inflated as they are read in order; going back begins anew.</summary>
/// <remarks>Its checksum is verified over all its bytes before the first of them is handed out. Memory: a buffer. Safe for several threads.</remarks>
/// <param name="archive">The archive, which stays open.</param>
/// <param name="entry">The entry.</param>
/// <param name="once">Runs what verifies the entry, unless another source of it has done so.</param>
internal sealed class InflatingSource(ByteSource archive, ZipEntry entry, Action<Action> once) : ByteSource(archive.Path)
{
    private const int Chunk = 1 << 18;

    private readonly Lock _lock = new();
    private bool _isVerified;
    private DeflateStream? _stream;
    private long _position;

    /// <inheritdoc/>
    public override long Length => entry.Size;

    /// <inheritdoc/>
    protected override int Read(long offset, Span<byte> destination)
    {
        lock (_lock)
        {
            try
            {
                if (!_isVerified)
                {
                    once(Verify);
                    _isVerified = true;
                }

                if (_stream is null || offset < _position)
                {
                    Restart();
                }

                Skip(offset - _position);
                int read = _stream!.Read(destination);
                _position += read;
                return read;
            }
            catch (InvalidDataException e)
            {
                throw ZipReader.Broken(Path, $"entry {FileText.Printable(entry.Name)} is not deflated data", e);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _stream?.Dispose();

    private void Restart()
    {
        _stream?.Dispose();
        _stream = new DeflateStream(new CompressedStream(archive, entry), CompressionMode.Decompress);
        _position = 0;
    }

    private void Verify()
    {
        Restart();
        Crc32 crc = new();
        Inflate(entry.Size, crc);
        if (_position != entry.Size || _stream!.ReadByte() >= 0)
        {
            throw ZipReader.Broken(Path, $"entry {FileText.Printable(entry.Name)} does not inflate to the {entry.Size} bytes promised");
        }

        if (crc.GetCurrentHashAsUInt32() is var found && found != entry.Crc)
        {
            throw ZipReader.Broken(Path, $"the checksum of entry {FileText.Printable(entry.Name)} is {found:x8} instead of {entry.Crc:x8}");
        }

        Restart();
    }

    private void Skip(long bytes) => Inflate(bytes, null);

    private void Inflate(long bytes, Crc32? crc)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        try
        {
            for (int read = 1; bytes > 0 && read > 0; bytes -= read)
            {
                read = _stream!.Read(buffer, 0, (int)Math.Min(buffer.Length, bytes));
                _position += read;
                crc?.Append(buffer.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The entry's bytes in the archive, in order.</summary>
    private sealed class CompressedStream(ByteSource archive, ZipEntry entry) : Stream
    {
        private long _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => entry.CompressedSize;

        public override long Position
        {
            get => _at;
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            buffer = buffer[..(int)Math.Min(buffer.Length, entry.CompressedSize - _at)];
            archive.ReadExactly(entry.DataOffset + _at, buffer);
            _at += buffer.Length;
            return buffer.Length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
