using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>y[b,i,j,c] = max or mean over the pixels of the window that lie inside the image.</summary>
/// <remarks>
/// Shapes   x: [B,H,W,C], y: [B,H',W',C], any row strides; fewer than 2^31 elements of y.
/// Numbers  fp32: sums in the order (p, q), times the reciprocal of their number; one rounding to the storage type. A NaN in the window gives NaN.
/// Traffic  B H W C elements read, as many times as windows overlap but from the caches, and B H' W' C written.
/// Launch   grid [H' W' C / elements of a block, B], 256 threads. The fast level takes C a multiple of 8 and rows at multiples of 16 bytes, eight
///          channels of an output per thread; the plain level takes anything, one.
/// </remarks>
internal static class PoolingKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 256;

    /// <summary>The fast level.</summary>
    public static readonly KernelTemplate Fast = new(typeof(PoolingKernel), nameof(Eights), Threads);

    /// <summary>The plain level.</summary>
    public static readonly KernelTemplate Plain = new(typeof(PoolingKernel), nameof(Scalars), Threads);

    /// <summary>Eight channels per thread.</summary>
    public static void Eights<TElement>(
        ulong x,
        int xStride,
        int height,
        int width,
        ulong y,
        int yStride,
        int outputHeight,
        int outputWidth,
        int channels,
        int windowHeight,
        int windowWidth,
        int stride,
        int top,
        int left,
        int pool)
        where TElement : unmanaged, IElement
    {
        int wide = channels / Float8.Count, at = (Grid.IdxX * Threads) + Group.IdxX, output = at / wide, c = (at - (output * wide)) * Float8.Count;
        if (output >= outputHeight * outputWidth)
        {
            return;
        }

        int line = output / outputWidth, i = (line * stride) - top, j = ((output - (line * outputWidth)) * stride) - left;
        int firstRow = IntrinsicMath.Max(i, 0), lastRow = IntrinsicMath.Min(i + windowHeight, height);
        int firstColumn = IntrinsicMath.Max(j, 0), lastColumn = IntrinsicMath.Min(j + windowWidth, width);
        bool isMaximum = pool == (int)Pool.Max;
        Float8 value = isMaximum ? default(Float8) + float.NegativeInfinity : default;
        for (int row = firstRow; row < lastRow; row++)
        {
            long pixel = (((long)Grid.IdxY * height) + row) * width;
            for (int column = firstColumn; column < lastColumn; column++)
            {
                Float8 next = default(TElement).Load8(x, ((pixel + column) * xStride) + c);
                value = isMaximum ? Float8.MaximumOrNaN(value, next) : value + next;
            }
        }

        float factor = isMaximum ? 1 : Share(lastRow - firstRow, lastColumn - firstColumn);
        default(TElement).Store8(y, ((((long)Grid.IdxY * outputHeight * outputWidth) + output) * yStride) + c, value * factor);
    }

    /// <summary>One channel per thread.</summary>
    public static void Scalars<TElement>(
        ulong x,
        int xStride,
        int height,
        int width,
        ulong y,
        int yStride,
        int outputHeight,
        int outputWidth,
        int channels,
        int windowHeight,
        int windowWidth,
        int stride,
        int top,
        int left,
        int pool)
        where TElement : unmanaged, IElement
    {
        int at = (Grid.IdxX * Threads) + Group.IdxX, output = at / channels, c = at - (output * channels);
        if (output >= outputHeight * outputWidth)
        {
            return;
        }

        int line = output / outputWidth, i = (line * stride) - top, j = ((output - (line * outputWidth)) * stride) - left;
        int firstRow = IntrinsicMath.Max(i, 0), lastRow = IntrinsicMath.Min(i + windowHeight, height);
        int firstColumn = IntrinsicMath.Max(j, 0), lastColumn = IntrinsicMath.Min(j + windowWidth, width);
        bool isMaximum = pool == (int)Pool.Max;
        float value = isMaximum ? float.NegativeInfinity : 0;
        for (int row = firstRow; row < lastRow; row++)
        {
            long pixel = (((long)Grid.IdxY * height) + row) * width;
            for (int column = firstColumn; column < lastColumn; column++)
            {
                float next = default(TElement).Load(x, ((pixel + column) * xStride) + c);
                value = isMaximum ? Fp32.MaximumOrNaN(value, next) : value + next;
            }
        }

        float factor = isMaximum ? 1 : Share(lastRow - firstRow, lastColumn - firstColumn);
        default(TElement).Store(y, ((((long)Grid.IdxY * outputHeight * outputWidth) + output) * yStride) + c, value * factor);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Share(int rows, int columns) => Fp32.Divide(1, rows * columns);
}
