namespace L2c.Emulation.Tests.Counting;

/// <summary>Sectors of global and wavefronts of shared memory, on kernels whose counts follow from the rules by hand.</summary>
public class TransactionTests
{
    // 32 lanes of 4 bytes are 128 bytes, 4 sectors at best. A stride of 2 doubles the span; from 8 elements (32 bytes) on each lane has a sector.
    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 8)]
    [InlineData(8, 32)]
    [InlineData(32, 32)]
    public void A_strided_copy_touches_more_sectors_than_its_bytes_need(int stride, int sectors)
    {
        string code = $"""
            .reg .b32 %at, %v; .reg .b64 %far;
            mul.lo.u32 %at, %t, {4 * stride}; cvt.u64.u32 %far, %at; add.u64 %in, %in, %far; add.u64 %out, %out, %far;
            ld.global.b32 %v, [%in]; st.global.b32 [%out], %v;
            """;
        KernelCounts counts = Counted.Run(code, threads: 64);
        MemoryCounts load = Counted.Of(counts, MemorySpace.Global, AccessKind.Load);
        Assert.Equal(new MemoryCounts(MemorySpace.Global, AccessKind.Load, 4, 2, 256, 2 * sectors, 8), load);
        Assert.Equal(load with { Kind = AccessKind.Store }, Counted.Of(counts, MemorySpace.Global, AccessKind.Store));
        Assert.Equal((4.0 * sectors, 16.0), counts.Sectors);
    }

    [Fact]
    public void Lanes_that_read_one_word_share_its_sector()
    {
        KernelCounts counts = Counted.Run(".reg .b32 %v; ld.global.b32 %v, [%in+64];");
        Assert.Equal(new MemoryCounts(MemorySpace.Global, AccessKind.Load, 4, 1, 128, 1, 1), Counted.Of(counts, MemorySpace.Global, AccessKind.Load));
    }

    // 4 bytes beyond a sector's beginning: five sectors for 128 bytes.
    [Fact]
    public void A_shifted_row_touches_one_sector_more()
    {
        KernelCounts counts = Counted.Run(
            ".reg .b32 %v; .reg .b64 %far; mul.wide.u32 %far, %t, 4; add.u64 %in, %in, %far; ld.global.b32 %v, [%in+4];");
        Assert.Equal((5.0, 4.0), counts.Sectors);
    }

    // Word tid * stride lies in bank tid * stride % 32.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 4)]
    [InlineData(32, 32)]
    [InlineData(33, 1)]
    public void Conflicts_take_as_many_wavefronts_as_a_bank_has_words(int stride, int ways)
    {
        KernelCounts counts = Counted.Run(Shared($"mul.lo.u32 %at, %t, {4 * stride};", "b32", "%t"));
        Assert.Equal(
            new MemoryCounts(MemorySpace.Shared, AccessKind.Store, 4, 1, 128, ways, 1), Counted.Of(counts, MemorySpace.Shared, AccessKind.Store));
    }

    [Fact]
    public void A_word_that_all_lanes_read_is_one_wavefront()
    {
        KernelCounts counts = Counted.Run(
            ".shared .align 4 .b8 s[4]; .reg .b32 %v; .reg .pred %p; setp.eq.u32 %p, %t, 0; @%p st.shared.b32 [s], %t;"
            + "bar.sync 0; ld.shared.b32 %v, [s];");
        Assert.Equal(new MemoryCounts(MemorySpace.Shared, AccessKind.Load, 4, 1, 128, 1, 1), Counted.Of(counts, MemorySpace.Shared, AccessKind.Load));
        Assert.Equal(1, Counted.Of(counts, MemorySpace.Shared, AccessKind.Store).Transactions);
    }

    // By half- and quarter-warps: 256 and 512 bytes are 2 and 4 wavefronts whatever happens. Rows of 144 bytes go round the banks; rows of 128 do
    // not, and the eight lanes of a quarter-warp then meet in four banks.
    [Theory]
    [InlineData("b64", 8, 2, 2)]
    [InlineData("v4.b32", 16, 4, 4)]
    [InlineData("v4.b32", 144, 4, 4)]
    [InlineData("v4.b32", 128, 32, 4)]
    [InlineData("v4.b32", 32, 8, 4)]
    public void Wide_accesses_go_in_parts_of_a_warp(string form, int stride, int taken, int minimum)
    {
        string value = form == "b64" ? "%in" : "{%t,%t,%t,%t}";
        KernelCounts counts = Counted.Run(Shared($"mul.lo.u32 %at, %t, {stride};", form, value));
        Assert.Equal(((double)taken, (double)minimum), counts.Wavefronts);
    }

    [Theory]
    [InlineData(16, 4)]
    [InlineData(144, 4)]
    [InlineData(32, 8)]
    [InlineData(128, 32)]
    public void Ldmatrix_takes_a_wavefront_per_matrix_and_more_where_rows_share_banks(int stride, int taken)
    {
        string code = $$"""
            .shared .align 16 .b8 s[4608]; .reg .b32 %at, %i, %r<4>; .reg .pred %p;
            mov.u32 %i, s; mul.lo.u32 %at, %t, 16; add.u32 %at, %at, %i; mov.u32 %i, 0;
            Fill: st.shared.v4.b32 [%at], {%t,%t,%t,%t}; add.u32 %at, %at, 512; add.u32 %i, %i, 1; setp.lt.u32 %p, %i, 9; @%p bra Fill;
            bar.sync 0;
            mov.u32 %i, s; mul.lo.u32 %at, %t, {{stride}}; add.u32 %at, %at, %i;
            ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r0,%r1,%r2,%r3}, [%at];
            """;
        Assert.Equal(
            new MemoryCounts(MemorySpace.Shared, AccessKind.Matrix, 16, 1, 512, taken, 4),
            Counted.Of(Counted.Run(code), MemorySpace.Shared, AccessKind.Matrix));
    }

    // Lanes copy 16 bytes each; those from 16 on have a predicate that skips the read, and zeros are written.
    [Fact]
    public void An_asynchronous_copy_is_a_read_of_global_and_a_write_of_shared_memory()
    {
        const string Code = """
            .shared .align 16 .b8 s[512]; .reg .b32 %at, %i; .reg .b64 %far; .reg .pred %p;
            mov.u32 %i, s; mul.lo.u32 %at, %t, 16; cvt.u64.u32 %far, %at; add.u64 %in, %in, %far; add.u32 %at, %at, %i; setp.ge.u32 %p, %t, 16;
            cp.async.cg.shared.global [%at], [%in], 16, %p; cp.async.commit_group; cp.async.wait_group 0;
            """;
        KernelCounts counts = Counted.Run(Code);
        MemoryCounts read = Counted.Of(counts, MemorySpace.Global, AccessKind.Copy);
        MemoryCounts written = Counted.Of(counts, MemorySpace.Shared, AccessKind.Copy);
        Assert.Equal(new MemoryCounts(MemorySpace.Global, AccessKind.Copy, 16, 1, 256, 8, 8), read);
        Assert.Equal(new MemoryCounts(MemorySpace.Shared, AccessKind.Copy, 16, 1, 512, 4, 4), written);
        Assert.Equal((1.0, 2.0), (counts.Of(InstructionKind.AsyncCopy), counts.Of(InstructionKind.AsyncWait)));
    }

    private static string Shared(string address, string form, string value) =>
        $".shared .align 16 .b8 s[8192]; .reg .b32 %at, %i; mov.u32 %i, s; {address} add.u32 %at, %at, %i; st.shared.{form} [%at], {value};";
}
