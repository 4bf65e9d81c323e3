using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>weight[i] = values[i]: a weight that training has changed, in fp32, into the storage type that products read.</summary>
/// <remarks>
/// Shapes   as many values as the weight has, contiguous, in the same order.
/// Numbers  one rounding to nearest; in fp32 a copy.
/// Traffic  one read and one write per value.
/// Launch   256 threads per block: eight values each where their number is a multiple of 8 and both addresses of 16 bytes, else one.
/// </remarks>
internal static class RoundKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 256;

    /// <summary>The fast level.</summary>
    public static readonly KernelTemplate Fast = new(typeof(RoundKernel), nameof(Eights), Threads);

    /// <summary>The plain level.</summary>
    public static readonly KernelTemplate Plain = new(typeof(RoundKernel), nameof(Scalars), Threads);

    /// <summary>Thread t rounds values 8 t and on.</summary>
    public static void Eights<TElement>(ulong values, ulong weight, long count)
        where TElement : unmanaged, IElement
    {
        long at = (((long)Grid.IdxX * Threads) + Group.IdxX) * Float8.Count;
        if (at < count)
        {
            default(TElement).Store8(weight, at, default(F32Element).Load8(values, at));
        }
    }

    /// <summary>Thread t rounds value t.</summary>
    public static void Scalars<TElement>(ulong values, ulong weight, long count)
        where TElement : unmanaged, IElement
    {
        long at = ((long)Grid.IdxX * Threads) + Group.IdxX;
        if (at < count)
        {
            default(TElement).Store(weight, at, default(F32Element).Load(values, at));
        }
    }
}
