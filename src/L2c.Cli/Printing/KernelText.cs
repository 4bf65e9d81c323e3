using L2c.Emulation;
using L2c.Kernels.Cuda;
using static System.FormattableString;

namespace L2c.Cli.Printing;

/// <summary>One kernel for a person, and for a program.</summary>
/// <param name="Form">The kernel.</param>
/// <param name="Target">What it was compiled for.</param>
/// <param name="Entry">Its text, decoded.</param>
/// <param name="Assembled">What ptxas says; null where it is not present.</param>
/// <param name="Gpu">The GPU that the launches are predicted for; null where nobody asked.</param>
/// <param name="Launches">Launches that were counted; none where nobody asked.</param>
internal sealed record KernelText(
    KernelForm Form, PtxTarget Target, PtxEntry Entry, PtxasReport? Assembled, GpuModel? Gpu, IReadOnlyList<PredictedLaunches> Launches)
{
    /// <summary>What the JSON object holds.</summary>
    public object ToJson() => new
    {
        Form.Name,
        Dtype = Form.Type,
        Target = Target.Name,
        Form.Threads,
        Form.MinBlocks,
        Entry.StaticSharedBytes,
        Assembled?.Registers,
        Assembled?.StackBytes,
        SpillBytes = Assembled is { } report ? report.SpillStoreBytes + report.SpillLoadBytes : (int?)null,
        Gpu = Gpu?.Name,
        InstructionsOfText = Entry.Instructions,
        Launches = Launches.Select(row => new
        {
            row.Size,
            row.Launches,
            row.Counts!.Blocks,
            row.Counts.Counted,
            row.Counts.SharedBytes,
            row.Counts.Instructions,
            row.Counts.Memory,
            row.Counts.PartialWarps,
            row.Counts.Divergent,
            row.Counts.Macs,
            row.Counts.UniqueRead,
            row.Counts.UniqueWritten,
            Limiter = row.Each.Limiter.ToString(),
            PredictedMicroseconds = 1e6 * row.Each.Seconds,
        }),
    };

    /// <summary>Prints it.</summary>
    public void Print(TextWriter o)
    {
        string minimum = Form.MinBlocks > 0 ? Invariant($", at least {Form.MinBlocks} blocks per multiprocessor") : "";
        o.WriteLine(Invariant(
            $"{Form.FullName} for {Target}: {Form.Threads} threads{minimum}, {Entry.StaticSharedBytes} bytes of static shared memory"));
        o.WriteLine(Assembled is { } a
            ? Invariant($"{a.Registers} registers, {a.StackBytes} bytes of stack, {a.SpillStoreBytes + a.SpillLoadBytes} bytes of spills")
            : "registers unknown: no ptxas in L2C_PTXAS or on the PATH");
        o.WriteLine();
        o.WriteLine("instructions of the text");
        foreach ((InstructionKind kind, int count) in Entry.Instructions.OrderByDescending(pair => pair.Value))
        {
            o.WriteLine(Invariant($"  {kind,-12} {count,8:#,0}"));
        }

        foreach (PredictedLaunches row in Launches)
        {
            PrintLaunch(o, row, row.Counts!);
        }
    }

    private void PrintLaunch(TextWriter o, PredictedLaunches row, KernelCounts counts)
    {
        o.WriteLine();
        o.WriteLine(Invariant($"{row.Launches} x {row.Size}, {counts.SharedBytes} bytes of shared memory each; ")
            + Invariant($"{counts.Counted} blocks were counted and scaled up"));
        o.WriteLine($"  {"executed by warps",-40} {"count",16}");
        foreach (InstructionCounts instruction in counts.Instructions)
        {
            o.WriteLine(Invariant($"  {instruction.Opcode,-40} {instruction.Executed,16:#,0}"));
        }

        o.WriteLine($"  {"memory",-24} {"requests",14} {"bytes",16} {"transactions",14} {"minimum",14}");
        foreach (MemoryCounts m in counts.Memory)
        {
            o.WriteLine(Invariant(
                $"  {$"{m.Space} {m.Kind} {m.Width} B",-24} {m.Requests,14:#,0} {m.Bytes,16:#,0} {m.Transactions,14:#,0} {m.Minimum,14:#,0}"));
        }

        o.WriteLine(Invariant($"  distinct bytes read {counts.UniqueRead:#,0}, written {counts.UniqueWritten:#,0} (estimated)"));
        o.WriteLine(Invariant($"  {counts.Divergent:#,0} divergent branches, {counts.PartialWarps:#,0} executions with part of a warp"));
        o.WriteLine(Invariant($"  predicted for {Gpu?.Title}: {1e6 * row.Each.Seconds:0.0} us, limited by {row.Each.Limiter}; not measured"));
    }
}
