namespace L2c.Emulation;

/// <summary>Executions of one instruction of the text.</summary>
/// <param name="Opcode">With its modifiers: <c>ex2.approx.ftz.f32</c>.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="Executed">Warps that executed it with at least one lane.</param>
/// <param name="Skipped">Warps whose predicates left no lane for it: it is issued and does nothing.</param>
public sealed record InstructionCounts(string Opcode, InstructionKind Kind, double Executed, double Skipped);

/// <summary>What one launch of a kernel does. Where a sample of its blocks was counted, that is scaled up to all.</summary>
/// <remarks>Instructions are those of the PTX text, by warp. The assembler makes others of them: <see cref="IssueSlots"/> is an estimate.</remarks>
public sealed record KernelCounts
{
    /// <summary>The entry's name.</summary>
    public required string Kernel { get; init; }

    /// <summary>Blocks of the grid.</summary>
    public required long Blocks { get; init; }

    /// <summary>Blocks that were run and counted.</summary>
    public required int Counted { get; init; }

    /// <summary>Threads of a block.</summary>
    public required int Threads { get; init; }

    /// <summary>Shared memory of a block, static and dynamic.</summary>
    public required int SharedBytes { get; init; }

    /// <summary>By opcode, most executed first.</summary>
    public required IReadOnlyList<InstructionCounts> Instructions { get; init; }

    /// <summary>By space, kind and width.</summary>
    public required IReadOnlyList<MemoryCounts> Memory { get; init; }

    /// <summary>Executions with some of a warp's lanes and not all.</summary>
    public required double PartialWarps { get; init; }

    /// <summary>Branches that sent the lanes of a warp two ways.</summary>
    public required double Divergent { get; init; }

    /// <summary>Multiply-adds of mma.sync.</summary>
    public required double Macs { get; init; }

    /// <summary>Estimated machine instructions that warps issue.</summary>
    public required double IssueSlots { get; init; }

    /// <summary>Warp instructions of the special function unit, those inside divisions included.</summary>
    public required double Special { get; init; }

    /// <summary>Distinct bytes of global memory that the grid reads, estimated from how blocks share them; null where not asked for.</summary>
    public double? UniqueRead { get; init; }

    /// <summary>Distinct bytes of global memory that the grid writes.</summary>
    public double? UniqueWritten { get; init; }

    /// <summary>Sectors of all requests to global memory, and the least that the bytes asked for take.</summary>
    public (double Touched, double Minimum) Sectors => Sum(MemorySpace.Global);

    /// <summary>Wavefronts of all requests to shared memory, and how many they were without bank conflicts.</summary>
    public (double Taken, double Minimum) Wavefronts => Sum(MemorySpace.Shared);

    /// <summary>Executions of a kind of instruction.</summary>
    public double Of(InstructionKind kind) => Instructions.Where(i => i.Kind == kind).Sum(i => i.Executed);

    private (double, double) Sum(MemorySpace space) =>
        (Memory.Where(m => m.Space == space).Sum(m => m.Transactions), Memory.Where(m => m.Space == space).Sum(m => m.Minimum));
}
