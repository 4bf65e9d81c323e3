using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace L2c.Emulation;

/// <summary>
/// Device memory: allocations at made-up addresses, each backed by host memory and by one shadow byte per byte that says whether it was ever written.
/// </summary>
/// <remarks>
/// Addresses are never reused, so that a stale pointer stays wrong, and between two allocations lies at least 1 MiB that belongs to none. They are
/// multiples of 256 and of no higher power of two: code that relies on more alignment than cuMemAlloc promises fails here.
/// Access is thread-safe (two threads that write the same bytes race as they do on the device); <see cref="Allocate"/> and <see cref="Free"/> must
/// not run at the same time as anything else.
/// </remarks>
/// <param name="keepsValues">False for memory whose values do not matter, as where launches are only counted: it holds zeros that take no memory of
/// the host until something is written, all of it counts as written, and copies of 64 KiB and more are not made.</param>
public sealed unsafe class DeviceMemory(bool keepsValues = true) : IDisposable
{
    private const long LargeCopy = 64 << 10;
    private const ulong Base = 0x7F40_0000_0000;
    private const int PageShift = 20;
    private const ulong PageBytes = 1UL << PageShift;

    // Page number to the allocation that touches the page; a page never belongs to two.
    private Allocation?[] _pages = new Allocation?[64];
    private int _nextPage;

    /// <summary>Whether what is computed matters.</summary>
    public bool KeepsValues => keepsValues;

    /// <summary>Bytes of all live allocations.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>Live allocations by address, in the order of allocation: what a test that ends now has leaked.</summary>
    public IReadOnlyList<(ulong Address, long Bytes)> Allocations =>
        [.. _pages.Take(_nextPage).OfType<Allocation>().Where(a => !a.Freed).Distinct().Select(a => (a.Address, (long)a.Bytes))];

    /// <summary>Allocates. The contents are uninitialised: reading them faults.</summary>
    /// <param name="bytes">More than 0.</param>
    /// <returns>An address, aligned to 256 bytes.</returns>
    /// <exception cref="OutOfMemoryException">The host has not that much.</exception>
    public ulong Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        int pages = checked((int)((ulong)(bytes + 256 + (long)PageBytes - 1) >> PageShift));
        int guarded = _nextPage + pages + 1;
        if (guarded > _pages.Length)
        {
            Array.Resize(ref _pages, Math.Max(guarded, 2 * _pages.Length));
        }

        var allocation = new Allocation(Base + ((ulong)_nextPage << PageShift) + 256, (ulong)bytes, keepsValues);
        Array.Fill(_pages, allocation, _nextPage, pages);
        _nextPage = guarded;
        AllocatedBytes += bytes;
        return allocation.Address;
    }

    /// <summary>Frees; later accesses fault.</summary>
    /// <param name="address">What <see cref="Allocate"/> returned.</param>
    /// <returns>False when that is no live allocation's first byte.</returns>
    public bool Free(ulong address)
    {
        Allocation? allocation = Find(address);
        if (allocation is null || allocation.Address != address || allocation.Freed)
        {
            return false;
        }

        allocation.Dispose();
        AllocatedBytes -= (long)allocation.Bytes;
        return true;
    }

    /// <summary>Resolves one load of a kernel.</summary>
    /// <param name="address">A multiple of <paramref name="bytes"/>.</param>
    /// <param name="bytes">1, 2, 4, 8 or 16.</param>
    /// <returns>The host's copy of those bytes, valid until the allocation is freed.</returns>
    /// <exception cref="DeviceFault">Misaligned, outside, freed or not all bytes initialised.</exception>
    public byte* Read(ulong address, int bytes)
    {
        Allocation allocation = Resolve(address, bytes, "read");
        ulong offset = address - allocation.Address;
        byte* shadow = allocation.Shadow + offset;
        bool initialised = allocation.Shadow == null || bytes switch
        {
            1 => *shadow == 1,
            2 => *(ushort*)shadow == 0x0101,
            4 => *(uint*)shadow == 0x0101_0101,
            8 => *(ulong*)shadow == 0x0101_0101_0101_0101,
            _ => (((ulong*)shadow)[0] & ((ulong*)shadow)[1]) == 0x0101_0101_0101_0101,
        };
        return initialised ? allocation.Data + offset : throw allocation.Uninitialised(address, (ulong)bytes);
    }

    /// <summary>Resolves one store of a kernel and marks its bytes as initialised.</summary>
    /// <param name="address">A multiple of <paramref name="bytes"/>.</param>
    /// <param name="bytes">1, 2, 4, 8 or 16.</param>
    /// <returns>The host's copy of those bytes, valid until the allocation is freed.</returns>
    /// <exception cref="DeviceFault">Misaligned, outside or freed.</exception>
    public byte* Write(ulong address, int bytes)
    {
        Allocation allocation = Resolve(address, bytes, "write");
        ulong offset = address - allocation.Address;
        if (allocation.Shadow != null)
        {
            Unsafe.InitBlockUnaligned(allocation.Shadow + offset, 1, (uint)bytes);
        }

        return allocation.Data + offset;
    }

    /// <summary>Resolves a span that is read: copies and matrices.</summary>
    /// <param name="address">Any alignment.</param>
    /// <param name="bytes">0 or more.</param>
    /// <returns>The host's copy of those bytes, valid until the allocation is freed.</returns>
    /// <exception cref="DeviceFault">Outside, freed or not all bytes initialised.</exception>
    public byte* ReadRange(ulong address, long bytes)
    {
        Allocation allocation = ResolveRange(address, bytes, "read");
        ulong offset = address - allocation.Address;
        return allocation.IsInitialised(offset, bytes) ? allocation.Data + offset : throw allocation.Uninitialised(address, (ulong)bytes);
    }

    /// <summary>Resolves a span that is written and marks its bytes as initialised.</summary>
    /// <param name="address">Any alignment.</param>
    /// <param name="bytes">0 or more.</param>
    /// <returns>The host's copy of those bytes, valid until the allocation is freed.</returns>
    /// <exception cref="DeviceFault">Outside or freed.</exception>
    public byte* WriteRange(ulong address, long bytes)
    {
        Allocation allocation = ResolveRange(address, bytes, "write");
        ulong offset = address - allocation.Address;
        if (allocation.Shadow != null)
        {
            NativeMemory.Fill(allocation.Shadow + offset, (nuint)bytes, 1);
        }

        return allocation.Data + offset;
    }

    /// <summary>Copies a span within the device. What was never written in the source is unwritten in the copy.</summary>
    /// <param name="destination">Any alignment.</param>
    /// <param name="source">Any alignment.</param>
    /// <param name="bytes">0 or more.</param>
    /// <exception cref="DeviceFault">Outside, freed, or the spans overlap, for which a copy is undefined.</exception>
    public void Copy(ulong destination, ulong source, long bytes)
    {
        Allocation from = ResolveRange(source, bytes, "read"), to = ResolveRange(destination, bytes, "write");
        if (destination < source + (ulong)bytes && source < destination + (ulong)bytes)
        {
            throw new DeviceFault(FaultKind.Failed, $"the destination {destination:x} overlaps the source {source:x}");
        }

        if (Drops(bytes))
        {
            return;
        }

        ulong fromOffset = source - from.Address, toOffset = destination - to.Address;
        Buffer.MemoryCopy(from.Data + fromOffset, to.Data + toOffset, bytes, bytes);
        if (from.Shadow != null)
        {
            Buffer.MemoryCopy(from.Shadow + fromOffset, to.Shadow + toOffset, bytes, bytes);
        }
    }

    /// <summary>Copies a span to the host. Bytes that were never written arrive as 0xFF, which is NaN in every float type: a download may span
    /// gaps that nobody looks at.</summary>
    /// <param name="destination">Host memory.</param>
    /// <param name="source">Any alignment.</param>
    /// <param name="bytes">0 or more.</param>
    /// <exception cref="DeviceFault">Outside or freed.</exception>
    public void CopyToHost(byte* destination, ulong source, long bytes)
    {
        Allocation from = ResolveRange(source, bytes, "read");
        ulong offset = source - from.Address;
        Buffer.MemoryCopy(from.Data + offset, destination, bytes, bytes);
        if (!from.IsInitialised(offset, bytes))
        {
            for (long i = 0; i < bytes; i++)
            {
                destination[i] |= (byte)(from.Shadow[offset + (ulong)i] - 1);
            }
        }
    }

    /// <summary>Whether an address lies in an allocation that is not freed.</summary>
    internal bool IsAllocated(ulong address) =>
        Find(address) is { Freed: false } allocation && address - allocation.Address < allocation.Bytes;

    /// <summary>Whether a copy of that size is not made, because values do not matter.</summary>
    internal bool Drops(long bytes) => !keepsValues && bytes >= LargeCopy;

    /// <summary>Whether a span may be accessed at all, whatever was written to it.</summary>
    /// <param name="address">Any alignment.</param>
    /// <param name="bytes">0 or more.</param>
    /// <exception cref="DeviceFault">Outside or freed.</exception>
    public void Check(ulong address, long bytes) => ResolveRange(address, bytes, "access");

    /// <summary>Releases the host memory of every allocation.</summary>
    public void Dispose()
    {
        foreach ((ulong address, _) in Allocations)
        {
            _ = Free(address);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Allocation Resolve(ulong address, int bytes, string direction)
    {
        return (address & (ulong)(bytes - 1)) == 0
            ? ResolveRange(address, bytes, direction)
            : throw new DeviceFault(FaultKind.Misaligned, $"{direction} of {bytes} bytes at {address:x}, which {bytes} does not divide");
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Allocation ResolveRange(ulong address, long bytes, string direction)
    {
        Allocation? allocation = Find(address);
        ulong offset = address - (allocation?.Address ?? 0);
        return allocation is not null && !allocation.Freed && offset <= allocation.Bytes && (ulong)bytes <= allocation.Bytes - offset
            ? allocation
            : throw Outside(address, bytes, direction);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Allocation? Find(ulong address)
    {
        Allocation?[] pages = _pages;
        ulong page = (address - Base) >> PageShift;
        return page < (ulong)pages.Length ? pages[page] : null;
    }

    private DeviceFault Outside(ulong address, long bytes, string direction)
    {
        string access = $"{direction} of {bytes} bytes at {address:x}";
        if (Find(address) is { Freed: true } freed && address - freed.Address < freed.Bytes)
        {
            return new DeviceFault(FaultKind.Freed, $"{access}, in the freed allocation {freed}");
        }

        // The allocation that was probably meant: the one below, for an overrun.
        Allocation? near = _pages.Take(_nextPage).OfType<Allocation>().LastOrDefault(a => a.Address <= address);
        string where = near is null ? "below every allocation" : $"{address + (ulong)bytes - near.Address - near.Bytes} bytes past the end of {near}";
        return new DeviceFault(FaultKind.OutOfBounds, $"{access}, {where}");
    }
}
