namespace L2c.Emulation.Tests.Counting;

/// <summary>Instructions, divergence, samples of a grid, distinct bytes.</summary>
public class KernelCounterTests
{
    private const string Row = ".reg .b32 %v, %w; .reg .b64 %far, %own; mul.wide.u32 %far, %t, 4;";

    [Fact]
    public void A_chain_of_products_counts_by_hand()
    {
        const string Code = """
            .reg .b32 %a<4>, %c<2>, %i; .reg .f32 %d<4>; .reg .pred %p;
            mov.b32 %a0, 0; mov.b32 %a1, 0; mov.b32 %a2, 0; mov.b32 %a3, 0; mov.b32 %c0, 0; mov.b32 %c1, 0; mov.u32 %i, 0;
            mov.f32 %d0, 0f00000000; mov.f32 %d1, 0f00000000; mov.f32 %d2, 0f00000000; mov.f32 %d3, 0f00000000;
            Next:
            mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%d0,%d1,%d2,%d3}, {%a0,%a1,%a2,%a3}, {%c0,%c1}, {%d0,%d1,%d2,%d3};
            mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%d0,%d1,%d2,%d3}, {%a0,%a1}, {%c0}, {%d0,%d1,%d2,%d3};
            ex2.approx.ftz.f32 %d0, %d0;
            add.u32 %i, %i, 1; setp.lt.u32 %p, %i, 10; @%p bra Next;
            """;
        KernelCounts counts = Counted.Run(Code, threads: 128);
        Assert.Equal(4 * 10 * 2.0, counts.Of(InstructionKind.Mma));
        Assert.Equal(4 * 10 * 16 * 8 * (16.0 + 8), counts.Macs);
        Assert.Equal(4 * 10.0, counts.Of(InstructionKind.Special));
        Assert.Equal(4 * 10.0, counts.Special);
        Assert.Equal(4 * 10.0, counts.Instructions.Single(i => i.Opcode == "ex2.approx.ftz.f32").Executed);

        // The branch back is taken nine times and skipped once; two instructions of every warp's way out follow.
        InstructionCounts branch = counts.Instructions.Single(i => i.Opcode == "bra");
        Assert.Equal((4 * 9.0, 4 * 1.0), (branch.Executed, branch.Skipped));
        Assert.Equal(0, counts.Divergent);
        Assert.Equal(0, counts.PartialWarps);

        // 2 mma, ex2, add, setp, bra by ten rounds, and ret; moves and parameters are free.
        Assert.Equal(4 * ((6 * 10) + 1.0), counts.IssueSlots);
    }

    [Theory]
    [InlineData(16, 1, 2)] // half of the lanes skip two instructions
    [InlineData(32, 0, 0)] // none does
    [InlineData(0, 0, 0)] // all do
    public void A_branch_diverges_where_lanes_of_a_warp_part(int lanes, int divergent, int partial)
    {
        KernelCounts counts = Counted.Run($"""
            .reg .b32 %v; .reg .pred %p; setp.ge.u32 %p, %t, {lanes}; @%p bra Done; add.u32 %v, %t, 1; add.u32 %v, %v, 1; Done:
            """);
        Assert.Equal(divergent, counts.Divergent);

        // The branch itself is executed by the lanes that take it.
        Assert.Equal(partial + divergent, counts.PartialWarps);
    }

    // 100 blocks write a row of 128 bytes each; the last one writes a second row.
    [Fact]
    public void A_sample_stands_for_a_grid_that_is_uniform_but_at_its_edges()
    {
        const string Code = Row + """
            .reg .pred %p; mul.wide.u32 %own, %b, 256; add.u64 %out, %out, %own; add.u64 %out, %out, %far; st.global.b32 [%out], %t;
            setp.eq.u32 %p, %b, 99; @%p st.global.b32 [%out+128], %t;
            """;
        KernelCounts all = Counted.Run(Code, grid: new(100, 1, 1, 32, 1, 1, 0));
        KernelCounts sample = Counted.Run(Code, grid: new(100, 1, 1, 32, 1, 1, 0), blocks: CountedBlocks.Sample);
        Assert.Equal((100, 3, 100L), (all.Counted, sample.Counted, sample.Blocks));
        Assert.Equal(101.0 * 4, all.Sectors.Touched);
        Assert.Equal(all.Sectors, sample.Sectors);
        Assert.Equal(all.IssueSlots, sample.IssueSlots);
        Assert.Equal(all.Instructions, sample.Instructions);
    }

    // Every block reads one table, blocks in eights share a row, each has a row of its own, and writes one.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Distinct_bytes_are_those_of_all_blocks_together(int columns)
    {
        const string Code = Row + """
            .reg .b64 %a; .reg .b32 %g, %z; add.u64 %a, %in, %far; ld.global.b32 %v, [%a];
            shr.u32 %g, %b, 3; mul.wide.u32 %own, %g, 128; add.u64 %a, %a, %own; ld.global.b32 %v, [%a+1024];
            mov.u32 %z, %ctaid.y; mul.wide.u32 %own, %z, 8192; add.u64 %out, %out, %own;
            mul.wide.u32 %own, %b, 128; add.u64 %a, %out, %own; add.u64 %a, %a, %far; st.global.b32 [%a], %v;
            """;
        KernelCounts counts = Counted.Run(Code, grid: new(64, (uint)columns, 1, 32, 1, 1, 0), blocks: CountedBlocks.Sample, unique: true);
        Assert.Equal(128.0 + (8 * 128), counts.UniqueRead);
        Assert.Equal(columns * 64 * 128.0, counts.UniqueWritten);
    }

    [Fact]
    public void Nobody_who_does_not_ask_gets_distinct_bytes() => Assert.Null(Counted.Run("").UniqueRead);
}
