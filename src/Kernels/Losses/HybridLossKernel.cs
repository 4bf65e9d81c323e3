using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>The loss of predicted noise and variance, and its gradient; the formula stands at <see cref="Device.HybridLoss"/>.</summary>
/// <remarks>
/// Shapes   output and dOutput: [B,2C,H,W]; noise, x0 and xt: [B,C,H,W]; all fp32, contiguous, fewer than 2^31 elements per image; dOutput may be
///          output. table: <see cref="HybridLossColumn"/> for each image. losses: [B,2] fp32.
/// Numbers  fp32. With d the logarithm of the ratio of variances, exp(-d) - 1 + d is a series where it would cancel, and the means' difference is
///          taken from x0, so that equal distributions give 0. A thread adds every 256th element, ascending, then a butterfly over the warp, then
///          the warps.
/// Traffic  5 reads and 2 writes per element of x0: some megabytes once per step, so there is only the plain level.
/// Launch   grid [B], 256 threads, 64 bytes of static shared memory.
/// Source   Nichol and Dhariwal 2021, equations 15 and 16 and section 3.1; the discretised likelihood is that of Ho et al. 2020, equation 13, with
///          the normal distribution's tanh approximation, as gaussian_diffusion.py has it.
/// </remarks>
internal static unsafe class HybridLossKernel
{
    /// <summary>The kernel; its tensors are fp32 in every precision.</summary>
    public static readonly KernelTemplate Template = new(typeof(HybridLossKernel), nameof(Images), BlockSum.Threads);

    private const float PerLn2 = 1.44269504f;
    private const float Smallest = 1e-12f;

    /// <summary>Block n computes image n.</summary>
    public static void Images(ulong output, ulong noise, ulong x0, ulong xt, ulong table, ulong dOutput, ulong losses, int count, int images)
    {
        ArrayView<float> sharedErrors = SharedMemory.Allocate<float>(BlockSum.Warps);
        ArrayView<float> sharedBounds = SharedMemory.Allocate<float>(BlockSum.Warps);
        float* row = (float*)table + ((long)Grid.IdxX * (int)HybridLossColumn.Count);
        float xToX0 = row[(int)HybridLossColumn.XToX0], epsToX0 = row[(int)HybridLossColumn.EpsToX0];
        float meanX0 = row[(int)HybridLossColumn.MeanX0], meanX = row[(int)HybridLossColumn.MeanX];
        float minLog = row[(int)HybridLossColumn.MinLogVariance], range = row[(int)HybridLossColumn.MaxLogVariance] - minLog;
        float weight = row[(int)HybridLossColumn.ErrorWeight];
        bool isFirst = row[(int)HybridLossColumn.IsFirst] != 0;
        long at = (long)Grid.IdxX * count, outputAt = 2 * at;

        // Of the mean over elements and images.
        float share = Fp32.Divide(1f, (float)count * images), error = 0, bound = 0;
        for (int i = Group.IdxX; i < count; i += BlockSum.Threads)
        {
            float eps = ((float*)output)[outputAt + i], v = ((float*)output)[outputAt + count + i];
            float data = ((float*)x0)[at + i], state = ((float*)xt)[at + i], difference = eps - ((float*)noise)[at + i];
            float predicted = Fp32.Multiply(xToX0, state) - Fp32.Multiply(epsToX0, eps);
            float ratio = Fp32.Multiply((v + 1) * 0.5f, range);
            Term term = isFirst
                ? Likelihood(data, data - (Fp32.Multiply(meanX0, predicted) + Fp32.Multiply(meanX, state)), minLog + ratio)
                : Divergence(Fp32.Multiply(meanX0, data - predicted), ratio, minLog + ratio);
            error = Fp32.MultiplyAdd(difference, difference, error);
            bound += term.Value;
            ((float*)dOutput)[outputAt + i] = 2 * difference * Fp32.Multiply(weight, share);
            ((float*)dOutput)[outputAt + count + i] = term.Slope * (0.5f * PerLn2) * range * share;
        }

        error = BlockSum.Of(error, sharedErrors);
        bound = BlockSum.Of(bound, sharedBounds);
        if (Group.IdxX == 0)
        {
            ((float*)losses)[2 * Grid.IdxX] = Fp32.Divide(error, count);
            ((float*)losses)[(2 * Grid.IdxX) + 1] = Fp32.Divide(bound * PerLn2, count);
        }
    }

    // KL(N(m, v) || N(m + difference, v exp(ratio))) and its derivative by the second's log variance.
    private static Term Divergence(float difference, float ratio, float logVariance)
    {
        float square = Fp32.Multiply(Fp32.Multiply(difference, difference), Fp32.Exp(-logVariance));
        float excess = Excess(ratio);
        return new Term(0.5f * (excess + square), 0.5f * (ratio - excess - square));
    }

    // exp(-d) - 1 + d. Below a half by its series, whose first term left out is below 2^-26 of the sum.
    private static float Excess(float d)
    {
        if (IntrinsicMath.Abs(d) > 0.5f)
        {
            return Fp32.Exp(-d) - 1 + d;
        }

        float q = Fp32.MultiplyAdd(-1f / 362880, d, 1f / 40320);
        q = Fp32.MultiplyAdd(q, d, -1f / 5040);
        q = Fp32.MultiplyAdd(q, d, 1f / 720);
        q = Fp32.MultiplyAdd(q, d, -1f / 120);
        q = Fp32.MultiplyAdd(q, d, 1f / 24);
        q = Fp32.MultiplyAdd(q, d, -1f / 6);
        q = Fp32.MultiplyAdd(q, d, 0.5f);
        return Fp32.Multiply(Fp32.Multiply(q, d), d);
    }

    // -log of the probability of the interval of 2/255 around the data, open at both ends of the scale, and its derivative by the log variance.
    private static Term Likelihood(float data, float centred, float logVariance)
    {
        float inverse = Fp32.Exp(-0.5f * logVariance);
        Cumulative above = new(Fp32.Multiply(inverse, centred + (1f / 255))), below = new(Fp32.Multiply(inverse, centred - (1f / 255)));
        float probability = data < -0.999f ? above.Value : data > 0.999f ? below.Rest : above.Minus(below);
        float slope = data < -0.999f ? above.ScaledDensity : data > 0.999f ? -below.ScaledDensity : above.ScaledDensity - below.ScaledDensity;
        return probability < Smallest
            ? new Term(27.6310211f, 0)
            : new Term(-Logarithm(probability), Fp32.Divide(0.5f * slope, probability));
    }

    private static float Logarithm(float value)
    {
        CudaAsm.Emit("lg2.approx.f32 %0, %1;", out float result, value);
        return 0.693147181f * result;
    }

    /// <summary>A term of the bound in nats, and its derivative by the log variance.</summary>
    private readonly struct Term(float value, float slope)
    {
        public readonly float Value = value;
        public readonly float Slope = slope;
    }

    /// <summary>The normal distribution at x in its tanh form, s = 1 / (1 + exp(-2u)), u = sqrt(2/pi) (x + 0.044715 x^3).</summary>
    private readonly struct Cumulative
    {
        public Cumulative(float x)
        {
            // Beyond 15 it is 0 or 1; the smaller of it and its rest is a product, because 1 - s would cancel.
            x = x > 15 ? 15 : x < -15 ? -15 : x;
            float u = x * Fp32.MultiplyAdd(0.0713548162f, x * x, 1.59576912f), power = Fp32.Exp(-IntrinsicMath.Abs(u));
            float larger = Fp32.Divide(1, 1 + power), smaller = power * larger;
            Value = x < 0 ? smaller : larger;
            Rest = x < 0 ? larger : smaller;
            ScaledDensity = x * (Value * Rest) * Fp32.MultiplyAdd(0.214064449f, x * x, 1.59576912f);
        }

        /// <summary>s.</summary>
        public float Value { get; }

        /// <summary>1 - s.</summary>
        public float Rest { get; }

        /// <summary>x times the derivative.</summary>
        public float ScaledDensity { get; }

        /// <summary>The difference of two, taken in the half where both are small.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Minus(Cumulative below) => Value < 0.5f ? Value - below.Value : below.Rest - Rest;
    }
}
