namespace L2c.Kernels;

/// <summary>One allocation for one lifetime (weights, workspace, cache, training), carved in a declared order. Tensors carved from it own nothing.</summary>
/// <remarks>
/// The carving code runs twice: first against an arena that only counts, then against one allocation of exactly that size. So sizes
/// are written once, as the tensors themselves.
/// </remarks>
public sealed class Arena : IDisposable
{
    /// <summary>Every tensor starts on a multiple of this many bytes: a cache line, an AVX-512 vector, and what cuBLASLt likes best.</summary>
    public const int AlignmentBytes = 256;

    private readonly Device _device;
    private readonly nint _address;

    private Arena(Device device, string name, nint address, long capacityBytes)
    {
        _device = device;
        Name = name;
        _address = address;
        CapacityBytes = capacityBytes;
    }

    /// <summary>What the memory is for: shown in reports and errors.</summary>
    public string Name { get; }

    /// <summary>Whether the allocation has been freed: tensors carved from it lead nowhere, and whoever owns the arena must not use them.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>What <see cref="Take(ReadOnlySpan{int})"/> carves: the device's storage type.</summary>
    public DType StorageType => _device.StorageType;

    /// <summary>Size of the allocation; 0 while only counting.</summary>
    public long CapacityBytes { get; }

    /// <summary>Bytes carved so far, alignment included.</summary>
    public long UsedBytes { get; private set; }

    /// <summary>Counts what <paramref name="carve"/> needs, allocates it in one piece and carves it.</summary>
    /// <param name="device">Where the memory is.</param>
    /// <param name="name">What it is for.</param>
    /// <param name="carve">Takes tensors from the arena and returns them. It runs twice and must ask for the same both times.</param>
    /// <returns>The arena, to be disposed when its tensors are no longer used, and what the second run returned.</returns>
    public static (Arena Arena, T Carved) Carve<T>(Device device, string name, Func<Arena, T> carve)
    {
        (long bytes, _) = Count(device, name, carve);
        var arena = new Arena(device, name, device.Allocate(Math.Max(bytes, AlignmentBytes)), bytes);
        try
        {
            T carved = carve(arena);
            return arena.UsedBytes == bytes
                ? (arena, carved)
                : throw new InvalidOperationException($"arena {name}: {bytes} bytes counted, {arena.UsedBytes} bytes carved");
        }
        catch
        {
            arena.Dispose();
            throw;
        }
    }

    /// <summary>Carves from an arena that only counts: what would be allocated, and tensors that ops may be recorded on but never run.</summary>
    /// <param name="device">Where the memory would be.</param>
    /// <param name="name">What it would be for.</param>
    /// <param name="carve">Takes tensors from the arena and returns them.</param>
    public static (long Bytes, T Carved) Count<T>(Device device, string name, Func<Arena, T> carve)
    {
        var counter = new Arena(device, name, 0, 0);
        T carved = carve(counter);
        return (counter.UsedBytes, carved);
    }

    /// <summary>Carves an uninitialised contiguous tensor.</summary>
    public Tensor Take(DType type, params ReadOnlySpan<int> extents)
    {
        var shape = new Shape(extents);
        return new Tensor(Advance(shape.Count * type.Size()), shape, type, _device, shape.Columns);
    }

    /// <summary>Carves an uninitialised contiguous tensor of the device's storage type.</summary>
    public Tensor Take(params ReadOnlySpan<int> extents) => Take(_device.StorageType, extents);

    /// <summary>Carves room for a weight in the device's own layout and storage type, to be filled by <see cref="Device.WriteMatrix"/>.</summary>
    public Matrix TakeMatrix(int outputs, int inputs) =>
        new(Advance(_device.MatrixBytes(outputs, inputs)), outputs, inputs, _device.StorageType, _device);

    /// <summary>What <see cref="Device.Linear"/> needs to compute dx = dy W, with the outputs and inputs of <paramref name="weight"/> exchanged: room for a
    /// second layout, to be filled by <see cref="Device.WriteTransposed"/>, or the weight's own memory where the device can read it both ways.</summary>
    public Matrix TakeTransposed(Matrix weight) => _device.TakeTransposed(this, weight);

    /// <summary>Carves bytes for a layout that only the device knows.</summary>
    internal nint TakeBytes(long bytes) => Advance(bytes);

    /// <summary>Frees the allocation.</summary>
    public void Dispose()
    {
        if (IsDisposed)
        {
            return;
        }

        IsDisposed = true;
        if (_address != 0)
        {
            _device.Free(_address);
        }
    }

    private nint Advance(long bytes)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        long start = UsedBytes;
        long end = checked(start + bytes + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes;
        if (_address != 0 && end > CapacityBytes)
        {
            throw new InvalidOperationException($"arena {Name}: {end} bytes asked for, {CapacityBytes} bytes were counted");
        }

        UsedBytes = end;

        // While counting, no tensor may look like a null pointer.
        return (_address == 0 ? AlignmentBytes : _address) + (nint)start;
    }
}
