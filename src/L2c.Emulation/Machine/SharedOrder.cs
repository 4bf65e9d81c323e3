using System.Numerics;

namespace L2c.Emulation.Machine;

/// <summary>Which accesses to shared memory happen before which others: what barriers and warp barriers have ordered so far.</summary>
/// <remarks>
/// A clock ticks whenever some threads synchronise. An access is stamped with the time, its lane and its warp; several reads of one granule share a
/// stamp. For every pair of warps (v, u) the order knows the time before which everything that u did happens before what v does now; the pair (v, v)
/// is about the lanes of one warp among themselves. So barriers of some of the warps are followed exactly.
/// Stamp: 26 bits of time, 6 bits of lane (32: several), 32 bits of warps. 0 is no access.
/// </remarks>
internal sealed class SharedOrder(int warps)
{
    private const int TimeShift = 38;
    private const int LaneShift = 32;
    private const ulong ManyLanes = 32;
    private const ulong LatestTime = (1UL << 26) - 1;

    private readonly ulong[] _seen = new ulong[warps * warps];
    private readonly ulong[] _limits = new ulong[warps];

    // bar.warp.sync for some lanes only: the last one of each thread.
    private readonly ulong[] _partTime = new ulong[warps * Warp.Lanes];
    private readonly uint[] _partLanes = new uint[warps * Warp.Lanes];
    private ulong _clock;

    public void Restart()
    {
        _clock = 1;
        Array.Clear(_seen);
        Array.Fill(_limits, 1UL); // above "no access"
        Array.Clear(_partTime);
    }

    /// <summary>Stamps below this are ordered before anything that the warp does now.</summary>
    public ulong Limit(int warp) => _limits[warp];

    /// <summary>An access by the warp's current lane, now.</summary>
    public ulong Stamp(Warp warp) => (_clock << TimeShift) | ((ulong)warp.Lane << LaneShift) | (1UL << warp.Number);

    /// <summary>The same access, at a time that nothing orders.</summary>
    public static ulong Pending(ulong stamp) => stamp | (LatestTime << TimeShift);

    /// <summary>Two reads that nothing orders, as one.</summary>
    public static ulong Merge(ulong earlier, ulong now)
    {
        ulong warps = (uint)earlier | (uint)now;
        ulong lane = LaneOf(earlier) == LaneOf(now) ? LaneOf(now) : ManyLanes;
        return (now >> TimeShift << TimeShift) | ((BitOperations.IsPow2(warps) ? lane : ManyLanes) << LaneShift) | warps;
    }

    /// <summary>Whether a stamped access happens before what the warp's current lane does now.</summary>
    public bool IsOrdered(ulong stamp, Warp warp)
    {
        ulong time = stamp >> TimeShift;
        ulong lane = LaneOf(stamp);
        if (time == LatestTime)
        {
            return false;
        }

        if (lane == (ulong)warp.Lane && (uint)stamp == 1u << warp.Number)
        {
            return true;
        }

        for (uint left = (uint)stamp; left != 0; left &= left - 1)
        {
            int other = BitOperations.TrailingZeroCount(left);
            if (time >= _seen[(warp.Number * warps) + other] && (other != warp.Number || !IsOrderedInWarp(time, lane, warp)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Some warps, each with all its threads, have met at a barrier.</summary>
    public void Meet(uint participants)
    {
        Tick();
        for (int other = 0; other < warps; other++)
        {
            ulong latest = 0;
            for (uint left = participants; left != 0; left &= left - 1)
            {
                latest = Math.Max(latest, _seen[(BitOperations.TrailingZeroCount(left) * warps) + other]);
            }

            for (uint left = participants; left != 0; left &= left - 1)
            {
                int warp = BitOperations.TrailingZeroCount(left);
                _seen[(warp * warps) + other] = (participants >> other & 1) != 0 ? _clock : latest;
            }
        }

        for (uint left = participants; left != 0; left &= left - 1)
        {
            SetLimit(BitOperations.TrailingZeroCount(left));
        }
    }

    /// <summary>Lanes of one warp have met at a warp barrier.</summary>
    public void MeetInWarp(Warp warp, uint lanes)
    {
        Tick();
        if (lanes == warp.Alive)
        {
            _seen[(warp.Number * warps) + warp.Number] = _clock;
            SetLimit(warp.Number);
            return;
        }

        for (uint left = lanes; left != 0; left &= left - 1)
        {
            int thread = (warp.Number * Warp.Lanes) + BitOperations.TrailingZeroCount(left);
            _partTime[thread] = _clock;
            _partLanes[thread] = lanes;
        }
    }

    public static string Describe(ulong stamp)
    {
        int warp = BitOperations.TrailingZeroCount((uint)stamp);
        ulong lane = LaneOf(stamp);
        string who = !BitOperations.IsPow2((uint)stamp) ? "several warps"
            : lane == ManyLanes ? $"several threads of warp {warp}" : $"lane {lane} of warp {warp}";
        return stamp >> TimeShift == LatestTime ? $"{who}, a cp.async that was not waited for" : who;
    }

    private bool IsOrderedInWarp(ulong time, ulong lane, Warp warp)
    {
        int thread = (warp.Number * Warp.Lanes) + warp.Lane;
        return lane == (ulong)warp.Lane
            || (lane != ManyLanes && time < _partTime[thread] && (_partLanes[thread] >> (int)lane & 1) != 0);
    }

    private void Tick()
    {
        if (++_clock == LatestTime)
        {
            throw new DeviceFault(FaultKind.Failed, "a block with more than 67 million barriers");
        }
    }

    private void SetLimit(int warp) => _limits[warp] = Math.Max(Smallest(_seen.AsSpan(warp * warps, warps)) << TimeShift, 1);

    private static ulong LaneOf(ulong stamp) => stamp >> LaneShift & 63;

    private static ulong Smallest(ReadOnlySpan<ulong> times)
    {
        ulong smallest = times[0];
        foreach (ulong time in times)
        {
            smallest = Math.Min(smallest, time);
        }

        return smallest;
    }
}
