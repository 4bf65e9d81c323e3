using System.Runtime.CompilerServices;
using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>blended = w fresh + (1 - w) cached.</summary>
/// <remarks>
/// Shapes   all [B,T,C], contiguous; blended may be either input. w: [1] fp32, read when the kernel runs.
/// Numbers  fp32, one rounding to the storage type. Where w is 1 or 0 the other input is not looked at, so that not even its NaN passes.
/// Traffic  up to 2 reads and 1 write per element.
/// Launch   256 threads per block: eight elements each where their number is a multiple of 8 and every address of 16 bytes, else one.
/// Source   Learning-to-Cache, equation 5.
/// </remarks>
internal static unsafe class BlendKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 256;

    /// <summary>The fast level.</summary>
    public static readonly KernelTemplate Fast = new(typeof(BlendKernel), nameof(Eights), Threads);

    /// <summary>The plain level.</summary>
    public static readonly KernelTemplate Plain = new(typeof(BlendKernel), nameof(Scalars), Threads);

    /// <summary>Thread t blends elements 8 t and on.</summary>
    public static void Eights<TElement>(ulong fresh, ulong cached, ulong weight, ulong blended, long count)
        where TElement : unmanaged, IElement
    {
        long at = (((long)Grid.IdxX * Threads) + Group.IdxX) * Float8.Count;
        float w = *(float*)weight;
        if (at >= count)
        {
            return;
        }

        if (w == 1 || w == 0)
        {
            default(TElement).Store8(blended, at, default(TElement).Load8(w == 1 ? fresh : cached, at));
            return;
        }

        Float8 f = default(TElement).Load8(fresh, at), c = default(TElement).Load8(cached, at);
        float rest = 1 - w;
        default(TElement).Store8(blended, at, new Float8(
            Mix(f.V0, c.V0, w, rest),
            Mix(f.V1, c.V1, w, rest),
            Mix(f.V2, c.V2, w, rest),
            Mix(f.V3, c.V3, w, rest),
            Mix(f.V4, c.V4, w, rest),
            Mix(f.V5, c.V5, w, rest),
            Mix(f.V6, c.V6, w, rest),
            Mix(f.V7, c.V7, w, rest)));
    }

    /// <summary>Thread t blends element t.</summary>
    public static void Scalars<TElement>(ulong fresh, ulong cached, ulong weight, ulong blended, long count)
        where TElement : unmanaged, IElement
    {
        long at = ((long)Grid.IdxX * Threads) + Group.IdxX;
        float w = *(float*)weight;
        if (at < count)
        {
            float value = w == 1 || w == 0
                ? default(TElement).Load(w == 1 ? fresh : cached, at)
                : Mix(default(TElement).Load(fresh, at), default(TElement).Load(cached, at), w, 1 - w);
            default(TElement).Store(blended, at, value);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Mix(float fresh, float cached, float w, float rest) => Fp32.MultiplyAdd(w, fresh, Fp32.Multiply(rest, cached));
}
