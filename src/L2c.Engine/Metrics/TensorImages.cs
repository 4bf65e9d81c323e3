using System.Runtime.InteropServices;
using L2c.Weights;
using L2c.Weights.Layouts;

namespace L2c;

/// <summary>Images in a file of tensors: safetensors, npy, npz or PyTorch.</summary>
/// <remarks>
/// The images are the only tensor of four axes with 1 or 3 channels, second ([N,C,H,W]) or last ([N,H,W,C], as published sets of samples are). U8
/// values u are (u - 127.5) / 127.5; floating-point ones are in [-1, 1], and a little beyond as models leave them.
/// </remarks>
internal sealed class TensorImages : IImageSet
{
    // Samples of a model leave [-1, 1] by little; a file of 0..255 is surely another.
    private const float MaxPixel = 16;

    private readonly TensorFile _file;
    private readonly TensorInfo _tensor;
    private readonly bool _channelsLast;
    private readonly Lock _lock = new();

    /// <summary>Opens a file.</summary>
    /// <exception cref="MalformedFileException">It is damaged, or does not hold one tensor of images.</exception>
    public TensorImages(string path)
    {
        _file = TensorFiles.Open(path);
        try
        {
            TensorInfo[] images = [.. _file.Tensors.Where(IsImages)];
            _tensor = images.Length == 1
                ? images[0]
                : throw new MalformedFileException(
                    path,
                    $"has {images.Length} tensors of images [N,C,H,W] or [N,H,W,C] with 1 or 3 channels of floating-point or U8 pixels; "
                    + "give a file with one");
            Name = Path.GetFileName(path);
            _channelsLast = !IsChannels(_tensor.Shape[1]);
            long[] shape = _tensor.Shape;
            (Channels, Height, Width) = _channelsLast
                ? ((int)shape[3], Extent(path, shape[1]), Extent(path, shape[2]))
                : ((int)shape[1], Extent(path, shape[2]), Extent(path, shape[3]));
            if ((long)Channels * Height * Width * _tensor.Type.Size() > Array.MaxLength)
            {
                throw new MalformedFileException(path, $"has images of {Channels} x {Height} x {Width}, which are too large; give smaller ones");
            }
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Channels { get; }

    /// <inheritdoc/>
    public int Height { get; }

    /// <inheritdoc/>
    public int Width { get; }

    /// <inheritdoc/>
    public long? Count => _tensor.Shape[0];

    /// <inheritdoc/>
    public void Read(long index, Span<float> image)
    {
        byte[] stored = new byte[image.Length * _tensor.Type.Size()];
        lock (_lock)
        {
            _file.ReadBytes(_tensor, index * image.Length, stored);
        }

        float[] values = new float[image.Length];
        if (_tensor.Type == TensorType.U8)
        {
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (stored[i] - 127.5f) / 127.5f;
            }
        }
        else if (FloatConversion.Convert(stored, _tensor.Type, MemoryMarshal.AsBytes(values.AsSpan()), TensorType.F32) >= 0
            || values.Any(value => !(MathF.Abs(value) <= MaxPixel)))
        {
            throw new MalformedFileException(_file.Path, $"image {index} has values that are not pixels; floating-point images lie in [-1, 1]");
        }

        for (int i = 0, area = Height * Width; i < values.Length; i++)
        {
            image[i] = _channelsLast ? values[(i % area * Channels) + (i / area)] : values[i];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static bool IsChannels(long extent) => extent is 1 or 3;

    private static bool IsImages(TensorInfo tensor) =>
        tensor.Shape is [> 0, var second, _, var last] && (IsChannels(second) || IsChannels(last))
        && tensor.Type is TensorType.F64 or TensorType.F32 or TensorType.F16 or TensorType.BF16 or TensorType.U8;

    private static int Extent(string path, long extent) => extent is > 0 and <= 1 << 14
        ? (int)extent
        : throw new MalformedFileException(path, $"has images {extent} pixels wide or high; give images of at most {1 << 14}");
}
