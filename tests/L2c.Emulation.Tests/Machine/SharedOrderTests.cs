namespace L2c.Emulation.Tests.Machine;

/// <summary>Races in shared memory and barriers: what is a fault, and what must not be one.</summary>
public class SharedOrderTests
{
    // Thread t writes word t and later reads the word of thread t xor 1 (same warp) or t xor 32 (another warp).
    private const string Setup = """
        .shared .align 16 .b8 s[4096]; .reg .b32 %thread, %mine, %near, %far, %v, %lane; .reg .pred %p, %q;
        mov.u32 %thread, %tid.x; mov.u32 %lane, %laneid; shl.b32 %mine, %thread, 2; xor.b32 %near, %mine, 4; xor.b32 %far, %mine, 128;
        mov.b32 %v, s; add.u32 %mine, %mine, %v; add.u32 %near, %near, %v; add.u32 %far, %far, %v;

        """;

    [Theory]
    [InlineData("st.shared.b32 [%mine], 1; ld.shared.b32 %v, [%near];")] // missing everything
    [InlineData("st.shared.b32 [%mine], 1; bar.sync 0; st.shared.b32 [%mine], 1; bar.warp.sync -1; ld.shared.b32 %v, [%far];")]
    [InlineData("st.shared.b32 [%mine], 1; bar.sync 0; ld.shared.b32 %v, [%far]; st.shared.b32 [%mine], 2;")] // write after read
    [InlineData("st.shared.b32 [%mine], 1; bar.sync 0; ld.shared.b32 %v, [%far]; bar.warp.sync -1; st.shared.b32 [%mine], 2;")]
    [InlineData("st.shared.b32 [%mine], 1; bar.sync 0; st.shared.b32 [%near], 2; st.shared.b32 [%mine], 3;")] // write after write
    [InlineData("st.shared.b32 [s], %thread;")] // all threads write one word
    [InlineData("setp.lt.u32 %p, %lane, 4; st.shared.b32 [%mine], 1; @%p bar.warp.sync 15; xor.b32 %near, %mine, 64; ld.shared.b32 %v, [%near];")]
    [InlineData("st.shared.b32 [%mine], 1; bar.sync 0; st.shared.b32 [%mine], 1; bar.sync 1, 32; ld.shared.b32 %v, [%far];")]
    [InlineData("st.shared.b32 [%mine], 1; membar.cta; ld.shared.b32 %v, [%near];")] // a fence is no barrier
    public void Race_faults(string code)
    {
        DeviceFault fault = Snippet.Fault(Setup + code, 64);
        Assert.Equal(FaultKind.SharedRace, fault.Kind);
        Assert.Equal("k", fault.Kernel);
        Assert.Equal(10, fault.Line);
        Assert.NotNull(fault.Thread);
    }

    [Theory]
    [InlineData("st.shared.b32 [%mine], 1; ld.shared.b32 %v, [%mine]; st.shared.b32 [%mine], 2;")] // a thread's own order
    [InlineData("st.shared.b32 [%mine], 1; bar.warp.sync -1; ld.shared.b32 %v, [%near]; bar.warp.sync -1; st.shared.b32 [%mine], 2;")]
    [InlineData("st.shared.b32 [%mine], 1; bar.sync 0; ld.shared.b32 %v, [%far]; bar.sync 0; st.shared.b32 [%near], 2;")]
    [InlineData("st.shared.b32 [%mine], 1; barrier.sync 3, 64; ld.shared.b32 %v, [%far]; ld.shared.b32 %v, [%near];")]
    [InlineData("st.shared.b16 [%mine], 1; st.shared.b16 [%mine+2], 1;")]
    [InlineData("setp.lt.u32 %p, %lane, 4; st.shared.b32 [%mine], 1; @%p bar.warp.sync 0xF; @%p ld.shared.b32 %v, [%near];")]
    [InlineData("st.shared.b32 [%mine], 1; bar.sync 0; ld.shared.b32 %v, [s]; bar.sync 0; setp.eq.u32 %p, %thread, 0; @%p st.shared.b32 [s], 4;")]
    public void Ordered_accesses_do_not(string code)
    {
        using DeviceMemory memory = new();
        Snippet.Launch(Snippet.Module("()", Setup + code), 64, memory);
    }

    [Fact]
    public void Neighbouring_bytes_of_two_threads_are_no_race()
    {
        using DeviceMemory memory = new();
        Snippet.Launch(
            Snippet.Module("()", """
                .shared .b8 s[64]; .reg .b32 %a, %b; mov.b32 %a, s; mov.u32 %b, %tid.x; add.u32 %a, %a, %b; st.shared.b8 [%a], %b;
                """),
            64,
            memory);
    }

    [Fact]
    public void Order_passes_on_through_a_third_warp()
    {
        // Warp 0 writes; 0 meets 1, then 1 meets 2; 2 reads. Without the second barrier it is a race.
        const string Code = """
            .shared .b8 s[4]; .reg .b32 %w, %l, %v; .reg .pred %p0, %p1, %p2, %z; mov.u32 %w, %warpid; mov.u32 %l, %laneid;
            setp.eq.u32 %p0, %w, 0; setp.eq.u32 %p1, %w, 1; setp.eq.u32 %p2, %w, 2; setp.eq.and.u32 %z, %l, 0, %p0;
            @%z st.shared.b32 [s], 1;
            @%p0 bar.sync 1, 64;
            @%p1 bar.sync 1, 64;
            @%p1 bar.sync 2, 64;
            @%p2 bar.sync 2, 64;
            @%p2 ld.shared.b32 %v, [s];
            """;
        using DeviceMemory memory = new();
        Snippet.Launch(Snippet.Module("()", Code), 96, memory);
        Assert.Equal(FaultKind.SharedRace, Snippet.Fault(Code.Replace("bar.sync 2, 64", "bar.sync 2, 32"), 96).Kind);
    }

    [Theory]
    [InlineData("setp.lt.u32 %p, %lane, 16; @%p bar.sync 0;")] // part of each warp
    [InlineData("setp.lt.u32 %p, %lane, 16; @%p exit; bar.sync 0;")] // part of each warp has exited
    [InlineData("setp.lt.u32 %p, %thread, 32; @%p exit; bar.sync 0;")] // a whole warp has exited
    [InlineData("setp.lt.u32 %p, %thread, 32; @%p bar.sync 0; @!%p bar.sync 1;")] // two barriers
    [InlineData("setp.lt.u32 %p, %thread, 32; @%p bar.sync 2, 64; @!%p bar.sync 2, 96;")] // two counts
    [InlineData("setp.lt.u32 %p, %lane, 16; @%p bar.warp.sync -1;")]
    public void Barrier_that_cannot_be_met_faults(string code)
    {
        DeviceFault fault = Snippet.Fault(Setup + code, 64);
        Assert.Equal(FaultKind.BarrierDivergence, fault.Kind);
        Assert.Equal(10, fault.Line);
    }

    [Fact]
    public void Blocks_do_not_inherit_shared_memory()
    {
        using DeviceMemory memory = new();
        PtxEntry entry = PtxModule.Parse(Snippet.Module("()", """
            .shared .b8 s[4]; .reg .b32 %b, %v; .reg .pred %p; mov.u32 %b, %ctaid.x; setp.lt.u32 %p, %b, 7;
            @%p st.shared.b32 [s], 1;
            ld.shared.b32 %v, [s];
            """)).Entries[0];
        DeviceFault fault = Assert.Throws<DeviceFault>(() => PtxMachine.Run(entry, new LaunchDimensions(9, 1, 1, 1, 1, 1, 0), [], memory));
        Assert.Equal((FaultKind.Uninitialised, "block (7,0,0) thread (0,0,0)"), (fault.Kind, fault.Thread));
    }
}
