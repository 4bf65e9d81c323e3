namespace L2c.Weights.Npy;

/// <summary>Images of an npz file, uint8 [N, H, W, 3], read some at a time: in order fast, whatever the compression. One thread at a time.</summary>
/// <remarks>An array in Fortran's order is read whole and turned.</remarks>
public sealed class NpzImages
{
    private readonly ByteSource _source;
    private readonly NpyHeader _header;
    private byte[]? _turned;

    internal NpzImages(ByteSource source)
    {
        _source = source;
        _header = NpyHeader.Read(source);
        if (!AreBytes(_header.Array) || ImageBytes > Array.MaxLength)
        {
            throw new MalformedFileException(
                source.Path,
                $"has images of {_header.Array.Type.Label()} [{string.Join(", ", _header.Array.Shape)}]; save them as uint8 [N, H, W, 3]");
        }

        // Turning holds them twice.
        if (_header.IsFortran && _header.Array.Bytes > ReadLimits.InflatedBytes / 2)
        {
            throw NpyHeader.Broken(source, $"has {_header.Array.Bytes} bytes of images in Fortran order", "save numpy.ascontiguousarray of them");
        }
    }

    /// <summary>N.</summary>
    public long Count => _header.Array.Shape[0];

    /// <summary>H.</summary>
    public int Height => (int)_header.Array.Shape[1];

    /// <summary>W.</summary>
    public int Width => (int)_header.Array.Shape[2];

    /// <summary>H W 3.</summary>
    public long ImageBytes => _header.Array.Shape[1] * _header.Array.Shape[2] * _header.Array.Shape[3];

    /// <summary>Reads images.</summary>
    /// <param name="first">First image.</param>
    /// <param name="pixels">Receives whole images, [count, H, W, 3].</param>
    /// <exception cref="MalformedFileException">The checksum does not match, or the bytes cannot be inflated.</exception>
    public void Read(long first, Span<byte> pixels)
    {
        if (pixels.Length % ImageBytes != 0 || first < 0 || first > Count - (pixels.Length / ImageBytes))
        {
            throw new ArgumentException($"{pixels.Length} bytes from image {first} on are not images of {Count} of {ImageBytes} bytes");
        }

        if (!_header.IsFortran)
        {
            _source.ReadExactly(_header.DataOffset + (first * ImageBytes), pixels);
            return;
        }

        _turned ??= Turn();
        _turned.AsSpan((int)(first * ImageBytes), pixels.Length).CopyTo(pixels);
    }

    /// <summary>Whether an array is of images that are read.</summary>
    internal static bool AreBytes(TensorInfo array) => array is { Type: TensorType.U8, Shape: [> 0, > 0, > 0, 3] };

    private byte[] Turn()
    {
        byte[] stored = new byte[_header.Array.Bytes], turned = new byte[stored.Length];
        _source.ReadExactly(_header.DataOffset, stored);
        long[] shape = _header.Array.Shape;
        int at = 0;
        for (long n = 0; n < shape[0]; n++)
        {
            for (long h = 0; h < shape[1]; h++)
            {
                for (long w = 0; w < shape[2]; w++)
                {
                    for (long c = 0; c < shape[3]; c++)
                    {
                        turned[at++] = stored[n + (shape[0] * (h + (shape[1] * (w + (shape[2] * c)))))];
                    }
                }
            }
        }

        return turned;
    }
}
