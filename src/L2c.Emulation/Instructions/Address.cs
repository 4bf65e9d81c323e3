using System.Numerics;
using L2c.Emulation.Counting;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Instructions;

/// <summary><c>[register + offset]</c>; a variable's address is a literal, and so a register.</summary>
internal readonly unsafe record struct Address(Register Base, long Offset)
{
    public ulong Of(Warp warp, int lane) => Base.Bits == 64
        ? warp.Values<ulong>(Base)[lane] + (ulong)Offset
        : (uint)(warp.Values<uint>(Base)[lane] + (uint)Offset);

    /// <summary>Writes the addresses of lanes to where a counter looks for them.</summary>
    public void All(Warp warp, uint lanes, BlockCounter counter)
    {
        Span<ulong> addresses = counter.Addresses;
        for (uint left = lanes; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            addresses[lane] = Of(warp, lane);
        }
    }
}

/// <summary>A state space: resolves addresses of the warp's current lane.</summary>
internal unsafe interface ISpace
{
    static abstract byte* Read(Warp warp, ulong address, int bytes);

    static abstract byte* Write(Warp warp, ulong address, int bytes);

    /// <summary>The memory of an address; null for parameters.</summary>
    static abstract MemorySpace? Find(ulong address);
}

internal readonly unsafe struct GlobalSpace : ISpace
{
    public static byte* Read(Warp warp, ulong address, int bytes) => warp.Block.Global.Read(address, bytes);

    public static byte* Write(Warp warp, ulong address, int bytes) => warp.Block.Global.Write(address, bytes);

    public static MemorySpace? Find(ulong address) => MemorySpace.Global;
}

internal readonly unsafe struct SharedSpace : ISpace
{
    public static byte* Read(Warp warp, ulong address, int bytes) => warp.Block.Shared.Read(warp, address, bytes);

    public static byte* Write(Warp warp, ulong address, int bytes) => warp.Block.Shared.Write(warp, address, bytes);

    public static MemorySpace? Find(ulong address) => MemorySpace.Shared;
}

internal readonly unsafe struct LocalSpace : ISpace
{
    public static byte* Read(Warp warp, ulong address, int bytes) =>
        warp.Block.Local.Read((warp.Number * Warp.Lanes) + warp.Lane, address, bytes);

    public static byte* Write(Warp warp, ulong address, int bytes) =>
        warp.Block.Local.Write((warp.Number * Warp.Lanes) + warp.Lane, address, bytes);

    public static MemorySpace? Find(ulong address) => MemorySpace.Local;
}

internal readonly unsafe struct ParameterSpace : ISpace
{
    public static byte* Read(Warp warp, ulong address, int bytes) => warp.Block.Parameter(address, bytes);

    public static byte* Write(Warp warp, ulong address, int bytes) =>
        throw new DeviceFault(FaultKind.OutOfBounds, "the parameters of an entry are read-only");

    public static MemorySpace? Find(ulong address) => null;
}

internal readonly unsafe struct GenericSpace : ISpace
{
    public static byte* Read(Warp warp, ulong address, int bytes) =>
        address - Window.Shared < Window.Bytes ? SharedSpace.Read(warp, address - Window.Shared, bytes)
        : address - Window.Local < Window.Bytes ? LocalSpace.Read(warp, address - Window.Local, bytes)
        : GlobalSpace.Read(warp, address, bytes);

    public static byte* Write(Warp warp, ulong address, int bytes) =>
        address - Window.Shared < Window.Bytes ? SharedSpace.Write(warp, address - Window.Shared, bytes)
        : address - Window.Local < Window.Bytes ? LocalSpace.Write(warp, address - Window.Local, bytes)
        : GlobalSpace.Write(warp, address, bytes);

    public static MemorySpace? Find(ulong address) =>
        address - Window.Shared < Window.Bytes ? MemorySpace.Shared
        : address - Window.Local < Window.Bytes ? MemorySpace.Local
        : MemorySpace.Global;
}
