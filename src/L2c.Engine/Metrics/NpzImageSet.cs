using L2c.Weights;
using L2c.Weights.Npy;

namespace L2c;

/// <summary>The bytes <c>arr_0</c>, [N,H,W,3], of an npz file of any size, also a compressed one: read in order.</summary>
internal sealed class NpzImageSet : IImageSet
{
    private const int MaxSide = 1 << 14;

    private readonly NpzArchive _archive;
    private readonly NpzImages _images;
    private readonly Lock _lock = new();
    private byte[] _bytes = [];

    private NpzImageSet(NpzArchive archive, NpzImages images) => (_archive, _images) = (archive, images);

    /// <inheritdoc/>
    public string Name => Path.GetFileName(_archive.Path);

    /// <inheritdoc/>
    public int Channels => 3;

    /// <inheritdoc/>
    public int Height => _images.Height;

    /// <inheritdoc/>
    public int Width => _images.Width;

    /// <inheritdoc/>
    public long? Count => _images.Count;

    /// <summary>Opens a file if it is one of such images.</summary>
    /// <returns>Null for another kind of file.</returns>
    /// <exception cref="MalformedFileException">It is damaged, or its images are too large.</exception>
    public static NpzImageSet? TryOpen(string path)
    {
        NpzArchive? archive = NpzArchive.TryOpen(path);
        try
        {
            if (archive?.HasByteImages != true)
            {
                return null;
            }

            NpzImageSet set = new(archive, archive.Images());
            if (Math.Max(set.Height, set.Width) > MaxSide)
            {
                throw new MalformedFileException(path, $"has images of {set.Height} x {set.Width}; give images of at most {MaxSide}");
            }

            archive = null;
            return set;
        }
        finally
        {
            archive?.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Read(long index, Span<float> image)
    {
        lock (_lock)
        {
            Unpack(Bytes(index, image.Length), image);
        }
    }

    /// <inheritdoc/>
    public void Read(long first, Memory<float> images, ParallelOptions options)
    {
        lock (_lock)
        {
            _ = Bytes(first, images.Length);
            byte[] bytes = _bytes;
            int length = Channels * Height * Width;
            Parallel.For(0, images.Length / length, options, i => Unpack(bytes.AsSpan(i * length, length), images.Span.Slice(i * length, length)));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _archive.Dispose();

    private Span<byte> Bytes(long first, int length)
    {
        if (_bytes.Length < length)
        {
            _bytes = new byte[length];
        }

        Span<byte> bytes = _bytes.AsSpan(0, length);
        _images.Read(first, bytes);
        return bytes;
    }

    private static void Unpack(ReadOnlySpan<byte> pixels, Span<float> image)
    {
        for (int i = 0, area = image.Length / 3; i < image.Length; i++)
        {
            image[i] = (pixels[(i % area * 3) + (i / area)] - 127.5f) / 127.5f;
        }
    }
}
