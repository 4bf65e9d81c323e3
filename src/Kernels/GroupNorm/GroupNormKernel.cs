using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>y[b,i,j,c] = act((x[b,i,j,c] - mean[b,g]) factor[b,g] gamma[c] + beta[c]), g = c / (C / G).</summary>
/// <remarks>
/// Shapes   x and y: [B, H W, C], contiguous; they may be the same. statistics: [B, G, 2] fp32, from <see cref="GroupStatisticsKernel"/>. gamma and
///          beta: [C]. Fewer than 2^31 elements of an image.
/// Numbers  fp32; one rounding to the storage type.
/// Traffic  reads and writes B H W C elements.
/// Launch   grid [H W C / elements of a block, B], 256 threads. The fast level takes C and what <see cref="GroupStatisticsKernel"/>'s does, eight
///          channels per thread; the plain level takes anything, one.
/// </remarks>
internal static unsafe class GroupNormKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 256;

    /// <summary>The fast level.</summary>
    public static readonly KernelTemplate Fast = new(typeof(GroupNormKernel), nameof(Eights), Threads);

    /// <summary>The plain level.</summary>
    public static readonly KernelTemplate Plain = new(typeof(GroupNormKernel), nameof(Scalars), Threads);

    /// <summary>Eight channels per thread, of one group or of two.</summary>
    public static void Eights<TElement>(
        ulong x, ulong statistics, ulong gamma, ulong beta, ulong y, int pixels, int channels, int groups, int activation)
        where TElement : unmanaged, IElement
    {
        int wide = channels / Float8.Count, at = (Grid.IdxX * Threads) + Group.IdxX, pixel = at / wide, c = (at - (pixel * wide)) * Float8.Count;
        if (pixel >= pixels)
        {
            return;
        }

        int width = channels / groups;
        float* low = Statistics(statistics, c / width, groups), high = Statistics(statistics, (c + (Float8.Count / 2)) / width, groups);
        float lowMean = low[0], lowFactor = low[1], highMean = high[0], highFactor = high[1];
        long element = ((((long)Grid.IdxY * pixels) + pixel) * channels) + c;
        Float8 value = default(TElement).Load8(x, element);
        value = new Float8(
            Fp32.Multiply(value.V0 - lowMean, lowFactor),
            Fp32.Multiply(value.V1 - lowMean, lowFactor),
            Fp32.Multiply(value.V2 - lowMean, lowFactor),
            Fp32.Multiply(value.V3 - lowMean, lowFactor),
            Fp32.Multiply(value.V4 - highMean, highFactor),
            Fp32.Multiply(value.V5 - highMean, highFactor),
            Fp32.Multiply(value.V6 - highMean, highFactor),
            Fp32.Multiply(value.V7 - highMean, highFactor));
        value = Float8.MultiplyAdd(value, default(TElement).Load8(gamma, c), default(TElement).Load8(beta, c));
        default(TElement).Store8(y, element, DeviceActivation.Apply(value, activation));
    }

    /// <summary>One channel per thread.</summary>
    public static void Scalars<TElement>(
        ulong x, ulong statistics, ulong gamma, ulong beta, ulong y, int pixels, int channels, int groups, int activation)
        where TElement : unmanaged, IElement
    {
        int at = (Grid.IdxX * Threads) + Group.IdxX, pixel = at / channels, c = at - (pixel * channels);
        if (pixel >= pixels)
        {
            return;
        }

        float* group = Statistics(statistics, c / (channels / groups), groups);
        long element = ((((long)Grid.IdxY * pixels) + pixel) * channels) + c;
        float value = Fp32.Multiply(default(TElement).Load(x, element) - group[0], group[1]);
        value = Fp32.MultiplyAdd(value, default(TElement).Load(gamma, c), default(TElement).Load(beta, c));
        default(TElement).Store(y, element, DeviceActivation.Apply(value, activation));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Statistics(ulong statistics, int group, int groups) =>
        (float*)statistics + (2 * (((long)Grid.IdxY * groups) + group));
}
