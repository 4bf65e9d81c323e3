using L2c.Kernels;

namespace L2c.Model.Autoencoder;

/// <summary>Memory for the results between ops, taken and returned in the order in which they are enqueued: what has been returned is taken again,
/// so that a pass has the size of its widest place.</summary>
/// <remarks>On paper it counts: the same pass is enqueued twice, once to know <see cref="PeakBytes"/>, once for real.</remarks>
/// <param name="device">Where the memory is.</param>
/// <param name="block">The memory, contiguous; none to count only.</param>
internal sealed class ReusedMemory(Device device, Tensor block = default)
{
    // What is taken, by address.
    private readonly List<(long Start, long End)> _taken = [];

    /// <summary>Bytes up to the end of the highest tensor ever taken.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Takes an uninitialised contiguous tensor of the device's storage type, as low as it fits.</summary>
    public Tensor Take(params ReadOnlySpan<int> extents)
    {
        var shape = new Shape(extents);
        long bytes = checked((shape.Count * device.StorageType.Size()) + Arena.AlignmentBytes - 1) / Arena.AlignmentBytes * Arena.AlignmentBytes;
        long start = 0;
        int place = 0;
        for (; place < _taken.Count && _taken[place].Start - start < bytes; place++)
        {
            start = _taken[place].End;
        }

        _taken.Insert(place, (start, start + bytes));
        PeakBytes = Math.Max(PeakBytes, start + bytes);
        if (!block.IsNone && PeakBytes > block.Shape.Count * block.DType.Size())
        {
            throw new InvalidOperationException($"{PeakBytes} bytes asked for, {block.Shape.Count * block.DType.Size()} bytes were counted");
        }

        // While counting, no tensor may look like a null pointer.
        return new Tensor((block.IsNone ? Arena.AlignmentBytes : block.Address) + (nint)start, shape, device.StorageType, device, shape.Columns);
    }

    /// <summary>Gives a tensor's memory back to ops that are enqueued later.</summary>
    public void Return(Tensor tensor)
    {
        long start = tensor.Address - (block.IsNone ? Arena.AlignmentBytes : block.Address);
        int place = _taken.FindIndex(taken => taken.Start == start);
        _taken.RemoveAt(place);
    }
}
