using System.Numerics;
using System.Runtime.CompilerServices;
using L2c.Emulation.Counting;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Instructions;

/// <summary>cp.async [destination], [source], bytes{, present}{, ignored}: what is not present, or ignored, is filled with zeros.</summary>
/// <remarks>The bytes are copied at once; the shadow of shared memory knows that nobody may rely on that before the wait.</remarks>
internal sealed unsafe class BeginCopy(Address destination, Address source, int bytes, Register? present, Predicate? ignored) : Op
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp warp, uint active)
    {
        warp.Require(destination.Base, active);
        warp.Require(source.Base, active);
        if (present is not null)
        {
            warp.Require(present, active);
        }

        uint skipped = ignored?.Mask(warp, active) ?? 0;
        for (uint left = active; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            warp.Lane = lane;
            uint count = (skipped >> lane & 1) != 0 ? 0 : present is null ? (uint)bytes : warp.Values<uint>(present)[lane];
            ulong from = source.Of(warp, lane);
            ulong to = destination.Of(warp, lane);
            if (count > (uint)bytes)
            {
                throw new DeviceFault(FaultKind.Failed, $"cp.async of {count} out of {bytes} bytes");
            }

            if (count > 0 && (from & (ulong)(bytes - 1)) != 0)
            {
                throw new DeviceFault(FaultKind.Misaligned, $"cp.async of {bytes} bytes from {from:x}, which {bytes} does not divide");
            }

            byte* data = count > 0 ? warp.Block.Global.ReadRange(from, count) : null;
            Span<byte> target = new(warp.Block.Shared.WriteLater(warp, to, bytes), bytes);
            target.Clear();
            new ReadOnlySpan<byte>(data, (int)count).CopyTo(target);
            warp.Copies.Begin(to, bytes);
        }
    }

    public override void Count(Warp warp, uint active, BlockCounter counter)
    {
        uint read = active & ~(ignored?.Mask(warp, active) ?? 0);
        for (uint left = present is null ? 0 : read; left != 0; left &= left - 1)
        {
            int lane = BitOperations.TrailingZeroCount(left);
            read &= warp.Values<uint>(present!)[lane] == 0 ? ~(1u << lane) : uint.MaxValue;
        }

        if (read != 0)
        {
            source.All(warp, read, counter);
            counter.Request(MemorySpace.Global, AccessKind.Copy, read, bytes);
        }

        destination.All(warp, active, counter);
        counter.Request(MemorySpace.Shared, AccessKind.Copy, active, bytes);
    }
}

/// <summary>cp.async.commit_group</summary>
internal sealed class CommitCopies : Op
{
    public override void Execute(Warp warp, uint active) => warp.Copies.Commit(active);
}

/// <summary>cp.async.wait_group: all but the latest groups; null is wait_all, for what was not committed as well.</summary>
internal sealed class WaitForCopies(int? latest) : Op
{
    public override void Execute(Warp warp, uint active)
    {
        if (latest is null)
        {
            warp.Copies.Commit(active);
        }

        warp.Copies.Wait(active, latest ?? 0);
    }
}
