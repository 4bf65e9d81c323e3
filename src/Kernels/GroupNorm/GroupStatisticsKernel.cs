using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>Mean and 1 / sqrt(variance + eps) of every group of an image's channels: of parts of a fixed size first, then joined.</summary>
/// <remarks>
/// Shapes   x: [B, H W, C], contiguous. parts: [B, parts, G, 2] fp32, a mean and a sum of squared differences to it. statistics: [B, G, 2] fp32, mean
///          and factor; an image of one part needs no joining, and parts then are the statistics.
/// Numbers  fp32. A thread adds its values of a part, every 256th, ascending; then come the warps. Variances are sums of squared differences to the
///          mean of a part, and the means' to the mean of all. The orders depend on H W, C and G alone.
/// Traffic  B H W C elements, read twice, the second time from the caches.
/// Launch   parts: grid [G, parts, B], 256 threads; the fast level takes groups of a multiple of 8 channels, eight per thread and step, or of 4, two
///          groups per block, at multiples of 16 bytes. Joining: grid [G, B], one warp.
/// Source   Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance".
/// </remarks>
internal static unsafe class GroupStatisticsKernel
{
    /// <summary>Pixels of a part.</summary>
    public const int Pixels = 1024;

    /// <summary>Sums of parts, the fast level.</summary>
    public static readonly KernelTemplate Fast = new(typeof(GroupStatisticsKernel), nameof(Eights), BlockSum.Threads);

    /// <summary>Sums of parts, the plain level.</summary>
    public static readonly KernelTemplate Plain = new(typeof(GroupStatisticsKernel), nameof(Scalars), BlockSum.Threads);

    /// <summary>The parts of a group joined.</summary>
    public static readonly KernelTemplate Joining = new(typeof(GroupStatisticsKernel), nameof(Join), 32);

    /// <summary>Groups of <paramref name="channels"/> / <paramref name="groups"/> channels: a multiple of 8, or 4.</summary>
    public static void Eights<TElement>(ulong x, ulong parts, int pixels, int channels, int groups, float epsilon)
        where TElement : unmanaged, IElement
    {
        ArrayView<float> lowSums = SharedMemory.Allocate<float>(BlockSum.Warps), highSums = SharedMemory.Allocate<float>(BlockSum.Warps);
        ArrayView<float> lowSquares = SharedMemory.Allocate<float>(BlockSum.Warps), highSquares = SharedMemory.Allocate<float>(BlockSum.Warps);
        int width = channels / groups, wide = IntrinsicMath.Max(width / Float8.Count, 1);
        bool isPair = width < Float8.Count;
        int group = isPair ? 2 * Grid.IdxX : Grid.IdxX, first = Grid.IdxY * Pixels, count = IntrinsicMath.Min(pixels - first, Pixels);
        long at = ((((long)Grid.IdxZ * pixels) + first) * channels) + (group * width);
        float low = 0, high = 0;
        for (int i = Group.IdxX; i < count * wide; i += BlockSum.Threads)
        {
            Float8 value = default(TElement).Load8(x, at + Offset(i, wide, channels));
            low += value.V0 + value.V1 + (value.V2 + value.V3);
            high += value.V4 + value.V5 + (value.V6 + value.V7);
        }

        low = BlockSum.Of(low, lowSums);
        high = BlockSum.Of(high, highSums);
        float number = count * width;
        float lowMean = Fp32.Divide(isPair ? low : low + high, number), highMean = isPair ? Fp32.Divide(high, number) : lowMean;
        float lowSquare = 0, highSquare = 0;
        for (int i = Group.IdxX; i < count * wide; i += BlockSum.Threads)
        {
            Float8 value = default(TElement).Load8(x, at + Offset(i, wide, channels));
            lowSquare += SumOfSquares(value.V0 - lowMean, value.V1 - lowMean, value.V2 - lowMean, value.V3 - lowMean);
            highSquare += SumOfSquares(value.V4 - highMean, value.V5 - highMean, value.V6 - highMean, value.V7 - highMean);
        }

        lowSquare = BlockSum.Of(lowSquare, lowSquares);
        highSquare = BlockSum.Of(highSquare, highSquares);
        Store(parts, group, groups, lowMean, isPair ? lowSquare : lowSquare + highSquare, number, epsilon, Group.IdxX == 0);
        Store(parts, group + 1, groups, highMean, highSquare, number, epsilon, isPair && Group.IdxX == 0);
    }

    /// <summary>Groups of any width.</summary>
    public static void Scalars<TElement>(ulong x, ulong parts, int pixels, int channels, int groups, float epsilon)
        where TElement : unmanaged, IElement
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(BlockSum.Warps), squares = SharedMemory.Allocate<float>(BlockSum.Warps);
        int width = channels / groups, first = Grid.IdxY * Pixels, count = IntrinsicMath.Min(pixels - first, Pixels);
        long at = ((((long)Grid.IdxZ * pixels) + first) * channels) + (Grid.IdxX * width);
        float sum = 0;
        for (int i = Group.IdxX; i < count * width; i += BlockSum.Threads)
        {
            int pixel = i / width;
            sum += default(TElement).Load(x, at + ((long)pixel * channels) + i - (pixel * width));
        }

        float number = count * width, mean = Fp32.Divide(BlockSum.Of(sum, sums), number), square = 0;
        for (int i = Group.IdxX; i < count * width; i += BlockSum.Threads)
        {
            int pixel = i / width;
            float difference = default(TElement).Load(x, at + ((long)pixel * channels) + i - (pixel * width)) - mean;
            square = Fp32.MultiplyAdd(difference, difference, square);
        }

        Store(parts, Grid.IdxX, groups, mean, BlockSum.Of(square, squares), number, epsilon, Group.IdxX == 0);
    }

    /// <summary>Block (g, b) joins the parts of group g of image b.</summary>
    public static void Join(ulong parts, ulong statistics, int pixels, int width, int groups, float epsilon)
    {
        int count = (pixels + Pixels - 1) / Pixels;
        float* first = (float*)parts + (2 * (((long)Grid.IdxY * count * groups) + Grid.IdxX));
        float sum = 0, total = (float)pixels * width;
        for (int part = Group.IdxX; part < count; part += 32)
        {
            sum = Fp32.MultiplyAdd(first[2L * part * groups], Number(part, pixels, width), sum);
        }

        float mean = Fp32.Divide(Lanes.Sum(sum), total), square = 0;
        for (int part = Group.IdxX; part < count; part += 32)
        {
            float difference = first[2L * part * groups] - mean;
            square += Fp32.MultiplyAdd(difference * difference, Number(part, pixels, width), first[(2L * part * groups) + 1]);
        }

        square = Lanes.Sum(square);
        if (Group.IdxX == 0)
        {
            float* at = (float*)statistics + (2 * (((long)Grid.IdxY * groups) + Grid.IdxX));
            at[0] = mean;
            at[1] = Factor(square, total, epsilon);
        }
    }

    // Of a part's values, the one with a number.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Offset(int i, int wide, int channels)
    {
        int pixel = i / wide;
        return ((long)pixel * channels) + ((i - (pixel * wide)) * Float8.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfSquares(float a, float b, float c, float d) =>
        Fp32.MultiplyAdd(a, a, b * b) + Fp32.MultiplyAdd(c, c, d * d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Number(int part, int pixels, int width) => IntrinsicMath.Min(pixels - (part * Pixels), Pixels) * width;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Factor(float squares, float number, float epsilon) =>
        Fp32.Divide(1, Fp32.SquareRoot(Fp32.Divide(squares, number) + epsilon));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ulong parts, int group, int groups, float mean, float squares, float number, float epsilon, bool stores)
    {
        if (stores)
        {
            float* at = (float*)parts + (2 * (((((long)Grid.IdxZ * Grid.DimY) + Grid.IdxY) * groups) + group));
            at[0] = mean;
            at[1] = Grid.DimY == 1 ? Factor(squares, number, epsilon) : squares;
        }
    }
}
