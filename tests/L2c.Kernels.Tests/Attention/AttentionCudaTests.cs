using L2c.Emulation;
using L2c.Testing;

namespace L2c.Kernels.Tests;

/// <summary>Attention of the CUDA device against double precision: on the emulator, or on a GPU where the environment asks for it.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class AttentionCudaTests
{
    private const string Flash = "Kernel_FlashAttention";
    private const string Plain = "Kernel_Attention";

    // B, T, H, D: smallest; DiT-XL's head width with fewer tokens and heads, whole tiles, and most queries that the last block takes on; U-ViT's two
    // more tokens; one query too many for that; primes; widest.
    public static MatrixTheoryData<CudaPrecision, int[]> FlashCases => new(
        [CudaPrecision.F16, CudaPrecision.BF16], [[1, 1, 1, 8], [1, 64, 2, 72], [1, 80, 2, 72], [1, 130, 1, 64], [1, 81, 1, 72], [2, 67, 3, 40], [1, 67, 1, 128]]);

    public static MatrixTheoryData<CudaPrecision, int[]> PlainCases => new(
        CudaWorkbench.Precisions, [[1, 1, 1, 1], [2, 53, 3, 37], [1, 33, 1, 256]]);

    public static TheoryData<int> FlashWidths => [.. Enumerable.Range(1, 16).Select(i => 8 * i)];

    [Theory, MemberData(nameof(FlashCases))]
    public void Halves_take_the_flash_form_and_are_as_accurate_as_code_that_stores_every_intermediate(CudaPrecision precision, int[] shape)
    {
        AttentionCase of = new(precision.StorageType(), shape[0], shape[1], shape[2], shape[3]);
        of.Check(Run(of, precision, Flash));
        if (of.Tokens > 1)
        {
            of.MustReject(Run(of.WithQueriesAndKeysSwapped(), precision, Flash));
        }
    }

    [Theory, MemberData(nameof(PlainCases))]
    public void Other_widths_take_the_plain_form_and_are_as_accurate(CudaPrecision precision, int[] shape)
    {
        AttentionCase of = new(precision.StorageType(), shape[0], shape[1], shape[2], shape[3]);
        of.Check(Run(of, precision, Plain));
        if (of.Tokens > 1)
        {
            of.MustReject(Run(of.WithQueriesAndKeysSwapped(), precision, Plain));
        }
    }

    [Theory, InlineData(CudaPrecision.F32), InlineData(CudaPrecision.TF32)]
    public void Single_precision_takes_the_plain_form_at_any_width(CudaPrecision precision)
    {
        AttentionCase of = new(DType.F32, 1, 80, 2, 72);
        of.Check(Run(of, precision, Plain));
    }

    [Theory, MemberData(nameof(FlashWidths))]
    public void Every_width_of_the_flash_form_is_computed(int width)
    {
        AttentionCase of = new(DType.F16, 1, 19, 2, width);
        of.Check(Run(of, CudaPrecision.F16, Flash));
    }

    [Fact]
    public void Every_remainder_of_tokens_is_computed()
    {
        using CudaUnderTest cuda = new(CudaPrecision.BF16);
        foreach (int tokens in (int[])[2, 7, 8, 9, 15, 16, 17, 31, 33, 48, 63, 65, 127, 128, 129])
        {
            AttentionCase of = new(DType.BF16, 1, tokens, 1, 24);
            of.Check(Run(of, cuda));
        }
    }

    [Fact]
    public void Two_tokens_more_than_whole_blocks_cost_no_block()
    {
        AttentionCase of = new(DType.BF16, 1, 258, 1, 72);
        using CudaUnderTest cuda = new(CudaPrecision.BF16);
        of.Check(Run(of, cuda));
        of.MustReject(Run(of.WithQueriesAndKeysSwapped(), cuda));
        Assert.All(cuda.Emulator?.Log.OfType<KernelLaunch>() ?? [], launch => Assert.Equal((4u, 1u, 1u), (launch.Size.GridX, launch.Size.GridY, launch.Size.GridZ)));
        Assert.Equal(
            [1, 1, 2, 1, 1, 2, 2, 4, 4, 4, 5, 16],
            ((int[])[1, 64, 127, 65, 80, 81, 128, 256, 258, 272, 273, 1026]).Select(FlashAttentionKernel.QueryBlocks));
    }

    [Fact]
    public void Large_scores_do_not_overflow()
    {
        AttentionCase halves = new(DType.F16, 1, 70, 1, 16, deviation: 20), floats = new(DType.F32, 1, 70, 1, 16, deviation: 100);
        halves.Check(Run(halves, CudaPrecision.F16, Flash));
        floats.Check(Run(floats, CudaPrecision.F32, Plain));
    }

    [Theory, InlineData(8), InlineData(9)]
    public void A_token_that_is_not_a_number_spoils_its_own_image_only(int width)
    {
        AttentionCase of = new(DType.F16, 2, 19, 1, width);
        Array.Fill(of.Qkv, float.NaN, of.Qkv.Length / 2, of.Qkv.Length / 2);
        float[] y = Run(of, CudaPrecision.F16, width == 8 ? Flash : Plain);
        Assert.All(y[..(y.Length / 2)], value => Assert.True(float.IsFinite(value)));
        Assert.All(y[(y.Length / 2)..], value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void It_is_accounted_as_on_the_CPU()
    {
        using CudaUnderTest cuda = new(CudaPrecision.BF16);
        (Arena arena, (Tensor qkv, Tensor y)) = Arena.Carve(cuda.Device, "test", a => (a.Take(2, 17, 3 * 48), a.Take(2, 17, 48)));
        using (arena)
        {
            OpInfo op = Assert.Single(cuda.Device.List(() => cuda.Device.Attention(qkv, y, 2)));
            Assert.Equal(nameof(Device.Attention), op.Name);
            Assert.Equal(4L * 2 * 17 * 17 * 48, op.Flops);
            Assert.Equal(4L * 2 * 17 * 48 * 2, op.Bytes);
        }
    }

    private static float[] Run(AttentionCase of, CudaPrecision precision, string kernel)
    {
        using CudaUnderTest cuda = new(precision);
        float[] y = Run(of, cuda);
        if (cuda.Emulator is not null)
        {
            Assert.Equal(kernel, Assert.Single(cuda.Emulator.Log.OfType<KernelLaunch>()).Kernel);
        }

        return y;
    }

    private static float[] Run(AttentionCase of, CudaUnderTest cuda)
    {
        (Arena arena, (Tensor qkv, Tensor y)) = Arena.Carve(
            cuda.Device, "test", a => (a.Take(of.Batch, of.Tokens, 3 * of.Channels), a.Take(of.Batch, of.Tokens, of.Channels)));
        using (arena)
        {
            float[] values = new float[y.Shape.Count];
            cuda.Device.Upload(qkv, of.Qkv);
            cuda.Device.Attention(qkv, y, of.Heads);
            cuda.Device.Download(y, values);
            return values;
        }
    }
}
