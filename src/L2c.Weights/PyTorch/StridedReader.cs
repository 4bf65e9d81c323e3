using System.Buffers;

namespace L2c.Weights.PyTorch;

/// <summary>Reads a range of a strided tensor, given in row-major order, from its storage.</summary>
/// <remarks>
/// The range is cut into boxes (partial row, whole rows, partial row, on each level), and each box is walked with its largest stride outermost,
/// so the storage is read forwards through one small window even where rows are columns of the storage. Memory does not depend on the tensor.
/// </remarks>
internal ref struct StridedReader
{
    private const int WindowBytes = 64 * 1024;

    private readonly TorchContainer _container;
    private readonly TorchTensor _tensor;
    private readonly int _elementBytes;
    private readonly byte[] _window;
    private long _windowStart;
    private int _windowLength;

    private StridedReader(TorchContainer container, TorchTensor tensor, byte[] window)
    {
        _container = container;
        _tensor = tensor;
        _elementBytes = tensor.Storage.Type.Size();
        _window = window;
    }

    /// <summary>Fills <paramref name="destination"/> with the elements from <paramref name="firstElement"/>.</summary>
    public static void Read(TorchContainer container, TorchTensor tensor, long firstElement, Span<byte> destination)
    {
        byte[] window = ArrayPool<byte>.Shared.Rent(WindowBytes);
        try
        {
            StridedReader reader = new(container, tensor, window);
            reader.ReadRange(0, tensor.Offset, firstElement, destination);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(window);
        }
    }

    /// <summary>Reads from the sub-tensor of axes <paramref name="axis"/> and up that starts at storage element <paramref name="start"/>.</summary>
    private void ReadRange(int axis, long start, long first, Span<byte> destination)
    {
        if (destination.IsEmpty)
        {
            return;
        }

        if (axis == _tensor.Size.Length)
        {
            Copy(start, destination);
            return;
        }

        long rowElements = 1;
        foreach (long extent in _tensor.Size.AsSpan(axis + 1))
        {
            rowElements *= extent;
        }

        long row = first / rowElements, skipped = first % rowElements;
        if (skipped > 0)
        {
            int head = (int)Math.Min(destination.Length, (rowElements - skipped) * _elementBytes);
            ReadRange(axis + 1, start + (row * _tensor.Stride[axis]), skipped, destination[..head]);
            destination = destination[head..];
            row++;
        }

        long rows = destination.Length / (rowElements * _elementBytes);
        if (rows > 0)
        {
            int body = (int)(rows * rowElements * _elementBytes);
            ReadBox(axis, start + (row * _tensor.Stride[axis]), rows, destination[..body]);
            destination = destination[body..];
            row += rows;
        }

        if (!destination.IsEmpty)
        {
            ReadRange(axis + 1, start + (row * _tensor.Stride[axis]), 0, destination);
        }
    }

    /// <summary>Reads whole rows of an axis: the box rows x (all of the axes below), dense in the destination.</summary>
    private void ReadBox(int firstAxis, long start, long rows, Span<byte> destination)
    {
        int rank = _tensor.Size.Length - firstAxis;
        (long Extent, long Source, long Target)[] axes = new (long, long, long)[rank];
        long target = 1;
        for (int i = rank - 1; i >= 0; i--)
        {
            long extent = i == 0 ? rows : _tensor.Size[firstAxis + i];
            axes[i] = (extent, _tensor.Stride[firstAxis + i], target);
            target *= extent;
        }

        Array.Sort(axes, (a, b) => b.Source.CompareTo(a.Source));
        Walk(axes, start, 0, destination);
    }

    private void Walk(ReadOnlySpan<(long Extent, long Source, long Target)> axes, long source, long target, Span<byte> destination)
    {
        (long extent, long sourceStride, long targetStride) = axes[0];
        for (long i = 0; i < extent; i++)
        {
            if (axes.Length > 1)
            {
                Walk(axes[1..], source + (i * sourceStride), target + (i * targetStride), destination);
            }
            else
            {
                int at = (int)((target + (i * targetStride)) * _elementBytes);
                Copy(source + (i * sourceStride), destination.Slice(at, _elementBytes));
            }
        }
    }

    private void Copy(long element, Span<byte> destination)
    {
        long offset = element * _elementBytes;
        if (offset < _windowStart || offset + _elementBytes > _windowStart + _windowLength)
        {
            _windowStart = offset;
            _windowLength = (int)Math.Min(WindowBytes, _tensor.Storage.Bytes - offset);
            _container.ReadStorage(_tensor.Storage, offset, _window.AsSpan(0, _windowLength));
        }

        _window.AsSpan((int)(offset - _windowStart), _elementBytes).CopyTo(destination);
    }
}
