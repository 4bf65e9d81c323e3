using System.Buffers;

namespace L2c.Weights.PyTorch;

/// <summary>Reads a range of a strided tensor, given in row-major order, from its storage.</summary>
/// <remarks>
/// The range is cut into boxes (partial row, whole rows, partial row, on each level), and each box is walked with its largest stride outermost,
/// so the storage is read forwards through one small window even where rows are columns of the storage. Memory does not depend on the tensor.
/// A window is short where the walk has jumped and long where it goes on; a box that lies in a few mebibytes is fetched whole. A view whose strides
/// overlap so that the walk jumps to and fro is refused when it has fetched too much (<see cref="FetchMeter"/>).
/// </remarks>
internal ref struct StridedReader
{
    private const int LongWindowBytes = 64 * 1024, ShortWindowBytes = 4 * 1024;

    // A box of this span is fetched at once, unless that is many times its bytes.
    private const int WholeBoxBytes = 4 << 20, WholeBoxRatio = 16;

    private readonly TorchContainer _container;
    private readonly TorchTensor _tensor;
    private readonly FetchMeter _meter;
    private readonly int _elementBytes;
    private byte[] _window;
    private long _windowStart;
    private int _windowLength;

    private StridedReader(TorchContainer container, TorchTensor tensor, FetchMeter meter)
    {
        _container = container;
        _tensor = tensor;
        _meter = meter;
        _elementBytes = tensor.Type.Size();
        _window = ArrayPool<byte>.Shared.Rent(LongWindowBytes);
    }

    /// <summary>Fills <paramref name="destination"/> with the elements from <paramref name="firstElement"/>.</summary>
    /// <exception cref="MalformedFileException">The storage is damaged, or the views of this file fetch too much of it.</exception>
    public static void Read(TorchContainer container, TorchTensor tensor, FetchMeter meter, long firstElement, Span<byte> destination)
    {
        StridedReader reader = new(container, tensor, meter);
        try
        {
            meter.Give(destination.Length);
            reader.ReadRange(0, tensor.Offset, firstElement, destination);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(reader._window);
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
        List<(long Extent, long Source, long Target)> axes = new(rank);
        long target = 1, span = 1;
        for (int i = rank - 1; i >= 0; i--)
        {
            long extent = i == 0 ? rows : _tensor.Size[firstAxis + i], stride = _tensor.Stride[firstAxis + i];
            if (extent > 1)
            {
                axes.Add((extent, stride, target));
                span += (extent - 1) * stride;
            }

            target *= extent;
        }

        axes.Sort((a, b) => b.Source.CompareTo(a.Source));
        long spanBytes = span * _elementBytes;
        if (spanBytes <= WholeBoxBytes && spanBytes / WholeBoxRatio <= destination.Length)
        {
            Fetch(start * _elementBytes, (int)spanBytes);
        }

        Walk(axes.ToArray(), start, 0, destination);
    }

    private void Walk(ReadOnlySpan<(long Extent, long Source, long Target)> axes, long source, long target, Span<byte> destination)
    {
        if (axes.IsEmpty)
        {
            Copy(source, destination.Slice((int)target * _elementBytes, _elementBytes));
            return;
        }

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
        long offset = element * _elementBytes, end = _windowStart + _windowLength;
        if (offset < _windowStart || offset + _elementBytes > end)
        {
            bool goesOn = offset >= _windowStart && offset <= end + ShortWindowBytes;
            Fetch(offset, (int)Math.Min(goesOn ? LongWindowBytes : ShortWindowBytes, _tensor.Storage.Bytes - offset));
        }

        _window.AsSpan((int)(offset - _windowStart), _elementBytes).CopyTo(destination);
    }

    private void Fetch(long offset, int length)
    {
        _meter.Fetch(length);
        if (length > _window.Length)
        {
            ArrayPool<byte>.Shared.Return(_window);
            _window = ArrayPool<byte>.Shared.Rent(length);
        }

        (_windowStart, _windowLength) = (offset, length);
        _container.ReadStorage(_tensor.Storage, offset, _window.AsSpan(0, length));
    }
}
