using L2c.Emulation.Counting;
using L2c.Emulation.Instructions;
using L2c.Emulation.Machine;

namespace L2c.Emulation;

/// <summary>Which blocks of a grid are counted.</summary>
public enum CountedBlocks
{
    /// <summary>Every one.</summary>
    All,

    /// <summary>Along each extent the first, the one in the middle and the last, the middle one for all between.</summary>
    Sample,
}

/// <summary>Counts what a launch does: instructions, sectors, wavefronts, divergence.</summary>
/// <remarks>Blocks are run for it, with all that they write, one after the other on the calling thread.</remarks>
public static class KernelCounter
{
    /// <summary>Runs blocks of a launch and counts.</summary>
    /// <param name="entry">The kernel.</param>
    /// <param name="size">Grid and block.</param>
    /// <param name="parameters">Packed, <see cref="PtxEntry.ParameterBytes"/> long; copied.</param>
    /// <param name="memory">Global memory.</param>
    /// <param name="blocks">Which blocks.</param>
    /// <param name="unique">Whether distinct bytes are wanted too, for which some more blocks are run.</param>
    /// <exception cref="DeviceFault">The kernel did what a device forbids, or leaves undefined.</exception>
    /// <exception cref="ArgumentException">The launch does not agree with the kernel.</exception>
    public static KernelCounts Count(
        PtxEntry entry,
        in LaunchDimensions size,
        ReadOnlySpan<byte> parameters,
        DeviceMemory memory,
        CountedBlocks blocks = CountedBlocks.Sample,
        bool unique = false)
    {
        byte[] packed = PtxMachine.Pack(entry, size, parameters, out long all);
        LaunchDimensions dimensions = size;
        Block block = entry.TakeBlock(size, packed, memory);
        try
        {
            BlockCounter total = new(entry.Code.Ops.Length);
            (long Block, double Weight)[] counted = blocks == CountedBlocks.Sample
                ? [.. BlockSample.Of(size)]
                : [.. Enumerable.Range(0, checked((int)all)).Select(i => ((long)i, 1.0))];
            foreach ((long number, double weight) in counted)
            {
                block.Counter = new BlockCounter(entry.Code.Ops.Length);
                block.Run(number);
                total.Add(block.Counter, weight);
            }

            (double Read, double Written)? bytes = unique ? new UniqueBytes(dimensions, Touch).Estimate() : null;
            return Summarise(entry, size, total) with
            {
                Blocks = all,
                Counted = counted.Length,
                UniqueRead = bytes?.Read,
                UniqueWritten = bytes?.Written,
            };

            (TouchedBytes Read, TouchedBytes Written) Touch(long number)
            {
                block.Counter = new BlockCounter(entry.Code.Ops.Length) { Touched = (new TouchedBytes(), new TouchedBytes()) };
                block.Run(number);
                return block.Counter.Touched.Value;
            }
        }
        finally
        {
            block.Counter = null;
            entry.ReturnBlock(block);
        }
    }

    private static KernelCounts Summarise(PtxEntry entry, in LaunchDimensions size, BlockCounter total)
    {
        Op[] ops = entry.Code.Ops;
        (Op Op, InstructionCost Cost, double Executed, double Skipped)[] instructions =
            [.. ops.Select((op, i) => (op, InstructionCost.Of(op.Opcode), total.Executed[i], total.Skipped[i])).Where(i => i.Item3 + i.Item4 > 0)];
        return new KernelCounts
        {
            Kernel = entry.Name,
            Blocks = 0,
            Counted = 0,
            Threads = checked((int)(size.BlockX * size.BlockY * size.BlockZ)),
            SharedBytes = entry.Code.StaticSharedBytes + (int)size.DynamicSharedBytes,
            Instructions =
            [
                .. instructions.GroupBy(i => i.Op.Opcode)
                    .Select(g => new InstructionCounts(g.Key, g.First().Cost.Kind, g.Sum(i => i.Executed), g.Sum(i => i.Skipped)))
                    .OrderByDescending(i => i.Executed).ThenBy(i => i.Opcode, StringComparer.Ordinal),
            ],
            Memory = [.. total.Requests()],
            PartialWarps = total.PartialWarps,
            Divergent = total.Divergent,
            Macs = total.Macs,
            IssueSlots = instructions.Sum(i => (i.Executed * i.Cost.Issue) + (i.Cost.Issue > 0 ? i.Skipped : 0)),
            Special = instructions.Sum(i => i.Executed * i.Cost.Special),
        };
    }
}
