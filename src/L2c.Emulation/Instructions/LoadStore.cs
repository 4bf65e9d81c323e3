using System.Numerics;
using System.Runtime.CompilerServices;
using L2c.Emulation.Counting;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Instructions;

/// <summary>ld: one or more elements at one address, as one access. A wider register takes the sign or zeros above.</summary>
internal sealed unsafe class Load<TSpace, T>(Register[] d, Address address) : Op
    where TSpace : ISpace
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint active)
    {
        warp.Require(address.Base, active);
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            warp.Lane = lane;
            T* memory = (T*)TSpace.Read(warp, address.Of(warp, lane), sizeof(T) * d.Length);
            for (int i = 0; i < d.Length; i++)
            {
                RegisterLane.Write(warp.Values<byte>(d[i]), d[i].LaneBytes, lane, memory[i]);
            }
        }

        foreach (Register register in d)
        {
            warp.Define(register, active);
        }
    }

    public override void Count(Warp warp, uint active, BlockCounter counter) =>
        Requests.Count<TSpace>(AccessKind.Load, address, sizeof(T) * d.Length, warp, active, counter);
}

/// <summary>st: one or more elements at one address, as one access. Of a wider register the low bits are stored.</summary>
internal sealed unsafe class Store<TSpace, T>(Register[] a, Address address) : Op
    where TSpace : ISpace
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint active)
    {
        warp.Require(address.Base, active);
        foreach (Register register in a)
        {
            warp.Require(register, active);
        }

        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            warp.Lane = lane;
            T* memory = (T*)TSpace.Write(warp, address.Of(warp, lane), sizeof(T) * a.Length);
            for (int i = 0; i < a.Length; i++)
            {
                memory[i] = RegisterLane.Read<T>(warp.Values<byte>(a[i]), a[i].LaneBytes, lane);
            }
        }
    }

    public override void Count(Warp warp, uint active, BlockCounter counter) =>
        Requests.Count<TSpace>(AccessKind.Store, address, sizeof(T) * a.Length, warp, active, counter);
}

/// <summary>Counts loads and stores.</summary>
internal static class Requests
{
    public static void Count<TSpace>(AccessKind kind, Address address, int bytes, Warp warp, uint active, BlockCounter counter)
        where TSpace : ISpace
    {
        address.All(warp, active, counter);
        if (TSpace.Find(counter.Addresses[BitOperations.TrailingZeroCount(active)]) is { } space)
        {
            counter.Request(space, kind, active, bytes);
        }
    }
}

/// <summary>Values in registers that are wider than the type: loads, stores and conversions allow them.</summary>
internal static unsafe class RegisterLane
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(byte* values, int laneBytes, int lane)
        where T : unmanaged => *(T*)(values + (lane * laneBytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T>(byte* values, int laneBytes, int lane, T value)
        where T : unmanaged
    {
        if (laneBytes == sizeof(T))
        {
            ((T*)values)[lane] = value;
        }
        else
        {
            WriteWide(values, laneBytes, lane, Extend(value));
        }
    }

    private static void WriteWide(byte* values, int laneBytes, int lane, long value)
    {
        switch (laneBytes)
        {
            case 2:
                ((ushort*)values)[lane] = (ushort)value;
                break;
            case 4:
                ((uint*)values)[lane] = (uint)value;
                break;
            default:
                ((ulong*)values)[lane] = (ulong)value;
                break;
        }
    }

    private static long Extend<T>(T value)
        where T : unmanaged =>
        typeof(T) == typeof(sbyte) ? *(sbyte*)&value
        : typeof(T) == typeof(short) ? *(short*)&value
        : typeof(T) == typeof(int) ? *(int*)&value
        : sizeof(T) == 1 ? *(byte*)&value
        : sizeof(T) == 2 ? *(ushort*)&value
        : sizeof(T) == 4 ? *(uint*)&value : *(long*)&value;
}
