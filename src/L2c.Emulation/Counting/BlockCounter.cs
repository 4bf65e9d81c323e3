using System.Numerics;
using L2c.Emulation.Machine;

namespace L2c.Emulation.Counting;

/// <summary>Counts what the warps of a block do. Blocks that are not counted have none, and their warps another loop.</summary>
internal sealed class BlockCounter(int instructions)
{
    private const int Kinds = 4, Widths = 5;

    private readonly ulong[] _addresses = new ulong[Warp.Lanes];

    /// <summary>Warps that executed each instruction, with at least one lane.</summary>
    public double[] Executed { get; } = new double[instructions];

    /// <summary>Warps that came to each instruction and had no lane for it.</summary>
    public double[] Skipped { get; } = new double[instructions];

    /// <summary>Executions with some of a warp's lanes and not all.</summary>
    public double PartialWarps { get; set; }

    /// <summary>Branches that sent the lanes of a warp two ways.</summary>
    public double Divergent { get; set; }

    /// <summary>Multiply-adds of mma.sync.</summary>
    public double Macs { get; set; }

    /// <summary>By space, kind and width.</summary>
    public Tally[] Memory { get; } = new Tally[3 * Kinds * Widths];

    /// <summary>What a block reads and writes; null where nobody asks.</summary>
    public (TouchedBytes Read, TouchedBytes Written)? Touched { get; set; }

    /// <summary>A place for the addresses of a request, by lane.</summary>
    public Span<ulong> Addresses => _addresses;

    /// <summary>Counts a request whose <see cref="Addresses"/> are set.</summary>
    /// <param name="space">Where it goes.</param>
    /// <param name="kind">What it does.</param>
    /// <param name="lanes">Lanes that take part; at least one.</param>
    /// <param name="bytes">Of one lane.</param>
    public void Request(MemorySpace space, AccessKind kind, uint lanes, int bytes)
    {
        (int taken, int minimum) = space switch
        {
            MemorySpace.Global => Transactions.Sectors(_addresses, lanes, bytes),
            MemorySpace.Shared => Transactions.Wavefronts(_addresses, lanes, bytes),
            _ => (1, 1),
        };
        ref Tally tally = ref Memory[Index(space, kind, BitOperations.Log2((uint)bytes))];
        tally.Requests++;
        tally.Bytes += (double)BitOperations.PopCount(lanes) * bytes;
        tally.Transactions += taken;
        tally.Minimum += minimum;
        if (space == MemorySpace.Global && Touched is { } touched)
        {
            TouchedBytes set = kind == AccessKind.Store ? touched.Written : touched.Read;
            for (uint left = lanes; left != 0; left &= left - 1)
            {
                set.Add(_addresses[BitOperations.TrailingZeroCount(left)], bytes);
            }
        }
    }

    /// <summary>Adds another block's counts, as those of so many blocks.</summary>
    public void Add(BlockCounter other, double blocks)
    {
        for (int i = 0; i < Executed.Length; i++)
        {
            Executed[i] += blocks * other.Executed[i];
            Skipped[i] += blocks * other.Skipped[i];
        }

        for (int i = 0; i < Memory.Length; i++)
        {
            Memory[i].Requests += blocks * other.Memory[i].Requests;
            Memory[i].Bytes += blocks * other.Memory[i].Bytes;
            Memory[i].Transactions += blocks * other.Memory[i].Transactions;
            Memory[i].Minimum += blocks * other.Memory[i].Minimum;
        }

        PartialWarps += blocks * other.PartialWarps;
        Divergent += blocks * other.Divergent;
        Macs += blocks * other.Macs;
    }

    /// <summary>Every kind of request that occurred.</summary>
    public IEnumerable<MemoryCounts> Requests() =>
        from space in Enum.GetValues<MemorySpace>()
        from kind in Enum.GetValues<AccessKind>()
        from width in Enumerable.Range(0, Widths)
        let tally = Memory[Index(space, kind, width)]
        where tally.Requests > 0
        select new MemoryCounts(space, kind, 1 << width, tally.Requests, tally.Bytes, tally.Transactions, tally.Minimum);

    private static int Index(MemorySpace space, AccessKind kind, int width) => ((((int)space * Kinds) + (int)kind) * Widths) + width;

    public struct Tally
    {
        public double Requests;
        public double Bytes;
        public double Transactions;
        public double Minimum;
    }
}
