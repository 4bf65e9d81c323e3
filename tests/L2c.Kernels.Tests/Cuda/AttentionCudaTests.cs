using System.Text.RegularExpressions;
using L2c.Emulation;

namespace L2c.Kernels.Tests.Cuda;

/// <summary>Attention's PTX through the emulator against double precision.</summary>
public sealed class AttentionCudaTests(EmulatedAttention attention) : IClassFixture<EmulatedAttention>
{
    // B, T, H, D: smallest; DiT-XL's head width with fewer tokens and heads, whole tiles, and one with a tail; U-ViT's two extra tokens; primes and the
    // widest.
    public static MatrixTheoryData<DType, int[]> FlashCases => new(
        [DType.F16, DType.BF16], [[1, 1, 1, 8], [1, 64, 2, 72], [1, 80, 2, 72], [1, 130, 1, 64], [2, 67, 3, 40], [1, 67, 1, 128]]);

    public static MatrixTheoryData<DType, int[]> PlainCases => new(
        [DType.F32, DType.F16, DType.BF16], [[1, 1, 1, 1], [1, 80, 2, 72], [2, 53, 3, 37], [1, 33, 1, 256]]);

    public static TheoryData<int> FlashWidths => [.. Enumerable.Range(1, 16).Select(i => 8 * i)];

    [Theory, MemberData(nameof(FlashCases))]
    public void The_flash_form_is_as_accurate_as_code_that_stores_every_intermediate(DType type, int[] shape)
    {
        AttentionCase of = new(type, shape[0], shape[1], shape[2], shape[3]);
        of.Check(attention.RunFlash(of));
    }

    [Theory, MemberData(nameof(FlashWidths))]
    public void Every_width_of_the_flash_form_is_computed(int width)
    {
        AttentionCase of = new(DType.F16, 1, 19, 2, width);
        of.Check(attention.RunFlash(of));
    }

    [Fact]
    public void Every_remainder_of_tokens_is_computed()
    {
        foreach (int tokens in (int[])[2, 7, 8, 9, 15, 16, 17, 31, 33, 48, 63, 65, 127, 128, 129])
        {
            AttentionCase of = new(DType.BF16, 1, tokens, 1, 24);
            of.Check(attention.RunFlash(of));
        }
    }

    [Theory, MemberData(nameof(PlainCases))]
    public void The_plain_form_is_as_accurate_as_naive_code(DType type, int[] shape)
    {
        AttentionCase of = new(type, shape[0], shape[1], shape[2], shape[3]);
        of.Check(attention.RunPlain(of));
    }

    [Fact]
    public void Large_scores_do_not_overflow()
    {
        AttentionCase halves = new(DType.F16, 1, 70, 1, 16, deviation: 20), floats = new(DType.F32, 1, 70, 1, 16, deviation: 100);
        halves.Check(attention.RunFlash(halves));
        floats.Check(attention.RunPlain(floats));
    }

    [Fact]
    public void A_token_that_is_not_a_number_spoils_its_own_image_only()
    {
        AttentionCase of = new(DType.F16, 2, 19, 1, 8);
        Array.Fill(of.Qkv, float.NaN, of.Qkv.Length / 2, of.Qkv.Length / 2);
        float[] y = attention.RunFlash(of);
        Assert.All(y[..(y.Length / 2)], value => Assert.True(float.IsFinite(value)));
        Assert.All(y[(y.Length / 2)..], value => Assert.True(float.IsNaN(value)));
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
        DeviceFault fault = Assert.Throws<DeviceFault>(() => attention.RunFlash(of, text => text.Replace("bar.sync", "// bar.sync", StringComparison.Ordinal)));
        Assert.Equal(FaultKind.SharedRace, fault.Kind);
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

        // The last two comparisons guard the stores of the upper and the lower rows.
        static string EveryRowExists(string text)
        {
            int store = text.IndexOf("st.global", StringComparison.Ordinal);
            Regex guard = new(@"setp\.lt\.s32(\s+%p\d+), %r\d+, %r\d+;", RegexOptions.RightToLeft);
            return guard.Replace(text[..store], "setp.lt.s32$1, 0, 1;", 2) + text[store..];
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
        DeviceFault fault = Assert.Throws<DeviceFault>(() => attention.RunPlain(of, text => text.Replace("bar.sync", "// bar.sync", StringComparison.Ordinal)));
        Assert.Equal(FaultKind.SharedRace, fault.Kind);
        of.MustReject(attention.RunPlain(of, text => new Regex(@"selp\.b32(\s+%f\d+), (%f\d+), 0fFF800000").Replace(text, "selp.b32$1, $2, $2")));
    }
}
