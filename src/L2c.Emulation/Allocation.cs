using System.Runtime.InteropServices;

namespace L2c.Emulation;

/// <summary>One allocation of <see cref="DeviceMemory"/>: its bytes and their shadow, outside the managed heap.</summary>
internal sealed unsafe class Allocation : IDisposable
{
    // A 16-byte access of the device is one of the host's, and rows of matrices start at a vector's boundary.
    private const nuint HostAlignment = 64;

    private readonly bool _isTracked;

    /// <param name="address">On the device.</param>
    /// <param name="bytes">More than 0.</param>
    /// <param name="isTracked">Whether it is known what was written; otherwise all counts as written, and holds zeros that take no memory of the host
    /// until something is written there.</param>
    public Allocation(ulong address, ulong bytes, bool isTracked)
    {
        Address = address;
        Bytes = bytes;
        _isTracked = isTracked;
        Data = (byte*)(isTracked ? NativeMemory.AlignedAlloc((nuint)bytes, HostAlignment) : NativeMemory.AllocZeroed((nuint)bytes));
        Shadow = isTracked ? (byte*)NativeMemory.AllocZeroed((nuint)bytes) : null;
    }

    ~Allocation() => Dispose();

    public ulong Address { get; }

    public ulong Bytes { get; }

    public byte* Data { get; private set; }

    /// <summary>1 for a byte that was written, else 0; null where nobody keeps track.</summary>
    public byte* Shadow { get; private set; }

    public bool Freed => Data == null;

    public void Dispose()
    {
        if (_isTracked)
        {
            NativeMemory.AlignedFree(Data);
        }
        else
        {
            NativeMemory.Free(Data);
        }

        NativeMemory.Free(Shadow);
        Data = Shadow = null;
        GC.SuppressFinalize(this);
    }

    public bool IsInitialised(ulong offset, long bytes) => !_isTracked || FirstUnwritten(offset, (ulong)bytes) == (ulong)bytes;

    public DeviceFault Uninitialised(ulong address, ulong bytes)
    {
        ulong first = FirstUnwritten(address - Address, bytes);
        return new DeviceFault(
            FaultKind.Uninitialised,
            $"read of {bytes} bytes at {address:x}, of which byte {first} was never written: byte {address - Address + first} of {this}");
    }

    public override string ToString() => $"allocation {Address:x} of {Bytes} bytes";

    private ulong FirstUnwritten(ulong offset, ulong bytes)
    {
        for (ulong done = 0; done < bytes;)
        {
            int part = (int)Math.Min(bytes - done, 1 << 30);
            int index = new ReadOnlySpan<byte>(Shadow + offset + done, part).IndexOf((byte)0);
            if (index >= 0)
            {
                return done + (ulong)index;
            }

            done += (ulong)part;
        }

        return bytes;
    }
}
