using L2c.Emulation;
using L2c.Kernels.Cuda;
using L2c.Testing;

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

    // Queries in one part and in three, the last one short; one head and several; widths and tokens that leave rows unaligned.
    public static MatrixTheoryData<CudaPrecision, int[], int> WideHeads => new(
        Enum.GetValues<CudaPrecision>(), [[1, 1, 1, 257], [2, 150, 1, 512], [1, 139, 2, 261]], [1, 32 << 20]);

    [Theory]
    [MemberData(nameof(WideHeads))]
    public void Heads_that_no_kernel_holds_are_two_products_with_few_queries_scores_in_memory(CudaPrecision precision, int[] shape, int partBytes)
    {
        using CudaWorkbench bench = new(precision, new CudaOptions { PartBytes = partBytes });
        AttentionCase data = new(bench.Device.StorageType, shape[0], shape[1], shape[2], shape[3]);
        data.Check(data.Run(bench));
        int parts = partBytes == 1 ? (shape[1] + 63) / 64 : 1;
        DeviceWork[] work = bench.Work();
        if (bench.Library is not null)
        {
            Assert.Equal(shape[0] * shape[2] * parts, work.OfType<KernelLaunch>().Count());
            Assert.Equal(2 * shape[0] * shape[2] * parts, work.OfType<MatmulLaunch>().Count());
            bench.Library.HasAlgorithms = false;
            data.Check(data.Run(bench));
        }

        if (data.Tokens > 1)
        {
            data.MustReject(data.WithQueriesAndKeysSwapped().Run(bench));
        }

        Tensor qkv = bench.Put(data.Qkv, data.Batch, data.Tokens, 3 * data.Channels), y = bench.Take(data.Batch, data.Tokens, data.Channels);
        using OpSequence sequence = bench.Device.Capture(() => bench.Device.Attention(qkv, y, data.Heads));
        sequence.Run();
        Assert.Equal(data.Run(bench), bench.Get(y));
    }

    [Fact]
    public void Scores_of_wide_heads_beyond_the_range_of_halves_are_no_infinities()
    {
        using CudaWorkbench bench = new(CudaPrecision.F16);
        AttentionCase data = new(DType.F16, 1, 20, 1, 512, deviation: 40);
        float[] queries = Part(0), keys = Part(1);
        Assert.Contains(Reference.Linear<double>(queries, keys, null, 512), score => score > (double)Half.MaxValue);
        Assert.All(data.Run(bench).Zip(data.Exact), pair => Assert.Equal(pair.Second, pair.First, 0.2));

        float[] Part(int part) => [.. data.Qkv.Chunk(512).Where((_, i) => i % 3 == part).SelectMany(row => row)];
    }

    [Theory]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(512)]
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
