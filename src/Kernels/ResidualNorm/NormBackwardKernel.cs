using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>The gradient of a layer norm and of what is applied after it, by rows:
/// dxOut = dxIn + r (g - mean(g) - n mean(g n)), n = (x - mean) r, g = dy (offset + scale[b]), r = 1 / sqrt(variance + epsilon).</summary>
/// <remarks>
/// Shapes   x, dy, dxIn and dxOut: [B,T,C], contiguous; dxOut may be dxIn or dy. dxIn may be 0 for zeros; dxOut may be 0 where only the statistics
///          are wanted. statistics: [B T, 2] fp32, mean and r of each row for <see cref="NormColumnsKernel"/>; may be 0. scale: rows any distance
///          apart, image b reads row min(b, last); an affine norm has one row and offset 0, adaLN offset 1.
/// Numbers  fp32, the variance from centred values; one rounding to the storage type. A lane sums its own columns, then a butterfly over the warp:
///          the order depends on C alone, and every launch recomputes mean and r to the same bits.
/// Traffic  3 reads and 1 write per element; a row is read four times (dy twice), all but the first time from the caches.
/// Launch   4 warps per block, one row each; no shared memory. The fast level takes C a multiple of 8 and rows at multiples of 16 bytes, eight
///          columns per lane and step; the plain level takes anything. In place is safe: a lane reads and writes its own columns only.
/// Source   Ba et al. 2016.
/// </remarks>
internal static unsafe class NormBackwardKernel
{
    /// <summary>Rows that one block computes.</summary>
    public const int RowsPerBlock = Threads / 32;

    private const int Threads = 128;

    /// <summary>The fast level.</summary>
    public static readonly KernelTemplate Fast = new(typeof(NormBackwardKernel), nameof(Eights), Threads);

    /// <summary>The plain level.</summary>
    public static readonly KernelTemplate Plain = new(typeof(NormBackwardKernel), nameof(Scalars), Threads);

    /// <summary>Warp i of block j computes row 4 j + i, eight columns per lane and step.</summary>
    public static void Eights<TElement>(
        ulong x,
        ulong scale,
        int scaleStride,
        int scaleLast,
        float offset,
        float epsilon,
        ulong dy,
        ulong dxIn,
        ulong dxOut,
        ulong statistics,
        int rows,
        int tokens,
        int channels)
        where TElement : unmanaged, IElement
    {
        int row = (Grid.IdxX * RowsPerBlock) + (Group.IdxX / 32);
        if (row >= rows)
        {
            return;
        }

        int first = (Group.IdxX % 32) * Float8.Count;
        long at = (long)row * channels, scaleAt = (long)IntrinsicMath.Min(row / tokens, scaleLast) * scaleStride;
        Float8 sum = default;
        for (int c = first; c < channels; c += Float8.PerWarp)
        {
            sum += default(TElement).Load8(x, at + c);
        }

        float mean = Fp32.Divide(Lanes.Sum(Float8.Sum(sum)), channels);
        sum = default;
        for (int c = first; c < channels; c += Float8.PerWarp)
        {
            Float8 centred = default(TElement).Load8(x, at + c) - mean;
            sum = Float8.MultiplyAdd(centred, centred, sum);
        }

        float variance = Fp32.Divide(Lanes.Sum(Float8.Sum(sum)), channels);
        float factor = Fp32.Divide(1f, Fp32.SquareRoot(variance + epsilon));
        Keep(statistics, row, mean, factor);
        if (dxOut == 0)
        {
            return;
        }

        Float8 product = default;
        sum = default;
        for (int c = first; c < channels; c += Float8.PerWarp)
        {
            Float8 g = default(TElement).Load8(dy, at + c) * (default(TElement).Load8(scale, scaleAt + c) + offset);
            sum += g;
            product = Float8.MultiplyAdd(g, (default(TElement).Load8(x, at + c) - mean) * factor, product);
        }

        float meanG = Fp32.Divide(Lanes.Sum(Float8.Sum(sum)), channels);
        float meanProduct = Fp32.Divide(Lanes.Sum(Float8.Sum(product)), channels);
        for (int c = first; c < channels; c += Float8.PerWarp)
        {
            Float8 g = default(TElement).Load8(dy, at + c) * (default(TElement).Load8(scale, scaleAt + c) + offset);
            Float8 normal = (default(TElement).Load8(x, at + c) - mean) * factor;
            Float8 gradient = (g - meanG - (normal * meanProduct)) * factor;
            default(TElement).Store8(dxOut, at + c, dxIn == 0 ? gradient : default(TElement).Load8(dxIn, at + c) + gradient);
        }
    }

    /// <summary>Warp i of block j computes row 4 j + i, one column per lane and step.</summary>
    public static void Scalars<TElement>(
        ulong x,
        ulong scale,
        int scaleStride,
        int scaleLast,
        float offset,
        float epsilon,
        ulong dy,
        ulong dxIn,
        ulong dxOut,
        ulong statistics,
        int rows,
        int tokens,
        int channels)
        where TElement : unmanaged, IElement
    {
        int row = (Grid.IdxX * RowsPerBlock) + (Group.IdxX / 32);
        if (row >= rows)
        {
            return;
        }

        int first = Group.IdxX % 32;
        long at = (long)row * channels, scaleAt = (long)IntrinsicMath.Min(row / tokens, scaleLast) * scaleStride;
        float sum = 0;
        for (int c = first; c < channels; c += 32)
        {
            sum += default(TElement).Load(x, at + c);
        }

        float mean = Fp32.Divide(Lanes.Sum(sum), channels);
        sum = 0;
        for (int c = first; c < channels; c += 32)
        {
            float centred = default(TElement).Load(x, at + c) - mean;
            sum = Fp32.MultiplyAdd(centred, centred, sum);
        }

        float variance = Fp32.Divide(Lanes.Sum(sum), channels);
        float factor = Fp32.Divide(1f, Fp32.SquareRoot(variance + epsilon));
        Keep(statistics, row, mean, factor);
        if (dxOut == 0)
        {
            return;
        }

        float product = 0;
        sum = 0;
        for (int c = first; c < channels; c += 32)
        {
            float g = default(TElement).Load(dy, at + c) * (default(TElement).Load(scale, scaleAt + c) + offset);
            sum += g;
            product = Fp32.MultiplyAdd(g, (default(TElement).Load(x, at + c) - mean) * factor, product);
        }

        float meanG = Fp32.Divide(Lanes.Sum(sum), channels), meanProduct = Fp32.Divide(Lanes.Sum(product), channels);
        for (int c = first; c < channels; c += 32)
        {
            float g = default(TElement).Load(dy, at + c) * (default(TElement).Load(scale, scaleAt + c) + offset);
            float normal = (default(TElement).Load(x, at + c) - mean) * factor;
            float gradient = (g - meanG - (normal * meanProduct)) * factor;
            default(TElement).Store(dxOut, at + c, dxIn == 0 ? gradient : default(TElement).Load(dxIn, at + c) + gradient);
        }
    }

    private static void Keep(ulong statistics, int row, float mean, float factor)
    {
        if (statistics != 0 && Group.IdxX % 32 == 0)
        {
            ((float*)statistics)[2L * row] = mean;
            ((float*)statistics)[(2L * row) + 1] = factor;
        }
    }
}
