namespace L2c.Weights.Tests;

/// <summary>Bytes in memory that count what is read of them.</summary>
internal sealed class CountedSource(byte[] bytes) : ByteSource("memory")
{
    /// <summary>Bytes read so far, each as often as it was read.</summary>
    public long BytesRead { get; private set; }

    /// <summary>How often something was read.</summary>
    public long Reads { get; private set; }

    public override long Length => bytes.Length;

    protected override int Read(long offset, Span<byte> destination)
    {
        bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
        BytesRead += destination.Length;
        Reads++;
        return destination.Length;
    }

    protected override void Dispose(bool disposing)
    {
    }
}
