using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>Guidance and one sampler step; the formula stands at <see cref="Device.SamplerUpdate"/>.</summary>
/// <remarks>
/// Shapes   output and guided: [B,OC,H,W]; x, noise and x0: [N,C,H,W]; all fp32, contiguous, fewer than 2^31 elements. scale: [1], read when the
///          kernel runs.
/// Numbers  products and sums are rounded one by one in the documented order, and exp is the CPU's polynomial: the CPU form's bits.
/// Traffic  each operand once; a few megabytes once per step.
/// Launch   256 threads per block, one element of x each.
/// Source   Ho and Salimans 2022, equation 6; Song et al. 2021, equation 12; Nichol and Dhariwal 2021, equation 15.
/// </remarks>
internal static unsafe class SamplerUpdateKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 256;

    /// <summary>Bit of the flags: x0 is clamped.</summary>
    public const int ClipX0 = 1;

    /// <summary>Bit of the flags: the variance is learned.</summary>
    public const int LearnedVariance = 2;

    /// <summary>Bit of the flags: noise is added.</summary>
    public const int UsesNoise = 4;

    /// <summary>The kernel; its tensors are fp32 in every precision.</summary>
    public static readonly KernelTemplate Template = new(typeof(SamplerUpdateKernel), nameof(Elements), Threads);

    /// <summary>Thread t updates element t of x.</summary>
    /// <remarks>scale is 0 without guidance; noise, x0 and guided may be 0. offset is the distance from an image's conditional output to its
    /// unconditional one, in elements.</remarks>
    public static void Elements(
        ulong output,
        ulong scale,
        ulong noise,
        ulong x,
        ulong x0,
        ulong guided,
        long offset,
        int count,
        int channels,
        int outputChannels,
        int pixels,
        int guidedChannels,
        int flags,
        float xToX0,
        float epsToX0,
        float meanX0,
        float meanEps,
        float meanX,
        float sigma,
        float minLogVariance,
        float maxLogVariance)
    {
        int element = (Grid.IdxX * Threads) + Group.IdxX;
        if (element >= count)
        {
            return;
        }

        int plane = element / pixels, image = plane / channels, channel = plane - (image * channels);
        long at = ((((long)image * outputChannels) + channel) * pixels) + (element - (plane * pixels));
        long varianceAt = at + ((long)channels * pixels);
        float eps = ((float*)output)[at], other = scale != 0 ? ((float*)output)[at + offset] : eps;
        if (scale != 0 && channel < guidedChannels)
        {
            eps = other + Fp32.Multiply(*(float*)scale, eps - other);
            other = eps;
        }

        if (guided != 0)
        {
            Keep(output, scale, guided, offset, at, eps, other, outputChannels > channels ? varianceAt : -1);
        }

        float state = ((float*)x)[element];
        float scaled = Fp32.Multiply(xToX0, state);
        float predicted = scaled - Fp32.Multiply(epsToX0, eps);
        if ((flags & ClipX0) != 0)
        {
            // Comparisons, because the hardware's minimum of a number and NaN is the number: a broken output must stay visible.
            predicted = predicted < -1 ? -1 : predicted > 1 ? 1 : predicted;
            eps = Fp32.Divide(scaled - predicted, epsToX0);
        }

        float next = Fp32.Multiply(meanX0, predicted) + Fp32.Multiply(meanEps, eps) + Fp32.Multiply(meanX, state);
        if ((flags & UsesNoise) != 0)
        {
            float deviation = sigma;
            if ((flags & LearnedVariance) != 0)
            {
                float fraction = Fp32.Multiply(((float*)output)[varianceAt] + 1f, 0.5f);
                float log = Fp32.Multiply(fraction, maxLogVariance) + Fp32.Multiply(1f - fraction, minLogVariance);
                deviation = Fp32.Exp(Fp32.Multiply(0.5f, log));
            }

            next += Fp32.Multiply(deviation, ((float*)noise)[element]);
        }

        ((float*)x)[element] = next;
        if (x0 != 0)
        {
            ((float*)x0)[element] = predicted;
        }
    }

    // The output after guidance, in both halves; the variance channel that goes with it is copied.
    private static void Keep(ulong output, ulong scale, ulong guided, long offset, long at, float eps, float other, long varianceAt)
    {
        ((float*)guided)[at] = eps;
        if (varianceAt >= 0)
        {
            ((float*)guided)[varianceAt] = ((float*)output)[varianceAt];
        }

        if (scale != 0)
        {
            ((float*)guided)[at + offset] = other;
            if (varianceAt >= 0)
            {
                ((float*)guided)[varianceAt + offset] = ((float*)output)[varianceAt + offset];
            }
        }
    }
}
