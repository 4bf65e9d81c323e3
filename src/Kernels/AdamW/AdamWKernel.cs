using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>One step of AdamW and of a moving average; the formula stands at <see cref="Device.AdamW"/>.</summary>
/// <remarks>
/// Shapes   all [P] fp32, contiguous; average may be 0, for none. coefficients: <see cref="AdamWCoefficient"/>, read when the kernel runs.
/// Numbers  fp32; root and quotient are correctly rounded.
/// Traffic  4 reads and 3 writes per weight, one more of each with the average.
/// Launch   256 threads per block: eight weights each where P is a multiple of 8 and every address of 16 bytes, else one.
/// Source   Loshchilov and Hutter 2019, algorithm 2, in the form of torch.optim.AdamW.
/// </remarks>
internal static unsafe class AdamWKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 256;

    /// <summary>The fast level; its tensors are fp32 in every precision.</summary>
    public static readonly KernelTemplate Fast = new(typeof(AdamWKernel), nameof(Eights), Threads);

    /// <summary>The plain level.</summary>
    public static readonly KernelTemplate Plain = new(typeof(AdamWKernel), nameof(Scalars), Threads);

    /// <summary>Thread t steps weights 8 t and on.</summary>
    public static void Eights(ulong weights, ulong gradients, ulong first, ulong second, ulong average, ulong coefficients, long count)
    {
        long at = (((long)Grid.IdxX * Threads) + Group.IdxX) * Float8.Count;
        if (at >= count)
        {
            return;
        }

        Coefficients by = new(coefficients);
        F32Element memory = default;
        Float8 w = memory.Load8(weights, at), g = memory.Load8(gradients, at), m = memory.Load8(first, at), v = memory.Load8(second, at);
        g = new Float8(
            by.Scaled(g.V0), by.Scaled(g.V1), by.Scaled(g.V2), by.Scaled(g.V3), by.Scaled(g.V4), by.Scaled(g.V5), by.Scaled(g.V6), by.Scaled(g.V7));
        m = new Float8(
            by.First(m.V0, g.V0), by.First(m.V1, g.V1), by.First(m.V2, g.V2), by.First(m.V3, g.V3),
            by.First(m.V4, g.V4), by.First(m.V5, g.V5), by.First(m.V6, g.V6), by.First(m.V7, g.V7));
        v = new Float8(
            by.Second(v.V0, g.V0), by.Second(v.V1, g.V1), by.Second(v.V2, g.V2), by.Second(v.V3, g.V3),
            by.Second(v.V4, g.V4), by.Second(v.V5, g.V5), by.Second(v.V6, g.V6), by.Second(v.V7, g.V7));
        w = new Float8(
            by.Step(w.V0, m.V0, v.V0), by.Step(w.V1, m.V1, v.V1), by.Step(w.V2, m.V2, v.V2), by.Step(w.V3, m.V3, v.V3),
            by.Step(w.V4, m.V4, v.V4), by.Step(w.V5, m.V5, v.V5), by.Step(w.V6, m.V6, v.V6), by.Step(w.V7, m.V7, v.V7));
        memory.Store8(weights, at, w);
        memory.Store8(first, at, m);
        memory.Store8(second, at, v);
        if (average != 0)
        {
            Float8 e = memory.Load8(average, at);
            memory.Store8(average, at, new Float8(
                by.Average(e.V0, w.V0), by.Average(e.V1, w.V1), by.Average(e.V2, w.V2), by.Average(e.V3, w.V3),
                by.Average(e.V4, w.V4), by.Average(e.V5, w.V5), by.Average(e.V6, w.V6), by.Average(e.V7, w.V7)));
        }
    }

    /// <summary>Thread t steps weight t.</summary>
    public static void Scalars(ulong weights, ulong gradients, ulong first, ulong second, ulong average, ulong coefficients, long count)
    {
        long at = ((long)Grid.IdxX * Threads) + Group.IdxX;
        if (at >= count)
        {
            return;
        }

        Coefficients by = new(coefficients);
        float g = by.Scaled(((float*)gradients)[at]);
        float m = by.First(((float*)first)[at], g), v = by.Second(((float*)second)[at], g), w = by.Step(((float*)weights)[at], m, v);
        ((float*)first)[at] = m;
        ((float*)second)[at] = v;
        ((float*)weights)[at] = w;
        if (average != 0)
        {
            ((float*)average)[at] = by.Average(((float*)average)[at], w);
        }
    }

    /// <summary>The numbers of one step.</summary>
    private readonly struct Coefficients(ulong address)
    {
        private readonly float _rate = ((float*)address)[(int)AdamWCoefficient.LearningRate];
        private readonly float _oneMinusBeta1 = ((float*)address)[(int)AdamWCoefficient.OneMinusBeta1];
        private readonly float _oneMinusBeta2 = ((float*)address)[(int)AdamWCoefficient.OneMinusBeta2];
        private readonly float _epsilon = ((float*)address)[(int)AdamWCoefficient.Epsilon];
        private readonly float _decay = ((float*)address)[(int)AdamWCoefficient.WeightDecay];
        private readonly float _correction1 = ((float*)address)[(int)AdamWCoefficient.Correction1];
        private readonly float _correction2 = ((float*)address)[(int)AdamWCoefficient.Correction2];
        private readonly float _oneMinusEmaDecay = ((float*)address)[(int)AdamWCoefficient.OneMinusEmaDecay];
        private readonly float _scale = ((float*)address)[(int)AdamWCoefficient.GradientScale];

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Scaled(float gradient) => Fp32.Multiply(_scale, gradient);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float First(float m, float g) => Fp32.MultiplyAdd(_oneMinusBeta1, g - m, m);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Second(float v, float g) => Fp32.MultiplyAdd(_oneMinusBeta2, Fp32.MultiplyAdd(g, g, -v), v);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Step(float w, float m, float v)
        {
            w = Fp32.MultiplyAdd(-Fp32.Multiply(_rate, _decay), w, w);
            float root = Fp32.MultiplyAdd(Fp32.SquareRoot(v), _correction2, _epsilon);
            return w - Fp32.Divide(Fp32.Multiply(Fp32.Multiply(_rate, _correction1), m), root);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public float Average(float average, float w) => Fp32.MultiplyAdd(_oneMinusEmaDecay, w - average, average);
    }
}
