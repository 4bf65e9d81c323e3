using System.Globalization;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>The forms of <see cref="FlashAttentionKernel"/>: one per storage type and head width, each a kernel of its own.</summary>
internal static class FlashAttention
{
    /// <summary>Widest head.</summary>
    public const int MaxHeadWidth = 128;

    private const int WidthStep = 8;

    // 64 keys, the tile of the kernel.
    private static readonly Type _scores =
        typeof(FlashScores<FlashScores<Scores16, Scores16>, FlashScores<Scores16, Scores16>>);

    private static readonly KernelTemplate[] _byWidth =
    [
        .. Enumerable.Range(1, MaxHeadWidth / WidthStep).Select(i => i * WidthStep).Select(width => KernelTemplate.OnTensorCores(
            typeof(FlashAttentionKernel),
            nameof(FlashAttentionKernel.FlashAttention),
            FlashAttentionKernel.ThreadsPerBlock,
            MinBlocks(width),
            width.ToString(CultureInfo.InvariantCulture),
            Columns(width),
            _scores)),
    ];

    /// <summary>The kernel for heads of that width, or null.</summary>
    /// <param name="type">Storage type.</param>
    /// <param name="headWidth">D.</param>
    public static KernelTemplate? For(DType type, int headWidth) =>
        type is DType.F16 or DType.BF16 && headWidth % WidthStep == 0 && headWidth <= MaxHeadWidth ? _byWidth[headWidth / WidthStep - 1] : null;

    // These take about 128 registers, with which a multiprocessor holds four blocks. One more would make it three, and another version of the
    // assembler than the one that was measured may take it: the driver has its own.
    private static int MinBlocks(int width) => width is 64 or 72 ? 4 : 0;

    /// <summary>The columns of a head as a type. The largest power of two first, the rest beside it: 72 = (16 + 16 + 16 + 16) + 8.</summary>
    /// <param name="width">A multiple of 8.</param>
    internal static Type Columns(int width)
    {
        if (width <= 16)
        {
            return width == 16 ? typeof(FlashColumns16) : typeof(FlashColumns8);
        }

        int first = 16;
        while (2 * first < width)
        {
            first *= 2;
        }

        return typeof(FlashColumns<,>).MakeGenericType(Columns(first), Columns(width - first));
    }
}
