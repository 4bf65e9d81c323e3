namespace L2c.Emulation.Machine;

/// <summary>Where shared and local memory lie among generic addresses. Global memory is everywhere else.</summary>
internal static class Window
{
    public const ulong Shared = 1UL << 60;

    public const ulong Local = 1UL << 61;

    /// <summary>Both windows are this large.</summary>
    public const ulong Bytes = 1UL << 32;

    /// <summary>Address of the first shared variable in its own space. Hopper keeps the first KiB for itself as well, and address 0 is usually a
    /// mistake.</summary>
    public const uint FirstShared = 1024;
}
