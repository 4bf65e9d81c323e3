using System.Numerics;
using System.Runtime.CompilerServices;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Instructions;

/// <summary>What instructions that name lanes of a warp have in common.</summary>
internal static unsafe class Members
{
    /// <summary>Faults unless every lane names itself, and all that it names are here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Check(Warp warp, uint active, Register members)
    {
        warp.Require(members, active);
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            uint named = warp.Values<uint>(members)[lane];
            warp.Lane = lane;
            if ((named >> lane & 1) == 0)
            {
                throw new DeviceFault(FaultKind.BarrierDivergence, $"member mask {named:x8} lacks the lane itself");
            }

            uint missing = named & warp.Alive & ~active;
            if (missing != 0)
            {
                throw new DeviceFault(
                    FaultKind.BarrierDivergence, $"member mask {named:x8} names lanes that are elsewhere: {missing:x8}");
            }
        }
    }
}

/// <summary>Instructions that all 32 lanes execute together.</summary>
internal static class WholeWarp
{
    public static void Check(Warp warp, uint active)
    {
        if (active != uint.MaxValue)
        {
            warp.Lane = BitOperations.TrailingZeroCount(active);
            throw new DeviceFault(
                FaultKind.BarrierDivergence, $"all lanes of the warp execute this together; lanes {~active:x8} are elsewhere or do not exist");
        }
    }
}

internal enum ShuffleMode
{
    Up,
    Down,
    Butterfly,
    Index,
}

/// <summary>shfl.sync d|p, a, b, c, members. A lane that reads from one outside the mask gets an undefined register.</summary>
internal sealed unsafe class Shuffle(ShuffleMode mode, Register d, Register? p, Register a, Register b, Register c, Register members) : Op
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint active)
    {
        warp.Require(a, active);
        warp.Require(b, active);
        warp.Require(c, active);
        Members.Check(warp, active, members);
        uint* source = warp.Values<uint>(a);
        uint* amounts = warp.Values<uint>(b);
        uint* bounds = warp.Values<uint>(c);
        uint* named = warp.Values<uint>(members);
        uint* result = stackalloc uint[Warp.Lanes];
        uint inRange = 0;
        uint undefined = 0;
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            int segment = (int)(bounds[lane] >> 8 & 31);
            int last = (lane & segment) | ((int)(bounds[lane] & 31) & ~segment);
            int amount = (int)(amounts[lane] & 31);
            int from = mode switch
            {
                ShuffleMode.Up => lane - amount,
                ShuffleMode.Down => lane + amount,
                ShuffleMode.Butterfly => lane ^ amount,
                _ => (lane & segment) | (amount & ~segment),
            };
            bool valid = mode == ShuffleMode.Up ? from >= last : from <= last;
            from = valid ? from : lane;
            inRange |= (valid ? 1u : 0) << lane;
            undefined |= ((named[lane] & active) >> from & 1) == 0 ? 1u << lane : 0;
            result[lane] = source[from];
        }

        uint* destination = warp.Values<uint>(d);
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            destination[lane] = result[lane];
        }

        warp.Define(d, active);
        warp.Undefine(d, undefined);
        if (p is not null)
        {
            warp.SetPredicate(p, active, inRange);
        }
    }
}

internal enum VoteMode
{
    All,
    Any,
    Uniform,
    Ballot,
}

/// <summary>vote.sync</summary>
internal sealed unsafe class Vote(VoteMode mode, Register d, Predicate a, Register members) : Op
{
    public override void Execute(Warp warp, uint active)
    {
        Members.Check(warp, active, members);
        uint votes = a.Mask(warp, active) & active;
        uint* named = warp.Values<uint>(members);
        uint answers = 0;
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            uint voters = named[lane] & active;
            uint yes = votes & voters;
            if (mode == VoteMode.Ballot)
            {
                warp.Values<uint>(d)[lane] = yes;
            }

            bool answer = mode switch
            {
                VoteMode.All => yes == voters,
                VoteMode.Any => yes != 0,
                _ => yes == voters || yes == 0,
            };
            answers |= (answer ? 1u : 0) << lane;
        }

        if (mode == VoteMode.Ballot)
        {
            warp.Define(d, active);
        }
        else
        {
            warp.SetPredicate(d, active, answers);
        }
    }
}

/// <summary>bar.warp.sync: orders the memory accesses of the lanes that it names.</summary>
internal sealed unsafe class WarpBarrier(Register members) : Op
{
    public override void Execute(Warp warp, uint active)
    {
        Members.Check(warp, active, members);
        uint left = active;
        while (left != 0)
        {
            uint group = warp.Values<uint>(members)[BitOperations.TrailingZeroCount(left)] & active;
            warp.Block.MeetInWarp(warp, group);
            left &= ~group;
        }
    }
}

/// <summary>bar.sync, barrier.sync: all threads of a warp stop until the others have come.</summary>
internal sealed unsafe class BlockBarrier(Register barrier, Register? threads) : Op
{
    public override void Execute(Warp warp, uint active)
    {
        warp.Require(barrier, active);
        uint missing = warp.Existing & ~active;
        if (missing != 0)
        {
            warp.Lane = BitOperations.TrailingZeroCount(active);
            throw new DeviceFault(
                FaultKind.BarrierDivergence,
                $"a barrier in divergent code: lanes {missing & warp.Alive:x8} are elsewhere, lanes {missing & ~warp.Alive:x8} have exited");
        }

        warp.Lane = 0;
        uint number = *warp.Values<uint>(barrier);
        uint count = 0;
        if (threads is not null)
        {
            warp.Require(threads, active);
            count = *warp.Values<uint>(threads);
        }

        if (number > 15 || count % Warp.Lanes != 0 || (threads is not null && count == 0))
        {
            throw new DeviceFault(
                FaultKind.Failed, $"barrier {number} for {count} threads: there are 16, and whole warps meet at them");
        }

        warp.Block.Arrive(warp, (int)number, (int)count);
    }
}
