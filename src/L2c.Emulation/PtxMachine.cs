namespace L2c.Emulation;

/// <summary>Extents of a launch.</summary>
/// <param name="GridX">Blocks.</param>
/// <param name="GridY">Blocks.</param>
/// <param name="GridZ">Blocks.</param>
/// <param name="BlockX">Threads.</param>
/// <param name="BlockY">Threads.</param>
/// <param name="BlockZ">Threads.</param>
/// <param name="DynamicSharedBytes">Shared memory of a block, beyond what the kernel declares.</param>
public readonly record struct LaunchDimensions(
    uint GridX, uint GridY, uint GridZ, uint BlockX, uint BlockY, uint BlockZ, uint DynamicSharedBytes);

/// <summary>Runs kernels. Blocks run in parallel on the host's threads, the warps of a block in turns from barrier to barrier.</summary>
public static class PtxMachine
{
    private const uint MaxThreadsPerBlock = 1024;

    /// <summary>Runs a kernel to its end.</summary>
    /// <param name="entry">The kernel.</param>
    /// <param name="size">Grid and block.</param>
    /// <param name="parameters">Packed, <see cref="PtxEntry.ParameterBytes"/> long; copied.</param>
    /// <param name="memory">Global memory.</param>
    /// <exception cref="DeviceFault">The kernel did what a device forbids, or leaves undefined. Of several blocks the first one's fault.</exception>
    /// <exception cref="ArgumentException">The launch does not agree with the kernel.</exception>
    public static void Run(PtxEntry entry, in LaunchDimensions size, ReadOnlySpan<byte> parameters, DeviceMemory memory)
    {
        byte[] packed = Pack(entry, size, parameters, out long blocks);
        LaunchDimensions dimensions = size;
        DeviceFault? first = null;
        long faulting = long.MaxValue;
        Lock sync = new();
        Parallel.For(
            0L,
            blocks,
            () => entry.TakeBlock(dimensions, packed, memory),
            (index, state, block) =>
            {
                try
                {
                    block.Run(index);
                }
                catch (DeviceFault fault)
                {
                    lock (sync)
                    {
                        (first, faulting) = index < faulting ? (fault, index) : (first, faulting);
                    }

                    // Blocks before this one still run, so that the fault reported is always the same one.
                    state.Break();
                }

                return block;
            },
            entry.ReturnBlock);
        if (first is not null)
        {
            throw first;
        }
    }

    /// <summary>Checks a launch and copies its parameters to where they stay, with room behind.</summary>
    /// <exception cref="ArgumentException">The launch does not agree with the kernel.</exception>
    internal static byte[] Pack(PtxEntry entry, in LaunchDimensions size, ReadOnlySpan<byte> parameters, out long blocks)
    {
        if (parameters.Length != entry.ParameterBytes)
        {
            throw new ArgumentException(
                $"{entry.Name}: {parameters.Length} bytes of parameters, the kernel takes {entry.ParameterBytes}", nameof(parameters));
        }

        ulong threads = (ulong)size.BlockX * size.BlockY * size.BlockZ;
        ulong most = entry.MaxThreads is (int x, int y, int z) ? (ulong)x * (ulong)y * (ulong)z : MaxThreadsPerBlock;
        ulong grid = (ulong)size.GridX * size.GridY * size.GridZ;
        if (threads == 0 || threads > most || grid is 0 or > long.MaxValue)
        {
            throw new ArgumentException(
                $"{entry.Name}: {grid} blocks of {threads} threads (both at least 1, at most {most} threads)", nameof(size));
        }

        byte[] packed = GC.AllocateUninitializedArray<byte>(parameters.Length + 16, pinned: true);
        parameters.CopyTo(packed);
        blocks = (long)grid;
        return packed;
    }
}
