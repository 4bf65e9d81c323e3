using ILGPU;
using L2c.Kernels.Cuda;

namespace L2c.Kernels;

/// <summary>y[i] = x[i] in bfloat16.</summary>
/// <remarks>
/// Shapes   any, contiguous.
/// Numbers  one rounding to nearest, ties to even.
/// Traffic  one read and one write per value.
/// Launch   256 threads per block: eight values each where their number is a multiple of 8 and both addresses of 16 bytes, else one.
/// </remarks>
internal static class ConvertKernel
{
    /// <summary>Threads per block.</summary>
    public const int Threads = 256;

    /// <summary>The fast level.</summary>
    public static readonly KernelTemplate Fast = KernelTemplate.OfFp32(typeof(ConvertKernel), nameof(Eights), Threads);

    /// <summary>The plain level.</summary>
    public static readonly KernelTemplate Plain = KernelTemplate.OfFp32(typeof(ConvertKernel), nameof(Scalars), Threads);

    /// <summary>Thread t converts values 8 t and on.</summary>
    public static void Eights<TElement>(ulong x, ulong y, long count)
        where TElement : unmanaged, IElement
    {
        long at = (((long)Grid.IdxX * Threads) + Group.IdxX) * Float8.Count;
        if (at < count)
        {
            default(Bf16Element).Store8(y, at, default(TElement).Load8(x, at));
        }
    }

    /// <summary>Thread t converts value t.</summary>
    public static void Scalars<TElement>(ulong x, ulong y, long count)
        where TElement : unmanaged, IElement
    {
        long at = ((long)Grid.IdxX * Threads) + Group.IdxX;
        if (at < count)
        {
            default(Bf16Element).Store(y, at, default(TElement).Load(x, at));
        }
    }
}
