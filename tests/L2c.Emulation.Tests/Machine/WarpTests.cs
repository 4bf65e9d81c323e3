namespace L2c.Emulation.Tests.Machine;

/// <summary>Shuffles, votes and member masks.</summary>
public class WarpTests
{
    private const string Declarations = ".reg .b32 %v, %r, %n, %m; .reg .pred %p, %q; mul.lo.u32 %v, %t, 10; add.u32 %v, %v, 1000;\n";

    // (mode, b, c, source lane of lane l or null when out of range)
    public static TheoryData<string, int, int, int[]> Shuffles => new()
    {
        { "idx", 5, 31, [.. Lanes(_ => 5)] },
        { "idx", 9, 0x181F, [.. Lanes(l => (l & 24) | 1)] }, // segments of 8: lane 9 & 7 of each
        { "idx", 6, 0x1803, [.. Lanes(l => -1 - l)] }, // clamped at lane 3 of each segment
        { "up", 3, 0, [.. Lanes(l => l >= 3 ? l - 3 : -1 - l)] },
        { "up", 2, 0x1800, [.. Lanes(l => (l & 7) >= 2 ? l - 2 : -1 - l)] },
        { "down", 4, 31, [.. Lanes(l => l + 4 < 32 ? l + 4 : -1 - l)] },
        { "down", 1, 0x101F, [.. Lanes(l => (l & 15) < 15 ? l + 1 : -1 - l)] },
        { "bfly", 16, 31, [.. Lanes(l => l ^ 16)] },
        { "bfly", 3, 0x1C1F, [.. Lanes(l => l ^ 3)] },
        { "bfly", 1, 30, [.. Lanes(l => (l ^ 1) <= 30 ? l ^ 1 : -1 - l)] },
    };

    [Theory]
    [MemberData(nameof(Shuffles))]
    public void Shuffle_takes_the_value_of_the_lane_of_the_ISA(string mode, int b, int c, int[] sources)
    {
        string shuffle = Declarations + $"shfl.sync.{mode}.b32 %r|%p, %v, {b}, {c}, 0xFFFFFFFF;\n";
        uint[] values = Snippet.Values(shuffle + "st.global.b32 [%out], %r;");
        uint[] flags = Snippet.Values(shuffle + "selp.b32 %r, 1, 0, %p; st.global.b32 [%out], %r;");
        for (int lane = 0; lane < 32; lane++)
        {
            int source = sources[lane] < 0 ? lane : sources[lane];
            Assert.Equal((uint)(1000 + (10 * source)), values[lane]);
            Assert.Equal(sources[lane] < 0 ? 0u : 1u, flags[lane]);
        }
    }

    [Fact]
    public void Shuffle_from_a_lane_outside_the_mask_leaves_an_undefined_register()
    {
        DeviceFault fault = Snippet.Fault("""
            .reg .b32 %t, %r; .reg .pred %p; mov.u32 %t, %laneid; setp.lt.u32 %p, %t, 8;
            @!%p bra END;
            shfl.sync.idx.b32 %r, %t, 20, 31, 0xFF;
            add.u32 %r, %r, 1;
            END:
            """);
        Assert.Equal(FaultKind.Uninitialised, fault.Kind);
        Assert.Contains("%r", fault.Message);
        Assert.Equal("block (0,0,0) thread (0,0,0)", fault.Thread);
    }

    [Theory]
    [InlineData("0xFFFFFFFF")] // names lanes that are elsewhere
    [InlineData("0xFF00")] // lacks the lanes that execute
    public void Shuffle_in_divergent_code_needs_an_honest_mask(string mask)
    {
        DeviceFault fault = Snippet.Fault($"""
            .reg .b32 %t, %r; .reg .pred %p; mov.u32 %t, %laneid; setp.lt.u32 %p, %t, 8;
            @%p shfl.sync.bfly.b32 %r, %t, 1, 31, {mask};
            """);
        Assert.Equal(FaultKind.BarrierDivergence, fault.Kind);
        Assert.Equal("k", fault.Kernel);
        Assert.Equal(8, fault.Line);
    }

    [Fact]
    public void Votes_count_the_lanes_of_the_mask()
    {
        const string Code = Declarations + "setp.ge.u32 %p, %t, 20; ";
        Assert.All(Snippet.Values(Code + "vote.sync.ballot.b32 %r, %p, 0xFFFFFFFF; st.global.b32 [%out], %r;"), v => Assert.Equal(0xFFF00000u, v));
        Assert.All(Snippet.Values(Code + "vote.sync.ballot.b32 %r, !%p, -1; st.global.b32 [%out], %r;"), v => Assert.Equal(0x000FFFFFu, v));
        foreach ((string mode, uint lower, uint upper) in new[] { ("all", 0u, 1u), ("any", 0u, 1u), ("uni", 1u, 1u) })
        {
            // Lanes below and from 20 vote apart.
            uint[] values = Snippet.Values(Code + $"""
                mov.b32 %m, 0x000FFFFF; @%p mov.b32 %m, 0xFFF00000;
                vote.sync.{mode}.pred %q, %p, %m; selp.b32 %r, 1, 0, %q; st.global.b32 [%out], %r;
                """);
            Assert.Equal(lower, values[0]);
            Assert.Equal(upper, values[31]);
        }

        Assert.All(
            Snippet.Values(Code + "vote.sync.uni.pred %q, %p, -1; selp.b32 %r, 1, 0, %q; st.global.b32 [%out], %r;"), v => Assert.Equal(0u, v));
    }

    [Fact]
    public void Special_registers_describe_the_thread()
    {
        foreach ((string name, Func<int, uint> expected) in new (string, Func<int, uint>)[]
            {
                ("%laneid", t => (uint)t % 32), ("%warpid", t => (uint)t / 32), ("%nwarpid", _ => 2), ("%ntid.x", _ => 40), ("%ntid.y", _ => 1),
                ("%nctaid.x", _ => 1), ("%ctaid.z", _ => 0), ("%lanemask_eq", t => 1u << (t % 32)), ("%lanemask_lt", t => (1u << (t % 32)) - 1),
                ("%lanemask_le", t => (uint)((2UL << (t % 32)) - 1)), ("%lanemask_gt", t => ~(uint)((2UL << (t % 32)) - 1)),
                ("%lanemask_ge", t => ~((1u << (t % 32)) - 1)), ("WARP_SZ", _ => 32),
            })
        {
            uint[] values = Snippet.Values($".reg .b32 %r; mov.u32 %r, {name}; st.global.b32 [%out], %r;", 40);
            Assert.Equal(Enumerable.Range(0, 40).Select(expected), values);
        }
    }

    private static IEnumerable<int> Lanes(Func<int, int> source) => Enumerable.Range(0, 32).Select(source);
}
