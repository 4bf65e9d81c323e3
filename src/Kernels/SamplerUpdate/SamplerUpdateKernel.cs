using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>Guidance and the updates of one evaluation; the formula stands at <see cref="Device.SamplerUpdate"/>.</summary>
/// <remarks>
/// Shapes   output and guided: [B,OC,H,W]; states and noise: [N,C,H,W]; all fp32, contiguous, fewer than 2^31 elements. scale: [1], read when the
///          kernel runs.
/// Numbers  products and sums are rounded one by one in the documented order, and exp is the CPU's polynomial: the CPU form's bits.
/// Traffic  each operand once; a few megabytes once per evaluation.
/// Launch   256 threads per block, one element of x each.
/// Source   as there.
/// </remarks>
internal static unsafe class SamplerUpdateKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 256;

    /// <summary>Bit of the flags: the network read u, not x.</summary>
    public const int ReadsU = 1;

    /// <summary>Bit of the flags: x0 is clamped.</summary>
    public const int ClipX0 = 2;

    /// <summary>Bit of the flags: the variance is learned.</summary>
    public const int LearnedVariance = 4;

    /// <summary>The kernel; its tensors are fp32 in every precision.</summary>
    public static readonly KernelTemplate Template = new(typeof(SamplerUpdateKernel), nameof(Elements), Threads);

    /// <summary>Thread t updates element t of every state.</summary>
    /// <remarks>scale is 0 without guidance; guided, noise, states and targets may be 0. offset is the distance from an image's conditional output
    /// to its unconditional one, in elements.</remarks>
    public static void Elements(
        ulong output,
        ulong scale,
        ulong guided,
        long offset,
        int count,
        int channels,
        int outputChannels,
        int pixels,
        int guidedChannels,
        int flags,
        float inputToX0,
        float epsToX0,
        float minLogVariance,
        float maxLogVariance,
        ulong noise,
        ulong x,
        ulong u,
        ulong h1,
        ulong h2,
        ulong h3,
        ulong target1,
        Weights weights1,
        ulong target2,
        Weights weights2,
        ulong target3,
        Weights weights3,
        ulong target4,
        Weights weights4)
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

        Known known = default;
        known.X = Read(x, element);
        known.U = Read(u, element);
        known.H1 = Read(h1, element);
        known.H2 = Read(h2, element);
        known.H3 = Read(h3, element);
        known.Noise = Read(noise, element);
        float scaled = Fp32.Multiply(inputToX0, (flags & ReadsU) != 0 ? known.U : known.X);
        known.X0 = scaled - Fp32.Multiply(epsToX0, eps);
        if ((flags & ClipX0) != 0)
        {
            // Comparisons, because the hardware's minimum of a number and NaN is the number: a broken output must stay visible.
            known.X0 = known.X0 < -1 ? -1 : known.X0 > 1 ? 1 : known.X0;
            eps = Fp32.Divide(scaled - known.X0, epsToX0);
        }

        known.Eps = eps;
        if (noise != 0 && (flags & LearnedVariance) != 0)
        {
            float fraction = Fp32.Multiply(((float*)output)[varianceAt] + 1f, 0.5f);
            float log = Fp32.Multiply(fraction, maxLogVariance) + Fp32.Multiply(1f - fraction, minLogVariance);
            known.Noise = Fp32.Multiply(Fp32.Exp(Fp32.Multiply(0.5f, log)), known.Noise);
        }

        known.Set(target1, weights1, element);
        known.Set(target2, weights2, element);
        known.Set(target3, weights3, element);
        known.Set(target4, weights4, element);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Read(ulong state, int element) => state == 0 ? 0 : ((float*)state)[element];

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

    /// <summary>The weights of a <see cref="LinearUpdate"/>.</summary>
    public readonly struct Weights(LinearUpdate update)
    {
        public readonly float X0 = update.X0, Eps = update.Eps, X = update.X, U = update.U, H1 = update.H1, H2 = update.H2, H3 = update.H3;
        public readonly float Noise = update.Noise;
    }

    /// <summary>What the sums of one element are made of.</summary>
    private struct Known
    {
        public float X0, Eps, X, U, H1, H2, H3, Noise;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Set(ulong target, Weights by, int element)
        {
            if (target == 0)
            {
                return;
            }

            float sum = 0;
            sum = Add(sum, by.X0, X0);
            sum = Add(sum, by.Eps, Eps);
            sum = Add(sum, by.X, X);
            sum = Add(sum, by.U, U);
            sum = Add(sum, by.H1, H1);
            sum = Add(sum, by.H2, H2);
            sum = Add(sum, by.H3, H3);
            ((float*)target)[element] = Add(sum, by.Noise, Noise);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static float Add(float sum, float weight, float value) => weight == 0 ? sum : sum + Fp32.Multiply(weight, value);
    }
}
