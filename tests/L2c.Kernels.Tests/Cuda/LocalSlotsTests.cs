using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU.Runtime.Cuda;
using L2c.Emulation;
using L2c.Kernels.Cuda;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>Which slots of local memory become registers, and which must not.</summary>
public sealed class LocalSlotsTests
{
    [Fact]
    public void Whole_loads_and_stores_become_moves() => Assert.Equal(
        """
        {
        	.reg .b32 slot0;
        	.reg .b64 slot1;
        	.reg .b16 slot2;
        	.reg .b64 %rd<9>;
        	mov.b32	slot0, 0f00000000;
        	@%p1 mov.b32	slot0, %f1;
        	@!%p1 mov.b32	%f2, slot0;
        	mov.b64	slot1, %rd7;
        	mov.b64	%rd8, slot1;
        	mov.b16	slot2, -1;
        	ret;
        }
        """,
        LocalSlots.Promote(
        """
        {
        	.local .align 4 .b8 __local_depot0[4];
        	.local .align 8 .b8 __local_depot1[8];
        	.local .align 2 .b8 __local_depot2[2];
        	.reg .b64 %rd<9>;
        	mov.b64	%rd4, __local_depot0;
        	mov.b64	%rd5, __local_depot1;
        	mov.b64	%rd6, __local_depot2;
        	st.local.f32	[%rd4], 0f00000000;
        	@%p1 st.local.f32	[%rd4], %f1;
        	@!%p1 ld.local.b32	%f2, [%rd4];
        	st.local.b64	[%rd5], %rd7;
        	ld.local.u64	%rd8, [%rd5];
        	st.local.s16	[%rd6], -1;
        	ret;
        }
        """));

    [Theory]
    [InlineData("its address in arithmetic", "add.s64\t%rd5, %rd4, 4;")]
    [InlineData("its address copied", "mov.b64\t%rd5, %rd4;")]
    [InlineData("its address stored", "st.global.b64\t[%rd5], %rd4;")]
    [InlineData("its address stored into itself", "st.local.b32\t[%rd4], %rd4;")]
    [InlineData("its address as an operand of assembly", "cp.async.ca.shared.global [%r1], [%rd4], 4;")]
    [InlineData("its address converted", "cvta.local.u64\t%rd5, %rd4;")]
    [InlineData("its address passed on", "call (%r1), f, (%rd4);")]
    [InlineData("its address register defined again", "add.s64\t%rd4, %rd5, 4;")]
    [InlineData("its address register loaded into", "ld.global.b64\t%rd4, [%rd5];")]
    [InlineData("a part of it", "ld.local.b16\t%rs1, [%rd4];")]
    [InlineData("more than it", "ld.local.b64\t%rd5, [%rd4];")]
    [InlineData("an offset", "ld.local.b32\t%r1, [%rd4+4];")]
    [InlineData("a vector", "st.local.v2.b16\t[%rd4], {%rs1, %rs2};")]
    [InlineData("another space", "st.shared.b32\t[%rd4], %r1;")]
    [InlineData("an atomic", "atom.local.add.u32\t%r1, [%rd4], 1;")]
    [InlineData("a second address", "mov.b64\t%rd5, __local_depot0;")]
    [InlineData("a second slot in its register", "mov.b64\t%rd4, __local_depot1;")]
    [InlineData("a second slot of its name", ".local .align 4 .b8 __local_depot0[4];")]
    public void A_slot_with_any_other_use_stays(string use, string line)
    {
        string text = $"""
            	.local .align 4 .b8 __local_depot0[4];
            	.local .align 4 .b8 __local_depot1[4];
            	mov.b64	%rd4, __local_depot0;
            	st.local.b32	[%rd4], %r1;
            	{line}
            	ld.local.b32	%r2, [%rd4];
            """;

        string promoted = LocalSlots.Promote(text);
        Assert.True(promoted.Contains("st.local.b32\t[%rd4], %r1;", StringComparison.Ordinal), $"{use}:\n{promoted}");
        Assert.Contains("ld.local.b32\t%r2, [%rd4];", promoted, StringComparison.Ordinal);
        Assert.Contains("mov.b64\t%rd4, __local_depot0;", promoted, StringComparison.Ordinal);
        Assert.Contains(".local .align 4 .b8 __local_depot0[4];", promoted, StringComparison.Ordinal);
        Assert.Contains(line, promoted, StringComparison.Ordinal);
    }

    [Fact]
    public void A_slot_that_stays_does_not_keep_its_neighbours()
    {
        string promoted = LocalSlots.Promote(
            """
            	.local .align 4 .b8 __local_depot0[4];
            	.local .align 4 .b8 __local_depot1[4];
            	mov.b64	%rd4, __local_depot0;
            	mov.b64	%rd44, __local_depot1;
            	st.local.b32	[%rd44], %r1;
            	add.s64	%rd5, %rd4, 0;
            """);
        Assert.Contains("mov.b32\tslot1, %r1;", promoted, StringComparison.Ordinal);
        Assert.Contains("mov.b64\t%rd4, __local_depot0;", promoted, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loop_of_tensor_core_products_keeps_its_accumulators_in_registers()
    {
        PtxCompiler compiler = new();
        PtxKernel kernel = compiler.Compile(
            typeof(LocalSlotsTests).GetMethod(nameof(FourProducts), BindingFlags.Static | BindingFlags.NonPublic)!, 32, PtxTarget.Sm80);
        Assert.Equal(4, Regex.Count(kernel.Text, @"\bmma\.sync"));
        Assert.DoesNotContain(".local", kernel.Text, StringComparison.Ordinal);

        PtxasReport report = PtxasUnderTest.Require().Assemble(kernel);
        Assert.Equal((0, 0, 0), (report.StackBytes, report.SpillStoreBytes, report.SpillLoadBytes));
        Assert.InRange(report.Registers, 1, 64); // ptxas unrolls the loop: 16 accumulators, and the operands of the steps to come
    }

    private static unsafe void FourProducts(ulong a, ulong b, ulong c, int steps)
    {
        Ref<float> c0 = default, c1 = default, c2 = default, c3 = default, d0 = default, d1 = default, d2 = default, d3 = default;
        Ref<float> e0 = default, e1 = default, e2 = default, e3 = default, f0 = default, f1 = default, f2 = default, f3 = default;
        const string Product = "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};";
        for (int i = 0; i < steps; i++)
        {
            uint* from = (uint*)a + (8 * i), to = (uint*)b + (8 * i);
            Input<uint> a0 = from[0], a1 = from[1], a2 = from[2], a3 = from[3];
            Input<uint> b0 = to[0], b1 = to[1], b2 = to[2], b3 = to[3], b4 = to[4], b5 = to[5], b6 = to[6], b7 = to[7];
            CudaAsm.EmitRef(Product, ref c0, ref c1, ref c2, ref c3, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1);
            CudaAsm.EmitRef(Product, ref d0, ref d1, ref d2, ref d3, ref a0, ref a1, ref a2, ref a3, ref b2, ref b3);
            CudaAsm.EmitRef(Product, ref e0, ref e1, ref e2, ref e3, ref a0, ref a1, ref a2, ref a3, ref b4, ref b5);
            CudaAsm.EmitRef(Product, ref f0, ref f1, ref f2, ref f3, ref a0, ref a1, ref a2, ref a3, ref b6, ref b7);
        }

        float* result = (float*)c;
        result[0] = c0.Value + c1.Value + c2.Value + c3.Value + d0.Value + d1.Value + d2.Value + d3.Value;
        result[1] = e0.Value + e1.Value + e2.Value + e3.Value + f0.Value + f1.Value + f2.Value + f3.Value;
    }
}
