using System.Runtime.InteropServices;

namespace L2c.Emulation;

/// <summary>One allocation of <see cref="DeviceMemory"/>: its bytes and their shadow, outside the managed heap.</summary>
internal sealed unsafe class Allocation : IDisposable
{
    // A 16-byte access of the device is one of the host's, and rows of matrices start at a vector's boundary.
    private const nuint HostAlignment = 64;

    public Allocation(ulong address, ulong bytes)
    {
        Address = address;
        Bytes = bytes;
        Data = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, HostAlignment);
        Shadow = (byte*)NativeMemory.AllocZeroed((nuint)bytes);
    }

    ~Allocation() => Dispose();

    public ulong Address { get; }

    public ulong Bytes { get; }

    public byte* Data { get; private set; }

    /// <summary>1 for a byte that was written, else 0.</summary>
    public byte* Shadow { get; private set; }

    public bool Freed => Data == null;

    public void Dispose()
    {
        NativeMemory.AlignedFree(Data);
        NativeMemory.Free(Shadow);
        Data = Shadow = null;
        GC.SuppressFinalize(this);
    }

    public bool IsInitialised(ulong offset, long bytes) => FirstUnwritten(offset, (ulong)bytes) == (ulong)bytes;

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
