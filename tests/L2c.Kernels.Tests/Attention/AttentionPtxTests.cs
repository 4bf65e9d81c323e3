using System.Text.RegularExpressions;
using L2c.Kernels.Cuda;

namespace L2c.Kernels.Tests;

/// <summary>What the compiler makes of the attention kernels.</summary>
public sealed class AttentionPtxTests
{
    // The whole tile, the masked step, and that of queries beyond the last block, in runs of 16 keys.
    private const int KeyRuns = 64 / 16 + 1 + 1;

    private readonly PtxCompiler _compiler = new();

    [Theory]
    [InlineData(DType.F16, 8, "f16")]
    [InlineData(DType.F16, 80, "f16")]
    [InlineData(DType.F16, 128, "f16")]
    [InlineData(DType.BF16, 72, "bf16")]
    public void A_width_multiplies_its_own_columns_and_no_padding(DType type, int width, string name)
    {
        string text = Text(FlashAttention.For(type, width)!, type);

        int deep = 2 * (width / 16) + width / 8, shallow = 2 * (width % 16 / 8);
        Assert.Equal(KeyRuns * deep, Count(text, $"mma.sync.aligned.m16n8k16.row.col.f32.{name}.{name}.f32"));
        Assert.Equal(KeyRuns * shallow, Count(text, $"mma.sync.aligned.m16n8k8.row.col.f32.{name}.{name}.f32"));
        Assert.Equal(0, Count(text, ".local"));
    }

    [Fact]
    public void The_flash_form_exists_for_halves_and_multiples_of_8_up_to_128()
    {
        Assert.NotNull(FlashAttention.For(DType.F16, 72));
        Assert.NotNull(FlashAttention.For(DType.BF16, 128));
        Assert.Null(FlashAttention.For(DType.F32, 72));
        Assert.Null(FlashAttention.For(DType.F16, 136));
        Assert.Null(FlashAttention.For(DType.F16, 36));
    }

    [Fact]
    public void Eight_rows_of_a_matrix_meet_all_banks_once()
    {
        for (int width = 8; width <= FlashAttention.MaxHeadWidth; width += 8)
        {
            int rowBytes = FlashAttentionKernel.RowBytes(width);
            Assert.InRange(rowBytes, 2 * width, 2 * width + 16);
            Assert.Equal(8, Enumerable.Range(0, 8).Select(row => row * rowBytes % 128).Distinct().Count());
        }

        Assert.Equal(144, FlashAttentionKernel.RowBytes(72));
    }

    [Fact]
    public void Shared_memory_of_every_width_fits_a_block_of_any_supported_device()
    {
        const int SmallestLimit = 99 * 1024; // compute capability 8.6 and 8.9
        Assert.InRange(FlashAttentionKernel.SharedBytes(FlashAttention.MaxHeadWidth), 1, SmallestLimit);
        Assert.InRange(PlainAttentionKernel.SharedBytes(PlainAttentionKernel.MaxHeadWidth), 1, SmallestLimit);
    }

    [Fact]
    public void Dynamic_shared_memory_is_declared_once_and_aligned_for_vectors()
    {
        string text = Text(FlashAttention.For(DType.F16, 72)!, DType.F16);
        Assert.Single(Regex.Matches(text, @"^\.extern \.shared \.align 16 \.b8 shared_tiles\[\];$", RegexOptions.Multiline));
        string plain = Text(PlainAttentionKernel.Template, DType.F32);
        Assert.Single(Regex.Matches(plain, @"^\.extern \.shared \.align 16 ", RegexOptions.Multiline));
        Assert.Contains("ld.shared.v4.f32", plain, StringComparison.Ordinal);
    }

    private string Text(KernelTemplate kernel, DType type) => _compiler.Compile(kernel.For(type), kernel.Threads, PtxTarget.Sm80).Text;

    private static int Count(string text, string instruction) => Regex.Count(text, Regex.Escape(instruction) + @"\b");
}
