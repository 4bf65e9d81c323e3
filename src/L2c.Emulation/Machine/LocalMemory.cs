namespace L2c.Emulation.Machine;

/// <summary>Local memory of the threads of one block, with a shadow that says which bytes were written. Parameters of calls live here too.</summary>
internal sealed unsafe class LocalMemory(int bytesPerThread, int threads)
{
    // Pinned, so that addresses into it stay.
    private readonly byte[] _data = GC.AllocateUninitializedArray<byte>((bytesPerThread * threads) + 16, pinned: true);
    private readonly byte[] _shadow = new byte[bytesPerThread * threads];

    public void Clear() => Array.Clear(_shadow);

    public byte* Read(int thread, ulong address, int bytes)
    {
        byte* data = Resolve(thread, address, bytes, "read", out Span<byte> shadow);
        return shadow.Contains((byte)0)
            ? throw new DeviceFault(FaultKind.Uninitialised, $"read of {bytes} bytes of local memory at {address:x}, which nothing has written")
            : data;
    }

    public byte* Write(int thread, ulong address, int bytes)
    {
        byte* data = Resolve(thread, address, bytes, "write", out Span<byte> shadow);
        shadow.Fill(1);
        return data;
    }

    private byte* Resolve(int thread, ulong address, int bytes, string direction, out Span<byte> shadow)
    {
        if (address > (ulong)bytesPerThread || (ulong)bytes > (ulong)bytesPerThread - address)
        {
            throw new DeviceFault(
                FaultKind.OutOfBounds, $"{direction} of {bytes} bytes of local memory at {address:x}; a thread has {bytesPerThread} bytes");
        }

        if ((address & (ulong)(bytes - 1)) != 0)
        {
            throw new DeviceFault(
                FaultKind.Misaligned, $"{direction} of {bytes} bytes of local memory at {address:x}, which {bytes} does not divide");
        }

        int offset = (thread * bytesPerThread) + (int)address;
        shadow = _shadow.AsSpan(offset, bytes);
        fixed (byte* data = _data)
        {
            return data + offset;
        }
    }
}
