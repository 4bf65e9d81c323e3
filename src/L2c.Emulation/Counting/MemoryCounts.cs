namespace L2c.Emulation;

/// <summary>Where an access goes.</summary>
public enum MemorySpace
{
    /// <summary>Device memory, in sectors of 32 bytes.</summary>
    Global,

    /// <summary>Shared memory, in wavefronts.</summary>
    Shared,

    /// <summary>A thread's own memory.</summary>
    Local,
}

/// <summary>What an access does.</summary>
public enum AccessKind
{
    /// <summary>ld.</summary>
    Load,

    /// <summary>st.</summary>
    Store,

    /// <summary>cp.async: a read of global memory, and a write of shared memory.</summary>
    Copy,

    /// <summary>ldmatrix.</summary>
    Matrix,
}

/// <summary>Accesses of one kind and width.</summary>
/// <param name="Space">Where they go.</param>
/// <param name="Kind">What they do.</param>
/// <param name="Width">Bytes of one lane: 1, 2, 4, 8 or 16.</param>
/// <param name="Requests">Warp instructions that had a lane to serve.</param>
/// <param name="Bytes">What the lanes asked for, each by itself.</param>
/// <param name="Transactions">Global memory: sectors of 32 bytes that the requests touch, each request by itself. Shared memory: wavefronts.</param>
/// <param name="Minimum">Transactions that the distinct bytes of each request would take, were they contiguous and aligned (sectors), or free of bank
/// conflicts (wavefronts).</param>
public sealed record MemoryCounts(
    MemorySpace Space, AccessKind Kind, int Width, double Requests, double Bytes, double Transactions, double Minimum);
