using System.Reflection;
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

    private static readonly MethodInfo?[] _methods = new MethodInfo?[2 * MaxHeadWidth / WidthStep];

    /// <summary>Whether there is a form for that storage type and head width.</summary>
    public static bool Has(DType type, int headWidth) =>
        type is DType.F16 or DType.BF16 && headWidth % WidthStep == 0 && headWidth is > 0 and <= MaxHeadWidth;

    /// <summary>The kernel; allocates only the first time.</summary>
    /// <param name="type">fp16 or bf16.</param>
    /// <param name="headWidth">A multiple of 8 up to <see cref="MaxHeadWidth"/>.</param>
    public static MethodInfo Method(DType type, int headWidth)
    {
        int index = 2 * (headWidth / WidthStep - 1) + (type == DType.F16 ? 0 : 1);
        return _methods[index] ??= typeof(FlashAttentionKernel).GetMethod(nameof(FlashAttentionKernel.FlashAttention))!
            .MakeGenericMethod(type == DType.F16 ? typeof(F16TensorCore) : typeof(Bf16TensorCore), Columns(headWidth), _scores);
    }

    // The largest power of two first, the rest beside it: 72 = (16 + 16 + 16 + 16) + 8.
    private static Type Columns(int width)
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
