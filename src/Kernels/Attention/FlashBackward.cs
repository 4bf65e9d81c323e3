using System.Globalization;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>The forms of <see cref="FlashBackwardKernel"/>: two kernels per storage type and head width.</summary>
internal static class FlashBackward
{
    // DiT has 64 and 72, the others are usual; what is not here takes the plain form. At 128 the second kernel would need more registers than there are.
    private static readonly int[] _widths = [32, 64, 72, 80, 96];

    private static readonly KernelTemplate[] _forQueries = [.. _widths.Select(width => Template(nameof(FlashBackwardKernel.FlashQueries), width))];

    private static readonly KernelTemplate[] _forKeys = [.. _widths.Select(width => Template(nameof(FlashBackwardKernel.FlashKeys), width))];

    /// <summary>The kernels for heads of that width, or null.</summary>
    /// <param name="type">Storage type.</param>
    /// <param name="headWidth">D.</param>
    public static (KernelTemplate ForQueries, KernelTemplate ForKeys)? For(DType type, int headWidth)
    {
        int i = type is DType.F16 or DType.BF16 ? Array.IndexOf(_widths, headWidth) : -1;
        return i < 0 ? null : (_forQueries[i], _forKeys[i]);
    }

    private static KernelTemplate Template(string method, int width) => KernelTemplate.OnTensorCores(
        typeof(FlashBackwardKernel),
        method,
        FlashBackwardKernel.ThreadsPerBlock,
        minBlocks: 0,
        width.ToString(CultureInfo.InvariantCulture),
        FlashAttention.Columns(width));
}
