using System.Numerics;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Instructions;

/// <summary>An instruction after which the warp may be elsewhere.</summary>
internal abstract class Jump : Op
{
    /// <summary>Where the lanes may go.</summary>
    public abstract IEnumerable<int> Targets { get; }

    /// <summary>Whether some lanes may go on with the next instruction.</summary>
    public abstract bool FallsThrough { get; }

    /// <summary>The immediate post-dominator.</summary>
    public int Join { get; set; }
}

/// <summary>bra; .uni is a promise that all lanes of the running side go the same way.</summary>
internal sealed class Branch(int target, bool uniform) : Jump
{
    public override IEnumerable<int> Targets => [target];

    public override bool FallsThrough => Guard is not null;

    public override void Execute(Warp warp, uint active)
    {
        if (uniform && active != warp.Active)
        {
            warp.Lane = BitOperations.TrailingZeroCount(active);
            throw new DeviceFault(
                FaultKind.BarrierDivergence, $"bra.uni with lanes of both minds: {active:x8} take it, {warp.Active & ~active:x8} do not");
        }

        warp.Branch(target, Join, active);
    }
}

/// <summary>brx.idx</summary>
internal sealed unsafe class IndexedBranch(Register index, int[] targets) : Jump
{
    public override IEnumerable<int> Targets => targets;

    public override bool FallsThrough => Guard is not null;

    public override void Execute(Warp warp, uint active)
    {
        warp.Require(index, active);
        Span<int> places = stackalloc int[Warp.Lanes];
        places.Fill(warp.ProgramCounter);
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            uint value = warp.Values<uint>(index)[lane];
            warp.Lane = lane;
            places[lane] = value < (uint)targets.Length
                ? targets[value]
                : throw new DeviceFault(FaultKind.OutOfBounds, $"branch to target {value} of {targets.Length}");
        }

        warp.BranchMany(places, Join);
    }
}

/// <summary>exit, or ret in an entry.</summary>
internal sealed class Exit : Jump
{
    public override IEnumerable<int> Targets => [];

    public override bool FallsThrough => Guard is not null;

    public override void Execute(Warp warp, uint active) => warp.Exit(active);
}

/// <summary>trap</summary>
internal sealed class Trap : Op
{
    public override void Execute(Warp warp, uint active)
    {
        warp.Lane = BitOperations.TrailingZeroCount(active);
        throw new DeviceFault(FaultKind.Failed, "trap");
    }
}
