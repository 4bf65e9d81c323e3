using System.Runtime.CompilerServices;

namespace L2c.Emulation.Machine;

/// <summary>Shared memory of one block, with a shadow that knows who wrote and read each granule last.</summary>
internal sealed unsafe class SharedMemory
{
    private readonly byte[] _data;
    private readonly byte* _start;
    private readonly ulong[] _writes;
    private readonly ulong[] _reads;
    private readonly int _bytes;
    private readonly int _shift;
    private readonly SharedOrder _order;

    /// <param name="bytes">Static and dynamic.</param>
    /// <param name="granule">1 to 16: every access is a multiple of it.</param>
    /// <param name="order">What synchronisation has ordered.</param>
    public SharedMemory(int bytes, int granule, SharedOrder order)
    {
        _bytes = bytes;
        _shift = int.Log2(granule);
        _order = order;
        _data = GC.AllocateUninitializedArray<byte>(bytes + 16, pinned: true);
        fixed (byte* start = _data)
        {
            _start = start;
        }

        int granules = (bytes + granule - 1) >> _shift;
        _writes = new ulong[granules];
        _reads = new ulong[granules];
    }

    /// <summary>Forgets everything: the next block begins.</summary>
    public void Clear()
    {
        Array.Clear(_writes);
        Array.Clear(_reads);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public byte* Read(Warp warp, ulong address, int bytes)
    {
        int offset = Resolve(address, bytes, "read");
        int first = offset >> _shift;
        int count = bytes >> _shift;
        Span<ulong> writes = _writes.AsSpan(first, count);
        Span<ulong> reads = _reads.AsSpan(first, count);
        ulong limit = _order.Limit(warp.Number);
        ulong mine = _order.Stamp(warp);
        for (int i = 0; i < writes.Length; i++)
        {
            ulong write = writes[i];
            if (write == 0)
            {
                throw new DeviceFault(
                    FaultKind.Uninitialised, $"read of {bytes} bytes of shared memory at {address:x}, which nothing has written");
            }

            if (write >= limit && !_order.IsOrdered(write, warp))
            {
                throw Race("read", address, bytes, "write", write);
            }

            ulong read = reads[i];
            reads[i] = read < limit || read == mine ? mine : SharedOrder.Merge(read, mine);
        }

        return _start + offset;
    }

    public byte* Write(Warp warp, ulong address, int bytes) => Write(warp, address, bytes, _order.Stamp(warp));

    /// <summary>A write that is under way: until <see cref="Arrive"/>, any other access races with it.</summary>
    public byte* WriteLater(Warp warp, ulong address, int bytes) => Write(warp, address, bytes, SharedOrder.Pending(_order.Stamp(warp)));

    /// <summary>What <see cref="WriteLater"/> began is now an ordinary write of the same thread.</summary>
    public void Arrive(Warp warp, ulong address, int bytes) =>
        _writes.AsSpan(Resolve(address, bytes, "write") >> _shift, bytes >> _shift).Fill(_order.Stamp(warp));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private byte* Write(Warp warp, ulong address, int bytes, ulong stamp)
    {
        int offset = Resolve(address, bytes, "write");
        int first = offset >> _shift;
        int count = bytes >> _shift;
        Span<ulong> writes = _writes.AsSpan(first, count);
        Span<ulong> reads = _reads.AsSpan(first, count);
        ulong limit = _order.Limit(warp.Number);
        for (int i = 0; i < writes.Length; i++)
        {
            ulong write = writes[i];
            if (write >= limit && !_order.IsOrdered(write, warp))
            {
                throw Race("write", address, bytes, "write", write);
            }

            ulong read = reads[i];
            if (read >= limit && !_order.IsOrdered(read, warp))
            {
                throw Race("write", address, bytes, "read", read);
            }

            writes[i] = stamp;
            reads[i] = 0;
        }

        return _start + offset;
    }

    private static DeviceFault Race(string access, ulong address, int bytes, string other, ulong stamp) =>
        new(FaultKind.SharedRace, $"{access} of {bytes} bytes of shared memory at {address:x} races with a {other} by {SharedOrder.Describe(stamp)}");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Resolve(ulong address, int bytes, string direction)
    {
        ulong offset = address - Window.FirstShared;
        return offset < (ulong)_bytes && (ulong)bytes <= (ulong)_bytes - offset && (address & (ulong)(bytes - 1)) == 0
            ? (int)offset
            : throw Refuse(address, bytes, direction);
    }

    private DeviceFault Refuse(ulong address, int bytes, string direction)
    {
        string access = $"{direction} of {bytes} bytes of shared memory at {address:x}";
        return address - Window.FirstShared + (ulong)bytes <= (ulong)_bytes
            ? new DeviceFault(FaultKind.Misaligned, $"{access}, which {bytes} does not divide")
            : new DeviceFault(FaultKind.OutOfBounds, $"{access}; the block has {_bytes} bytes from {Window.FirstShared:x}");
    }
}
