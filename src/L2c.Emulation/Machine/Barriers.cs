using System.Numerics;

namespace L2c.Emulation.Machine;

/// <summary>The sixteen barriers of a block.</summary>
internal sealed class Barriers(Warp[] warps, SharedOrder order)
{
    private readonly uint[] _arrived = new uint[16];
    private readonly int[] _expected = new int[16];

    public void Clear() => Array.Clear(_arrived);

    /// <summary>A whole warp stops at a barrier; the last one of those that are expected sets all free.</summary>
    /// <param name="warp">The warp, with all its threads.</param>
    /// <param name="barrier">0 to 15.</param>
    /// <param name="threads">Threads that meet, a multiple of 32; 0: all of the block.</param>
    public void Arrive(Warp warp, int barrier, int threads)
    {
        int expected = threads == 0 ? warps.Length : threads / Warp.Lanes;
        if (_arrived[barrier] != 0 && _expected[barrier] != expected)
        {
            throw new DeviceFault(
                FaultKind.BarrierDivergence,
                $"barrier {barrier}: {expected * Warp.Lanes} threads are to meet here, others wait for {_expected[barrier] * Warp.Lanes}");
        }

        _expected[barrier] = expected;
        _arrived[barrier] |= 1u << warp.Number;
        warp.Barrier = barrier;
        warp.State = WarpState.AtBarrier;
        if (BitOperations.PopCount(_arrived[barrier]) < expected)
        {
            return;
        }

        uint met = _arrived[barrier];
        _arrived[barrier] = 0;
        order.Meet(met);
        for (uint left = met; left != 0; left &= left - 1)
        {
            warps[BitOperations.TrailingZeroCount(left)].State = WarpState.Running;
        }
    }

    /// <summary>No warp can go on, and this one waits.</summary>
    public DeviceFault Deadlock(Warp warp)
    {
        warp.Lane = BitOperations.TrailingZeroCount(warp.Alive);
        int barrier = warp.Barrier;
        string missing = string.Join(
            ", ",
            warps.Where(other => (_arrived[barrier] >> other.Number & 1) == 0)
                .Select(other => $"warp {other.Number} {(other.State == WarpState.Exited ? "has exited" : $"waits at barrier {other.Barrier}")}"));
        return new DeviceFault(
            FaultKind.BarrierDivergence,
            $"barrier {barrier}: {BitOperations.PopCount(_arrived[barrier])} of {_expected[barrier]} warps are here and no other comes: {missing}");
    }
}
