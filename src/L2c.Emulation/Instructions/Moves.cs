using System.Numerics;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Instructions;

internal readonly struct Copy<T> : IUnary<T, T>
{
    public static T Of(T a) => a;
}

/// <summary>mov d, {a, b, ...}: the parts make one register, the first in its low bits.</summary>
internal sealed unsafe class Pack(Register d, Register[] parts) : Op
{
    public override void Execute(Warp warp, uint active)
    {
        int bytes = parts[0].LaneBytes;
        for (int i = 0; i < parts.Length; i++)
        {
            warp.Require(parts[i], active);
            byte* from = warp.Values<byte>(parts[i]);
            byte* to = warp.Values<byte>(d) + (i * bytes);
            for (uint left = active; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                Buffer.MemoryCopy(from + (lane * bytes), to + (lane * d.LaneBytes), bytes, bytes);
            }
        }

        warp.Define(d, active);
    }
}

/// <summary>mov {a, b, ...}, s: one register falls into parts; null is a part that nobody wants.</summary>
internal sealed unsafe class Unpack(Register?[] parts, Register s) : Op
{
    public override void Execute(Warp warp, uint active)
    {
        warp.Require(s, active);
        int bytes = s.LaneBytes / parts.Length;
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i] is not Register part)
            {
                continue;
            }

            byte* from = warp.Values<byte>(s) + (i * bytes);
            byte* to = warp.Values<byte>(part);
            for (uint left = active; left != 0; left &= left - 1)
            {
                int lane = BitOperations.TrailingZeroCount(left);
                Buffer.MemoryCopy(from + (lane * s.LaneBytes), to + (lane * bytes), bytes, bytes);
            }

            warp.Define(part, active);
        }
    }
}

/// <summary>activemask</summary>
internal sealed unsafe class ActiveMask(Register d) : Op
{
    public override void Execute(Warp warp, uint active)
    {
        for (uint left = active; left != 0; left &= left - 1)
        {
            warp.Values<uint>(d)[BitOperations.TrailingZeroCount(left)] = active;
        }

        warp.Define(d, active);
    }
}

/// <summary>Fences, cache hints: memory is sequentially consistent here, and a fence does not order two threads' accesses by itself.</summary>
internal sealed class NoOperation : Op
{
    public override void Execute(Warp warp, uint active)
    {
    }
}
