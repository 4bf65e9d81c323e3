namespace L2c.Weights.Tests;

/// <summary>A file in memory of which only blocks with something in them take room.</summary>
internal sealed class SparseStream : Stream
{
    private const int Block = 1 << 16;

    private readonly Dictionary<long, byte[]> _blocks = [];

    public override bool CanRead => false;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => End;

    public override long Position { get; set; }

    /// <summary>Bytes written so far.</summary>
    public long End { get; private set; }

    /// <summary>The first bytes of what was written, for reading.</summary>
    public ByteSource Source(long length) => new Bytes(this, length);

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            int at = (int)(Position % Block), count = Math.Min(buffer.Length, Block - at);
            ReadOnlySpan<byte> part = buffer[..count];
            if (_blocks.TryGetValue(Position / Block, out byte[]? block) || part.ContainsAnyExcept((byte)0))
            {
                block ??= _blocks[Position / Block] = new byte[Block];
                part.CopyTo(block.AsSpan(at));
            }

            Position += count;
            buffer = buffer[count..];
        }

        End = Math.Max(End, Position);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private sealed class Bytes(SparseStream stream, long length) : ByteSource("sparse")
    {
        public override long Length => length;

        protected override int Read(long offset, Span<byte> destination)
        {
            int at = (int)(offset % Block), count = Math.Min(destination.Length, Block - at);
            if (stream._blocks.TryGetValue(offset / Block, out byte[]? block))
            {
                block.AsSpan(at, count).CopyTo(destination);
            }
            else
            {
                destination[..count].Clear();
            }

            return count;
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
