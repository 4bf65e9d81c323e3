using L2c.Emulation;

namespace L2c.Kernels.Tests;

/// <summary>What attention on CUDA has of its own: two forms, and how it is accounted.</summary>
[Trait(DeviceCases.Trait, DeviceCases.Cuda)]
public sealed class AttentionCudaTests
{
    private const string Flash = "Kernel_FlashAttention";
    private const string Plain = "Kernel_Attention";

    [Theory]
    [InlineData(CudaPrecision.F16, 8, Flash)]
    [InlineData(CudaPrecision.BF16, 72, Flash)]
    [InlineData(CudaPrecision.F16, 128, Flash)]
    [InlineData(CudaPrecision.F16, 37, Plain)]
    [InlineData(CudaPrecision.BF16, 136, Plain)]
    [InlineData(CudaPrecision.F32, 72, Plain)]
    [InlineData(CudaPrecision.TF32, 72, Plain)]
    public void Halves_take_the_flash_form_at_multiples_of_8_up_to_128(CudaPrecision precision, int width, string kernel)
    {
        using CudaWorkbench bench = new(precision);
        new AttentionCase(bench.Device.StorageType, 1, 2, 1, width).Run(bench);
        Assert.Equal([kernel], bench.Launches() ?? [kernel]);
    }

    [Fact]
    public void Two_tokens_more_than_whole_blocks_cost_no_block()
    {
        using CudaWorkbench bench = new(CudaPrecision.BF16);
        AttentionCase data = new(DType.BF16, 1, 258, 1, 72);
        data.Check(data.Run(bench));
        data.MustReject(data.WithQueriesAndKeysSwapped().Run(bench));
        Assert.All(
            bench.Work().OfType<KernelLaunch>(), launch => Assert.Equal((4u, 1u, 1u), (launch.Size.GridX, launch.Size.GridY, launch.Size.GridZ)));
        Assert.Equal(
            [1, 1, 2, 1, 1, 2, 2, 4, 4, 4, 5, 16],
            ((int[])[1, 64, 127, 65, 80, 81, 128, 256, 258, 272, 273, 1026]).Select(FlashAttentionKernel.QueryBlocks));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    public void A_token_that_is_not_a_number_spoils_its_own_image_only(int width)
    {
        using CudaWorkbench bench = new(CudaPrecision.F16);
        AttentionCase data = new(DType.F16, 2, 19, 1, width);
        Array.Fill(data.Qkv, float.NaN, data.Qkv.Length / 2, data.Qkv.Length / 2);
        float[] y = data.Run(bench);
        Assert.All(y[..(y.Length / 2)], value => Assert.True(float.IsFinite(value)));
        Assert.All(y[(y.Length / 2)..], value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void It_is_accounted_as_on_the_CPU()
    {
        using CudaWorkbench bench = new(CudaPrecision.BF16);
        Tensor qkv = bench.Take(2, 17, 3 * 48), y = bench.Take(2, 17, 48);
        OpInfo op = Assert.Single(bench.Device.List(() => bench.Device.Attention(qkv, y, 2)));
        Assert.Equal(nameof(Device.Attention), op.Name);
        Assert.Equal(4L * 2 * 17 * 17 * 48, op.Flops);
        Assert.Equal(4L * 2 * 17 * 48 * 2, op.Bytes);
    }
}
