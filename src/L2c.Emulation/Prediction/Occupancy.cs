namespace L2c.Emulation;

/// <summary>What keeps more blocks of a kernel from a multiprocessor.</summary>
public enum OccupancyLimit
{
    /// <summary>Registers.</summary>
    Registers,

    /// <summary>Shared memory.</summary>
    Shared,

    /// <summary>Resident warps.</summary>
    Warps,

    /// <summary>Resident blocks.</summary>
    Blocks,
}

/// <summary>Blocks of a kernel that a multiprocessor holds at a time.</summary>
/// <param name="Blocks">How many; 0 where not one fits.</param>
/// <param name="Warps">Warps of these.</param>
/// <param name="Limit">What it is that allows no more.</param>
public readonly record struct Occupancy(int Blocks, int Warps, OccupancyLimit Limit)
{
    private const int SharedUnit = 128; // of a block
    private const int RegisterUnit = 256; // of a warp
    private const int WarpUnit = 4; // registers belong to the schedulers, and warps are dealt out to them

    /// <summary>Counts.</summary>
    /// <param name="gpu">The device.</param>
    /// <param name="threads">Threads of a block.</param>
    /// <param name="sharedBytes">Shared memory of a block, static and dynamic.</param>
    /// <param name="registers">Registers of a thread; null where nobody knows: then the kernel may have fewer blocks.</param>
    /// <remarks>Source: the rules of CUDA's occupancy calculator for compute capabilities 8.0 and 9.0.</remarks>
    public static Occupancy Of(GpuModel gpu, int threads, int sharedBytes, int? registers)
    {
        int warps = (threads + 31) / 32;
        (int Blocks, OccupancyLimit Limit) best = (GpuModel.MaxBlocks, OccupancyLimit.Blocks);
        Take(GpuModel.MaxWarps / warps, OccupancyLimit.Warps);
        int sharedOfBlock = (sharedBytes + GpuModel.ReservedSharedBytes + SharedUnit - 1) / SharedUnit * SharedUnit;
        Take(gpu.SharedBytesPerMultiprocessor / sharedOfBlock, OccupancyLimit.Shared);
        if (registers is { } count)
        {
            int ofWarp = ((count * 32) + RegisterUnit - 1) / RegisterUnit * RegisterUnit;
            Take(GpuModel.Registers / ofWarp / WarpUnit * WarpUnit / warps, OccupancyLimit.Registers);
        }

        return new Occupancy(best.Blocks, best.Blocks * warps, best.Limit);

        void Take(int blocks, OccupancyLimit limit) => best = blocks < best.Blocks ? (blocks, limit) : best;
    }
}
