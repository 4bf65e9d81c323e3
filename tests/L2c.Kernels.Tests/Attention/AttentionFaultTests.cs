using System.Text.RegularExpressions;
using L2c.Emulation;

namespace L2c.Kernels.Tests;

/// <summary>Faults planted into the PTX of the attention kernels: each is seen, by the emulator or by the tolerance.</summary>
public sealed class AttentionFaultTests(EmulatedAttention attention) : IClassFixture<EmulatedAttention>
{
    [Fact]
    public void Without_a_fault_nothing_is_found()
    {
        AttentionCase flash = new(DType.BF16, 1, 66, 1, 72), plain = new(DType.F32, 1, 40, 1, 5);
        flash.Check(attention.RunFlash(flash));
        plain.Check(attention.RunPlain(plain));
    }

    [Fact]
    public void A_swapped_fragment_is_seen()
    {
        AttentionCase of = new(DType.BF16, 1, 64, 1, 72);
        Regex right = new(@"(mma\.sync\.aligned\.m16n8k16\S*\s*\{[^}]*\}, \{[^}]*\}, \{)([^,}]*),([^,}]*)\}");
        of.MustReject(attention.RunFlash(of, text => right.Replace(text, "$1$3,$2}", 1)));
    }

    [Fact]
    public void A_missing_tail_mask_is_seen()
    {
        AttentionCase of = new(DType.F16, 1, 66, 1, 64);
        Regex exists = new(@"setp\.gt\.s32(\s+%p\d+), %r\d+, (?:0|1|8|9);");
        of.MustReject(attention.RunFlash(of, text => exists.Replace(text, "setp.gt.s32$1, 1, 0;")));
    }

    [Fact]
    public void A_missing_barrier_is_a_race()
    {
        AttentionCase of = new(DType.F16, 1, 64, 1, 8);
        DeviceFault fault = Assert.Throws<DeviceFault>(() => attention.RunFlash(of, WithoutBarriers));
        Assert.Equal(FaultKind.SharedRace, fault.Kind);
    }

    // In the order of the text, which begins with the barrier of whole tiles: between the block's own tiles and those of the queries beyond it, for
    // each of these, between them and the warps' parts, between parts and sum.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_missing_barrier_of_the_queries_beyond_the_last_block_is_a_race(int index)
    {
        AttentionCase of = new(DType.F16, 1, 130, 1, 8);
        DeviceFault fault = Assert.Throws<DeviceFault>(() => attention.RunFlash(of, text =>
        {
            Match barrier = Regex.Matches(text, "bar.sync")[index];
            return text[..barrier.Index] + "// " + text[barrier.Index..];
        }));
        Assert.Contains(fault.Kind, new[] { FaultKind.SharedRace, FaultKind.Uninitialised });
    }

    [Fact]
    public void Copies_that_nobody_waits_for_are_a_race()
    {
        AttentionCase of = new(DType.F16, 1, 64, 1, 8);
        DeviceFault fault = Assert.Throws<DeviceFault>(
            () => attention.RunFlash(of, text => text.Replace("cp.async.wait_all", "// cp.async.wait_all", StringComparison.Ordinal)));
        Assert.Equal(FaultKind.SharedRace, fault.Kind);
    }

    [Fact]
    public void A_store_past_the_last_token_is_out_of_bounds()
    {
        AttentionCase of = new(DType.F16, 1, 3, 1, 8);
        DeviceFault fault = Assert.Throws<DeviceFault>(() => attention.RunFlash(of, EveryRowExists));
        Assert.Equal(FaultKind.OutOfBounds, fault.Kind);

        // The last two comparisons guard the stores of the upper and the lower rows; then come the queries beyond the last block, with a barrier.
        static string EveryRowExists(string text)
        {
            int end = Regex.Matches(text, "bar.sync")[1].Index;
            Regex guard = new(@"setp\.lt\.s32(\s+%p\d+), %r\d+, %r\d+;", RegexOptions.RightToLeft);
            return guard.Replace(text[..end], "setp.lt.s32$1, 0, 1;", 2) + text[end..];
        }
    }

    [Fact]
    public void An_unaligned_vector_load_faults()
    {
        AttentionCase of = new(DType.F16, 1, 3, 1, 8);
        DeviceFault fault = Assert.Throws<DeviceFault>(() => attention.RunFlash(of, misalignment: 2));
        Assert.Equal(FaultKind.Misaligned, fault.Kind);
    }

    [Fact]
    public void Planted_faults_of_the_plain_form_are_seen()
    {
        AttentionCase of = new(DType.F32, 1, 40, 1, 5);
        DeviceFault fault = Assert.Throws<DeviceFault>(() => attention.RunPlain(of, WithoutBarriers));
        Assert.Equal(FaultKind.SharedRace, fault.Kind);
        of.MustReject(attention.RunPlain(of, text => new Regex(@"selp\.b32(\s+%f\d+), (%f\d+), 0fFF800000").Replace(text, "selp.b32$1, $2, $2")));
    }

    private static string WithoutBarriers(string text) => text.Replace("bar.sync", "// bar.sync", StringComparison.Ordinal);
}
