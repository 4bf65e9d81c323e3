namespace L2c.Weights.Storage;

/// <summary>A file that is being written, whose errors name the file that it shall become. Its owner closes it.</summary>
/// <param name="name">The path for messages.</param>
/// <param name="file">The bytes.</param>
internal sealed class NamedStream(string name, FileStream file) : Stream
{
    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => file.Length;

    /// <inheritdoc/>
    public override long Position
    {
        get => file.Position;
        set => Seek(value, SeekOrigin.Begin);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            return file.Read(buffer);
        }
        catch (IOException e)
        {
            throw WriteFailure.Of(name, e);
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            file.Write(buffer);
        }
        catch (IOException e)
        {
            throw WriteFailure.Of(name, e);
        }
    }

    /// <inheritdoc/>
    public override void WriteByte(byte value) => Write([value]);

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin)
    {
        try
        {
            return file.Seek(offset, origin);
        }
        catch (IOException e)
        {
            throw WriteFailure.Of(name, e);
        }
    }

    /// <inheritdoc/>
    public override void SetLength(long value)
    {
        try
        {
            file.SetLength(value);
        }
        catch (IOException e)
        {
            throw WriteFailure.Of(name, e);
        }
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        try
        {
            file.Flush();
        }
        catch (IOException e)
        {
            throw WriteFailure.Of(name, e);
        }
    }
}
