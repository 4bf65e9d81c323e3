namespace L2c.Emulation.Tests.Machine;

/// <summary>Branches, loops, calls: what every thread computes, and where the lanes of a warp meet again.</summary>
public class ControlFlowTests
{
    [Fact]
    public void Sides_of_a_branch_meet_behind_it()
    {
        const string Code = """
            .reg .b32 %r, %inside, %after; .reg .pred %p; setp.lt.u32 %p, %t, 10;
            @%p bra LOW;
            activemask.b32 %inside; mov.b32 %r, 7; bra JOIN;
            LOW: activemask.b32 %inside; mov.b32 %r, 5;
            JOIN: activemask.b32 %after;
            """;
        Assert.Equal(Lanes(t => t < 10 ? 5u : 7u), Snippet.Values(Code + "st.global.b32 [%out], %r;"));
        Assert.Equal(Lanes(t => t < 10 ? 0x3FFu : ~0x3FFu), Snippet.Values(Code + "st.global.b32 [%out], %inside;"));
        Assert.Equal(Lanes(_ => uint.MaxValue), Snippet.Values(Code + "st.global.b32 [%out], %after;"));
    }

    [Fact]
    public void Loop_of_another_length_in_every_lane()
    {
        const string Code = """
            .reg .b32 %i, %j, %sum, %after; .reg .pred %p; mov.b32 %sum, 0; mov.b32 %i, 0;
            OUTER: setp.ge.u32 %p, %i, %t; @%p bra END;
            mov.b32 %j, 0;
            INNER: setp.gt.u32 %p, %j, %i; @%p bra NEXT;
            add.u32 %sum, %sum, 1; add.u32 %j, %j, 1; bra.uni INNER;
            NEXT: add.u32 %i, %i, 1; bra.uni OUTER;
            END: activemask.b32 %after;
            """;
        Assert.Equal(Lanes(t => t * (t + 1) / 2), Snippet.Values(Code + "st.global.b32 [%out], %sum;"));
        Assert.Equal(Lanes(_ => uint.MaxValue), Snippet.Values(Code + "st.global.b32 [%out], %after;"));
    }

    [Fact]
    public void Lanes_that_left_early_do_not_return()
    {
        const string Code = """
            .reg .b32 %r; .reg .pred %p, %q; st.global.b32 [%out], 1; setp.lt.u32 %p, %t, 4; setp.gt.u32 %q, %t, 20;
            @%p ret;
            @%q bra FAR;
            bra NEAR;
            FAR: exit;
            NEAR: activemask.b32 %r; st.global.b32 [%out], %r;
            """;
        Assert.Equal(Lanes(t => t is < 4 or > 20 ? 1u : 0x1FFFF0u), Snippet.Values(Code));
    }

    [Fact]
    public void Indexed_branch_sends_every_lane_to_its_target()
    {
        const string Code = """
            .reg .b32 %r, %i, %after; rem.u32 %i, %t, 3;
            TARGETS: .branchtargets A, B, C;
            brx.idx %i, TARGETS;
            A: mov.b32 %r, 11; bra.uni JOIN;
            B: mov.b32 %r, 22; bra.uni JOIN;
            C: mov.b32 %r, 33;
            JOIN: activemask.b32 %after;
            """;
        Assert.Equal(Lanes(t => (t % 3 * 11) + 11), Snippet.Values(Code + "st.global.b32 [%out], %r;"));
        Assert.Equal(Lanes(_ => uint.MaxValue), Snippet.Values(Code + "st.global.b32 [%out], %after;"));
        Assert.Equal(FaultKind.OutOfBounds, Snippet.Fault(
            ".reg .b32 %i; mov.b32 %i, 2; T: .branchtargets A, B; brx.idx %i, T; A: exit; B: exit;").Kind);
    }

    [Fact]
    public void Guarded_instruction_runs_where_its_predicate_says()
    {
        const string Code = """
            .reg .b32 %r; .reg .pred %p; setp.eq.u32 %p, %t, 3; mov.b32 %r, 1; @%p mov.b32 %r, 2; @!%p add.u32 %r, %r, 8; st.global.b32 [%out], %r;
            """;
        Assert.Equal(Lanes(t => t == 3 ? 2u : 9u), Snippet.Values(Code));
    }

    [Fact]
    public void Calls_nest_and_diverge()
    {
        const string Functions = """
            .visible .func (.param .b32 result) square(.param .b32 x) ;
            .visible .func (.param .align 4 .b8 result[8]) pair(.param .b32 x, .param .b32 y)
            {
            .reg .b32 %a, %b, %s; ld.param.b32 %a, [x]; ld.param.b32 %b, [y];
            { .param .b32 p0; st.param.b32 [p0], %a; .param .b32 r; call.uni (r), square, (p0); ld.param.b32 %s, [r]; }
            st.param.b32 [result], %s; add.u32 %b, %b, %s; st.param.b32 [result+4], %b; ret;
            }
            .visible .func (.param .b32 result) square(.param .b32 x)
            {
            .reg .b32 %a; .reg .pred %p; ld.param.b32 %a, [x]; setp.gt.u32 %p, %a, 5; @%p bra BIG;
            mul.lo.u32 %a, %a, %a; st.param.b32 [result], %a; ret;
            BIG: st.param.b32 [result], 0; ret;
            }
            """;
        const string Code = """
            .reg .b32 %u, %v;
            { .param .b32 p0; .param .b32 p1; st.param.b32 [p0], %t; st.param.b32 [p1], 100; .param .align 4 .b8 r[8];
            call.uni (r), pair, (p0, p1); ld.param.b32 %u, [r]; ld.param.b32 %v, [r+4]; }
            add.u32 %v, %v, %u; activemask.b32 %u; sub.u32 %u, %u, 0xFFFFFFFF; add.u32 %v, %v, %u; st.global.b32 [%out], %v;
            """;
        Assert.Equal(Lanes(t => 100 + (t > 5 ? 0 : 2 * t * t)), Snippet.Values(Code, 32, Functions));
    }

    [Fact]
    public void Uniform_branch_on_a_divergent_condition_faults()
    {
        DeviceFault fault = Snippet.Fault(
            ".reg .b32 %t; .reg .pred %p; mov.u32 %t, %tid.x; setp.lt.u32 %p, %t, 10;\n@%p bra.uni END;\nEND:");
        Assert.Equal(FaultKind.BarrierDivergence, fault.Kind);
        Assert.Equal(8, fault.Line);
    }

    [Fact]
    public void Register_that_only_one_side_wrote_faults_in_the_other_lanes()
    {
        DeviceFault fault = Snippet.Fault("""
            .reg .b32 %t, %r; .reg .pred %p; mov.u32 %t, %tid.x; setp.lt.u32 %p, %t, 10;
            @%p mov.b32 %r, 1;
            add.u32 %r, %r, 1;
            """);
        Assert.Equal(FaultKind.Uninitialised, fault.Kind);
        Assert.Equal("block (0,0,0) thread (10,0,0)", fault.Thread);
        Assert.Equal(9, fault.Line);
    }

    [Fact]
    public void Grid_runs_every_block()
    {
        using DeviceMemory memory = new();
        ulong output = memory.Allocate(3 * 4 * 5 * 4);
        PtxEntry entry = PtxModule.Parse(Snippet.Module("(.param .u64 out)", """
            .reg .b32 %x, %y, %z, %n; .reg .b64 %at, %out; ld.param.u64 %out, [out];
            mov.u32 %x, %ctaid.x; mov.u32 %y, %ctaid.y; mov.u32 %z, %ctaid.z; mov.u32 %n, %nctaid.y;
            mad.lo.u32 %y, %z, %n, %y; mov.u32 %n, %nctaid.x; mad.lo.u32 %x, %y, %n, %x; mul.wide.u32 %at, %x, 4; add.u64 %out, %out, %at;
            st.global.b32 [%out], %x;
            """)).Entry("k");
        PtxMachine.Run(entry, new LaunchDimensions(3, 4, 5, 1, 1, 1, 0), BitConverter.GetBytes(output), memory);
        unsafe
        {
            Assert.Equal(Enumerable.Range(0, 60), new ReadOnlySpan<int>(memory.ReadRange(output, 240), 60).ToArray());
        }
    }

    private static IEnumerable<uint> Lanes(Func<uint, uint> value) => Enumerable.Range(0, 32).Select(t => value((uint)t));
}
