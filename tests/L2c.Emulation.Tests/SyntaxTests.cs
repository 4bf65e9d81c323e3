namespace L2c.Emulation.Tests;

/// <summary>What the parser refuses, with the line.</summary>
public class SyntaxTests
{
    [Theory]
    [InlineData("frobnicate.b32 %r, %r;")]
    [InlineData("add.f32.s32 %r, %r, %r;")]
    [InlineData("add.rz.f32 %f, %f, %f;")] // a rounding that the interpreter does not know
    [InlineData("add.s32 %r, %r;")] // an operand too few
    [InlineData("add.s32 %r, %r, %r, %r;")]
    [InlineData("add.s32 %rd, %rd, %rd;")] // registers of another width
    [InlineData("add.s32 %nothing, %r, %r;")]
    [InlineData("add.f32 %f, %f, 1;")] // a whole number where a float stands
    [InlineData("add.s32 5, %r, %r;")]
    [InlineData("@%r add.s32 %r, %r, %r;")] // a guard that is no predicate
    [InlineData("setp.lo.s32 %p, %r, %r;")]
    [InlineData("setp.ltu.s32 %p, %r, %r;")]
    [InlineData("cvt.f16.f32 %h, %f;")] // no rounding
    [InlineData("cvt.rn.s32.f32 %r, %f;")]
    [InlineData("cvt.sat.s32.s16 %r, %h;")]
    [InlineData("ld.global.b32 %r, [%r];")] // a global address has 64 bits
    [InlineData("ld.global.b32 %h, [%rd];")] // a register narrower than the type
    [InlineData("ld.global.v4.b64 {%rd,%rd,%rd,%rd}, [%rd];")] // 32 bytes
    [InlineData("ld.global.v2.b32 {%r}, [%rd];")]
    [InlineData("ld.shiny.b32 %r, [%r];")]
    [InlineData("atom.global.add.u32 %r, [%rd], 1;")]
    [InlineData("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%r,%r}, {%r,%r,%r,%r}, {%r,%r}, {%r,%r};")]
    [InlineData("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r,%r}, [%r];")]
    [InlineData("cp.async.cg.shared.global [%r], [%rd], 8;")]
    [InlineData("bra NOWHERE;")]
    [InlineData("call.uni nobody, ();")]
    [InlineData("add.s32 %r, %r, 0xZ;")]
    [InlineData("add.s32 %r, %r %r;")]
    [InlineData(".reg .b32 %r;")] // a second time
    [InlineData("} {")]
    [InlineData("\"text")]
    [InlineData("§")]
    public void Refused_with_its_line(string statement)
    {
        string module = Snippet.Module("()", $".reg .b32 %r; .reg .b16 %h; .reg .b64 %rd; .reg .f32 %f; .reg .pred %p;\n{statement}");
        PtxSyntaxException refusal = Assert.Throws<PtxSyntaxException>(() => PtxModule.Parse(module));
        Assert.Equal(8, refusal.Line);
        Assert.StartsWith("PTX line 8: ", refusal.Message);
    }

    [Theory]
    [InlineData(".version 8.0\n.target sm_90\n.address_size 32\n", 3)]
    [InlineData(".version 8.0\n.target sm_90\n.global .b32 x;\n", 3)]
    [InlineData(".version 8.0\n.target sm_90\n/* no end", 3)]
    [InlineData(".version 8.0\n.target sm_90\n.entry k()\n{\n", 5)]
    [InlineData(".version 8.0\n.target sm_90\n.func f() { call.uni f, (); ret; }\n.entry k()\n{ call.uni f, (); }\n", 3)]
    public void Module_refused_with_its_line(string module, int line) =>
        Assert.Equal(line, Assert.Throws<PtxSyntaxException>(() => PtxModule.Parse(module)).Line);

    [Fact]
    public void Entry_says_what_a_launch_needs()
    {
        PtxModule module = PtxModule.Parse("""
            .version 7.0
            .target sm_80
            .address_size 64
            .visible .entry first(.param .b64 a, .param .b32 b)
            .maxntid 64, 2, 1 .minnctapersm 2
            { .shared .align 8 .b8 s[24]; .local .b8 l[5]; ret; }
            .entry second() { .pragma "nounroll"; ret; }
            """);
        PtxEntry first = module.Entry("first");
        Assert.Equal(("first", 12, 24, 5), (first.Name, first.ParameterBytes, first.StaticSharedBytes, first.LocalBytes));
        Assert.Equal(("sm_80", (64, 2, 1)), (first.Target, first.MaxThreads));
        Assert.Null(module.Entry("second").MaxThreads);
        Assert.Equal(2, module.Entries.Count);
        Assert.Throws<KeyNotFoundException>(() => module.Entry("third"));
    }

    [Fact]
    public void Names_of_inner_braces_hide_outer_ones()
    {
        const string Code = """
            .reg .b32 %v; mov.b32 %v, 1;
            { .reg .b64 %v; .reg .pred %p; mov.b64 %v, 7; setp.eq.u64 %p, %v, 7; @%p bra DONE; trap; DONE: }
            { .reg .b16 %v; mov.b16 %v, 2; bra DONE; trap; DONE: }
            st.global.b32 [%out], %v;
            """;
        Assert.Equal([1u], Snippet.Values(Code, 1));
    }
}
